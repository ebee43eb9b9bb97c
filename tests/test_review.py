"""The trainer's desk: its pages, the same in a real browser, and what an attacker would send.

Most of it is asked of the app that the command builds, by a client that reads forms as a
browser does. What needs a browser's engine has one, and the app in a thread of this process.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import webbrowser
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

import pytest
import waitress
from conftest import CLIPS, COMMAND, Golden, Installed, heed_ctrl_c
from desks import PASSWORD, Desk, Served, at_desk, logged_in, served
from flask import Flask
from in_process import Practice, machine
from pages import Page, changes, read
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Shown

from practice.errors import PracticeError, StoreError
from practice.records.attempt import Mode, SessionContext, Trainee
from practice.store import Filter, Store
from practice.store.accounts import Accounts, Role


@pytest.fixture
def desk(practice: Practice, three: list[str]) -> Desk:
    """A desk where nobody logs in, with the three attempts."""
    return at_desk(practice)


@pytest.fixture
def store(practice: Practice, three: list[str]) -> Iterator[Store]:
    """The records of the three attempts."""
    opened = Store(practice.recordings)
    yield opened
    opened.close()


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """An account of each role; the trainee is 王芳 of another hall than the three attempts'."""
    found = Accounts(store.database)
    found.add("zhao", PASSWORD, Role.TRAINER)
    found.add("boss", PASSWORD, Role.ADMIN)
    found.add("wang", PASSWORD, Role.TRAINEE, Trainee("王芳", "一厅"))
    return found


@pytest.fixture
def locked(practice: Practice, accounts: Accounts) -> Desk:
    """A desk where one logs in."""
    return at_desk(practice, "--login")


def another(store: Store, attempt_id: str, n: int = 0, **changes: Any) -> str:
    """One more attempt like one that is there, and older; its recording is the same."""
    known = store.get(attempt_id)
    take = replace(
        known.take, id=str(uuid4()), created_at=f"2026-01-20T08:00:{n:02}.000+00:00", **changes
    )
    store.add(take, known.assessment)
    return take.id


def link(page: Page, text: str) -> str:
    """Where the first link of a text leads."""
    return next(a.get("href") for a in page.root.all("a") if a.words == text)


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


# ---- the command ---------------------------------------------------------------------


def test_the_command_serves_until_ctrl_c(
    installed: Installed, three: list[str], chromium: Browser
) -> None:
    server = subprocess.Popen(
        [COMMAND, "review", "--no-browser", "--port", "0", "--as", "李老师"],
        env=installed.env,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509
    )
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found, said
        it = Served(found[0], chromium)
        page = it.page()
        page.keyboard.press("n")
        page.wait_for_url("**/attempts/*")
        expect(page.locator("#audio")).to_have_js_property("readyState", 4)
        page.keyboard.press("p")
        page.wait_for_url(lambda url: three[0] not in url)
        page.context.close()
        assert it.faults == []
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(15) == 0
    (attempt,) = installed.json("history", three[0])
    assert (attempt["review"]["reviewer"], attempt["review"]["decision"]) == ("李老师", "pass")


def test_a_port_in_use_is_told(
    language: str, practice: Practice, desk: Desk, golden: Golden
) -> None:
    with served(desk) as it:
        port = str(urlsplit(it.url).port)
        done = practice("review", "--port", port, "--no-browser")
    done.refused(PracticeError, f"127.0.0.1:{port}", "--port")
    golden("review-port-in-use", done.stderr.replace(port, "8571"))


def test_off_loopback_somebody_must_be_able_to_log_in(
    language: str, practice: Practice, golden: Golden
) -> None:
    done = practice("review", "--host", "192.0.2.1", "--no-browser")
    done.refused(PracticeError, "practice account add")
    told = [done.stderr]
    for wrong in (["--host", "0.0.0.0"], ["--host", "::1"], ["--allow-host", "https://desk/"]):
        done = practice("review", *wrong, "--no-browser")
        assert done.returncode == 2
        told.append(done.stderr)
    done = practice("account", "add", "zhao", "--role", "trainer", input="long enough 1\n")
    assert done.returncode == 0, done.stderr
    told.append(done.stdout)
    done = practice("review", "--host", "192.0.2.1", "--port", "8571", "--no-browser")
    done.refused(PracticeError, "192.0.2.1:8571", "--port")
    told.append(done.stderr)
    done = practice("account", "list")
    told.append(done.stdout)
    golden("review-refused", "\n".join(told))
    assert [a["role"] for a in practice.json("account", "list")] == ["trainer"]


def test_off_loopback_a_login_is_asked_for(practice: Practice, accounts: Accounts) -> None:
    for host, names in (("0.0.0.0", ["desk.example"]), ("192.0.2.1", [])):
        desk = at_desk(practice, "--host", host, *(f"--allow-host={name}" for name in names))
        assert desk.how["host"] == host
        assert "trusted_proxy" not in desk.how
        for name in names or [host]:
            assert desk.ask("GET", "/", Host=f"{name}:8571").status_code == 302
        assert desk.ask("GET", "/", Host="evil.example").status_code == 400


def test_the_browser_is_opened_where_there_is_a_screen(practice: Practice) -> None:
    opened: list[str] = []

    def create_server(_app: Flask, **how: Any) -> SimpleNamespace:
        return SimpleNamespace(effective_port=8000, run=lambda: None)

    for screen in ({"DISPLAY": ""}, {"WAYLAND_DISPLAY": "wayland-0"}, {"DISPLAY": ":0"}):
        with (
            mock.patch.object(waitress, "create_server", create_server),
            mock.patch.object(webbrowser, "open", opened.append),
        ):
            env = {k: v for k, v in practice.env.items() if not k.endswith("DISPLAY")}
            done = practice("review", env=env | screen)
        assert "http://127.0.0.1:8000/" in done.stdout
    assert opened == ["http://127.0.0.1:8000/"] * 2


def test_sessions_outlive_the_command(practice: Practice, three: list[str]) -> None:
    key = practice.recordings / "review.key"
    first = at_desk(practice)
    page = first.open(f"/attempts/{three[0]}")
    made = key.read_bytes()
    assert len(made) == 64
    assert key.stat().st_mode & 0o077 == 0
    again = at_desk(practice)
    again.cookie = first.cookie
    assert again.press(page, "decision=pass").status_code == 303
    # A key that was cut off is none, and is made anew: then the sessions end.
    key.write_bytes(made[:20])
    after = at_desk(practice)
    assert len(key.read_bytes()) == 64
    after.cookie = first.cookie
    assert after.press(page, "decision=pass").status_code == 400
    key.unlink()
    key.mkdir()
    practice("review", "--no-browser", "--port", "0").refused(StoreError, str(key))


# ---- a trainer at work -----------------------------------------------------------


def test_a_queue_of_ten_is_worked_through_by_keyboard_alone(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    for n in range(7):
        another(store, three[0], n)
    with served(desk, chromium) as it:
        page = it.page()
        expect(page.locator(".counts strong")).to_have_text(["10", "0"])
        page.keyboard.press("n")
        for done in range(10):
            page.wait_for_url("**/attempts/*")
            expect(page.locator("#audio")).to_have_js_property("readyState", 4)
            page.keyboard.press("Space")
            expect(page.locator("#audio")).to_have_js_property("paused", False)
            page.keyboard.press("Space")
            expect(page.locator("#audio")).to_have_js_property("paused", True)
            if done == 0:
                page.keyboard.press("1")  # 请 was said after all
                page.keyboard.press("m")
                page.keyboard.type("请字再响一点")
                page.keyboard.press("Escape")
            at = page.url
            page.keyboard.press("r" if done == 1 else "p")
            page.wait_for_url(lambda url, at=at: url != at)
        page.wait_for_url(it.url)
        expect(page.locator(".counts strong")).to_have_text(["0", "10"])
    reviews = [store.reviews_of(a.take.id) for a in store.latest(Filter())]
    assert [len(r) for r in reviews] == [1] * 10
    assert {r[0].reviewer for r in reviews} == {"李老师"}
    corrected = [r[0] for r in reviews if r[0].marks]
    assert [(m.name, str(m.verdict)) for m in corrected[0].marks] == [("请", "heard")]
    assert corrected[0].comments[0].text == "请字再响一点"
    assert corrected[0].comments[0].at_s is not None
    assert sorted(str(r[0].decision) for r in reviews) == ["pass"] * 9 + ["redo"]


@pytest.mark.slow
def test_the_queue_tells_what_to_hear_first(
    language: str, desk: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    another(store, three[0], trainee=Trainee("李雷", "一厅"))
    page = desk.open("/")
    golden("desk-queue", page.text)
    assert [row[1] for row in page.rows] == ["王芳 default", "李雷 一厅", *["王芳 default"] * 2]
    assert [numbers(row[3]) for row in page.rows] == [[76], [76], [100], [100]]
    assert numbers(page.one("p", class_="counts").words) == [4, 0]
    of_hall = desk.open(f"/?group={quote('一厅')}")
    golden("desk-queue-of-a-hall", of_hall.text)
    assert [row[1] for row in of_hall.rows] == ["李雷 一厅"]
    for filtered, n in (
        (f"trainee={quote('王芳')}", 3),
        ("scenario=reception", 1),
        ("result=passed", 2),
        ("since=2026-01-20&until=2026-01-20", 1),
        ("until=2026-01-19", 0),
        ("show=reviewed", 0),
    ):
        assert len(desk.open(f"/?{filtered}").rows) == n, filtered
    golden("desk-queue-empty", desk.open("/?until=2026-01-19").text)


@pytest.mark.slow
def test_the_queue_has_pages(desk: Desk, store: Store, three: list[str]) -> None:
    for n in range(30):
        another(store, three[0], n)
    first, second = desk.open("/?show=all"), desk.open("/?show=all&page=2")
    assert len(first.rows) + len(second.rows) == 33
    assert next(first.root.all("a", rel="next")).get("href") == "/?page=2&show=all"
    assert next(second.root.all("a", rel="prev")).get("href") == "/?page=1&show=all"
    assert numbers(second.one("nav", class_="pages").words) == [2, 2]
    assert list(second.root.all("a", rel="next")) == []


def test_nothing_practised_yet(language: str, practice: Practice, golden: Golden) -> None:
    desk = at_desk(practice)
    pages = [desk.open(path) for path in ("/", "/people", "/groups", "/agreement")]
    golden("desk-nothing-yet", "\n".join(page.text for page in pages))
    assert [page.rows for page in pages] == [[]] * 4
    assert desk.ask("GET", "/next").headers["Location"] == "/"


def test_a_clicked_character_plays_from_there(
    desk: Desk, chromium: Browser, three: list[str]
) -> None:
    with served(desk, chromium) as it:
        page = it.page(f"attempts/{three[0]}")
        expect(page.locator("#audio")).to_have_js_property("readyState", 4)
        welcome = page.locator(".char", has_text="欢")
        at_s = float(welcome.get_attribute("data-at") or "0")
        assert 0.6 < at_s < 2.5
        welcome.click()
        page.wait_for_function("document.getElementById('audio').currentTime > 0")
        now_s = page.evaluate("document.getElementById('audio').currentTime")
        assert at_s - 0.05 <= now_s < at_s + 2
        # What was left out plays from where it should have been.
        left_out = page.locator(".char.delete", has_text="请")
        expect(left_out).to_have_attribute("data-at", re.compile(r"\d"))
        page.keyboard.press("ArrowLeft")
        page.locator("#wave").click(position={"x": 3, "y": 20})
        page.wait_for_function("document.getElementById('audio').currentTime < 1")


def test_the_page_of_a_take_has_its_picture(
    desk: Desk, practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(desk, chromium) as it:
        page = it.page(f"attempts/{three[0]}")
        shown = page.locator("img.take")
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_js_property("naturalWidth", 1280)
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] > 900
        shutil.rmtree(practice.recordings / "takes")
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        expect(shown).to_have_count(0)
        page.keyboard.press("Space")  # there is nothing to play
        page.keyboard.press("p")
        page.wait_for_url(lambda url: three[0] not in url)


@pytest.mark.slow
def test_the_picture_of_a_take(
    language: str, desk: Desk, practice: Practice, golden: Golden, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}/picture.svg"
    answer = desk.ask("GET", path)
    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    drawn = [e.text for e in ElementTree.fromstring(answer.data).iter() if (e.text or "").strip()]
    assert "请" in drawn
    golden("take-picture", "\n".join(text for text in drawn if text and "{" not in text))
    (attempt,) = practice.json("history", three[0])
    audio = practice.recordings / attempt["audio"]
    audio.write_bytes(b"no audio")
    assert desk.ask("GET", path).status_code == 404
    audio.unlink()
    assert desk.ask("GET", path).status_code == 404


def test_a_take_is_set_beside_the_model_reading(
    practice: Practice, desk: Desk, chromium: Browser, three: list[str]
) -> None:
    model = practice.prompts / "farewell.1.model.flac"
    shutil.copy(CLIPS / "farewell.flac", model)
    told = desk.ask("GET", f"/attempts/{three[1]}/beside").json
    assert len(told) == 1
    with (
        machine(practice.env, practice.recognizer, practice.sound),
        served(desk, chromium) as it,
    ):
        page = it.page(f"attempts/{three[1]}")
        expect(page.locator("#beside li")).to_have_text(told)
        model.unlink()
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("#beside")).to_have_count(0)


@pytest.mark.slow
def test_what_is_told_beside_the_model_reading(
    language: str, practice: Practice, desk: Desk, golden: Golden, three: list[str]
) -> None:
    path = f"/attempts/{three[1]}"
    plain = desk.open(path)
    model = practice.prompts / "farewell.1.model.flac"
    shutil.copy(CLIPS / "farewell.flac", model)
    page = desk.open(path)
    assert page.one("ul", id="beside").get("data-from") == f"{path}/beside"
    assert list(plain.root.all("ul", id="beside")) == []
    assert {e.words for e in page.root.all("span", class_="clarity")} == {"・"}
    told = desk.ask("GET", f"{path}/beside").json
    drawn = desk.ask("GET", f"{path}/picture.svg").text
    legend = [e.text for e in ElementTree.fromstring(drawn).iter() if (e.text or "").strip()][-1]
    model.write_bytes(b"broken")
    told += desk.ask("GET", f"{path}/beside").json
    assert desk.ask("GET", f"{path}/picture.svg").status_code == 200
    golden("desk-beside", "\n".join([*told, str(legend)]))
    model.unlink()
    assert desk.ask("GET", f"{path}/beside").json == []


def test_a_corrected_element_changes_the_totals(
    language: str, practice: Practice, desk: Desk, golden: Golden, three: list[str]
) -> None:
    page = desk.open(f"/attempts/{three[0]}")
    golden("desk-attempt", page.text)
    assert numbers(page.one("dd", id="machine-score").words) == [76]
    assert page.one("dd", id="trainer-score").words == "–"
    said = {"mark-请#1": "heard", "reason-请#1": "轻，但是说了"}
    following = desk.follow(desk.press(page, "decision=", said))
    assert three[0] not in following.path
    back = following.one("a", data_key="z").get("href")
    assert back == page.path
    before, page = page, desk.open(back)
    golden("desk-attempt-corrected", changes(before, page))
    assert numbers(page.one("dd", id="machine-score").words) == [76]
    assert numbers(page.one("dd", id="trainer-score").words) == [96]
    shown = desk.open("/?show=reviewed&result=passed")
    golden("desk-queue-reviewed", shown.text)
    assert [row[2] for row in shown.rows] == ["请慢走，欢迎下次光临。"]
    golden("history-corrected", practice("history", three[0]).stdout)
    (as_json,) = practice.json("history", three[0])
    assert as_json["passed"] is False
    assert as_json["final"]["passed"] is True
    (mark,) = as_json["review"]["marks"]
    assert (mark["name"], mark["verdict"], mark["reason"]) == ("请", "heard", "轻，但是说了")


def test_enter_in_a_field_decides_nothing(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    with served(desk, chromium) as it:
        page = it.page(f"attempts/{three[0]}")
        why = page.locator("input[name='reason-请#1']")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        why.fill("没说清楚")
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        assert three[0] in page.url
        assert store.reviews_of(three[0]) == []
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        page.wait_for_url(lambda url: three[0] not in url)
        page.keyboard.press("z")
        page.wait_for_url(f"**/attempts/{three[0]}")
        expect(why).to_have_value("没说清楚")
        expect(page.locator("input[name='mark-请#1'][value=heard]")).to_be_checked()
        expect(page.locator("#trainer-score")).to_contain_text("96")
    (review,) = store.reviews_of(three[0])
    assert (review.decision, len(review.marks)) == (None, 1)


def test_a_later_correction_leaves_the_decision(
    language: str, desk: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}"
    desk.press(desk.open(path), "decision=pass", {"mark-请#1": "heard"})
    answer = desk.press(desk.open(path), "decision=", {"comment": "太快", "mark-请#1": ""})
    assert answer.status_code == 303
    trail = [e.words for e in desk.open(path).one("ol", class_="trail").all("li")]
    assert len(trail) == 3
    golden("desk-trail", "\n".join(trail))
    first, second = store.reviews_of(three[0])
    assert (str(first.decision), str(second.decision)) == ("pass", "pass")
    assert second.base == first.id
    assert (len(first.marks), len(second.marks)) == (1, 0)


def test_odd_addresses_are_no_failures(desk: Desk) -> None:
    for path in ("/people/9223372036854775808", "/people/2147483648/report", "/people/0"):
        assert desk.ask("GET", path).status_code == 404
    for path in ("/?trainee=%00", "/next?after=%00", "/groups?group=a%00", "/export.csv?x=%00"):
        assert desk.ask("GET", path).status_code == 400
    for path in (
        "/?page=99999999999",
        "/?since=0001-01-01&until=9999-12-31",
        "/?since=yesterday&result=good&show=some",
        "/?page=x",
    ):
        assert desk.ask("GET", path).status_code == 200


def test_observations_and_redo_reach_the_trainee(
    language: str, practice: Practice, desk: Desk, golden: Golden, three: list[str]
) -> None:
    page = desk.open(f"/attempts/{three[1]}")
    (item,) = (e for e in page.one("ul", class_="body").all("li") if "目光注视客户" in e.words)
    unseen = next(item.all("input", value="unseen")).get("name")
    said = {unseen: "unseen", "comment": "请看着客户\n再说一遍"}
    assert three[1] not in desk.follow(desk.press(page, "decision=redo", said)).path
    golden("history-redo", practice("history", three[1]).stdout + practice("history").stdout)
    golden("desk-attempt-redo", changes(page, desk.open(page.path)))
    (attempt,) = practice.json("history", three[1])
    assert attempt["review"]["decision"] == "redo"
    assert attempt["review"]["comments"] == [{"text": "请看着客户\n再说一遍", "at_s": None}]
    (seen,) = attempt["review"]["observations"]
    assert (seen["item"], seen["seen"]) == ("目光注视客户", False)


def test_the_second_of_two_trainers_is_told(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    with served(desk, chromium) as it:
        first, second = it.page(f"attempts/{three[0]}"), it.page(f"attempts/{three[0]}")
        first.keyboard.press("r")
        first.wait_for_url(lambda url: three[0] not in url)
        why = second.locator("input[name='reason-请#1']")
        why.fill("听得见")
        second.keyboard.press("Escape")
        second.keyboard.press("1")
        second.keyboard.press("p")
        expect(second.get_by_role("alert")).to_contain_text("李老师")
        # Nothing that was entered is lost; saved again it comes after the other's.
        expect(why).to_have_value("听得见")
        assert "409" in it.faults.pop()
        second.wait_for_load_state()  # until then its script hears no keys
        second.keyboard.press("p")
        second.wait_for_url(lambda url: three[0] not in url)
    assert [str(r.decision) for r in store.reviews_of(three[0])] == ["redo", "pass"]


def test_what_trainers_are_told_who_come_second(
    language: str, desk: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}"
    before = desk.open(path)
    theirs = {"mark-请#1": "missed", "comment": "没听见"}
    assert desk.press(before, "decision=redo", theirs).status_code == 303
    answer = desk.press(before, "decision=pass", {"reason-请#1": "听得见", "mark-请#1": "heard"})
    assert answer.status_code == 409
    page = read(answer.text, path)
    told = [page.one("div", role="alert").words]
    fields = dict(page.form("decision=pass").fields)
    assert (fields["mark-请#1"], fields["reason-请#1"]) == ("heard", "听得见")
    # What the machine was said to have listened to is no part of this take.
    answer = desk.ask("POST", path, {"csrf_token": desk.token(path), "mark-谢谢#7": "heard"})
    assert answer.status_code == 409
    told.append(read(answer.text).one("div", role="alert").words)
    golden("desk-alerts", "\n".join(told))
    assert desk.press(page, "decision=pass").status_code == 303
    assert [str(r.decision) for r in store.reviews_of(three[0])] == ["redo", "pass"]


def assert_fits(page: Shown) -> None:
    """Assert that a page is as wide as a phone, and has names for what is on it."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    unnamed = page.evaluate(
        """[...document.querySelectorAll(
        'button, input:not([type=hidden]), select, textarea')]
        .filter(e => e.checkVisibility() && !(e.labels?.length) &&
        !e.ariaLabel && !e.textContent.trim()).map(e => e.outerHTML)"""
    )
    assert unnamed == []


def test_it_fits_a_phone_and_names_its_parts(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    person = link(desk.open("/people"), "王芳").removeprefix("/")
    with served(desk, chromium) as it:
        page = it.page(width=390, height=844)
        paths = ["", "people", person, "groups", "agreement", f"attempts/{three[0]}"]
        for path in paths:
            page.goto(it.url + path)
            assert_fits(page)
            assert page.get_by_role("navigation").count() >= 1
            if path == person:
                expect(page.locator("img.plot")).to_have_js_property("naturalWidth", 720)
        page.locator("button[value=pass]").click()
        page.wait_for_url(lambda url: three[0] not in url)


def test_keys_are_letters_while_somebody_writes(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    with served(desk, chromium) as it:
        page = it.page(f"attempts/{three[0]}")
        page.keyboard.press("c")
        page.keyboard.type("pass r n 1")
        expect(page.locator("#comments textarea")).to_have_value("pass r n 1")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("p")  # behind the dialog nothing happens
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert three[0] in page.url
    assert store.reviews_of(three[0]) == []


def test_a_recording_that_is_gone_is_said_to_be(
    language: str, practice: Practice, desk: Desk, golden: Golden, three: list[str]
) -> None:
    before = desk.open(f"/attempts/{three[0]}")
    shutil.rmtree(practice.recordings / "takes")
    page = desk.open(before.path)
    golden("desk-attempt-without-sound", changes(before, page))
    assert list(page.root.all("audio")) == list(page.root.all("svg")) == []
    assert desk.ask("GET", f"{page.path}/audio").status_code == 404
    assert desk.ask("GET", f"{page.path}/beside").json == []
    assert desk.press(page, "decision=pass").status_code == 303


def test_a_trainer_hears_what_was_said_in_another_hall(
    practice: Practice, postgres_database: str, tmp_path: Path
) -> None:
    shared = practice.env | {"PRACTICE_DATABASE": postgres_database}
    clip = CLIPS / "farewell-without-please.flac"
    (attempt,) = practice.json("run", "farewell", "--audio", clip, "--group", "东厅", env=shared)
    assert list(practice.recordings.rglob("*.flac"))  # the hall's own disk has it too
    elsewhere = shared | {"PRACTICE_RECORDINGS": str(tmp_path / "trainer's machine")}
    desk = at_desk(Practice(practice.home, elsewhere))
    first = desk.ask("GET", "/next")
    assert first.headers["Location"] == f"/attempts/{attempt['id']}"
    page = desk.open(first.headers["Location"])
    assert desk.ask("GET", page.one("audio").get("src")).data == clip.read_bytes()
    assert desk.follow(desk.press(page, "decision=redo")).path == "/"
    (told,) = practice.json("history", env=shared)
    assert told["review"]["decision"] == "redo"
    assert not list((tmp_path / "trainer's machine").rglob("*.flac"))


# ---- who would get in ------------------------------------------------------------


def test_foreign_names_are_refused(desk: Desk, three: list[str]) -> None:
    with served(desk) as it:
        port = urlsplit(it.url).port
        for path in ("/", f"/attempts/{three[0]}", f"/attempts/{three[0]}/audio"):
            assert it.ask("GET", path, Host=f"localhost:{port}").status == 200
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
                refused = it.ask("GET", path, Host=host)
                assert (refused.status, refused.data) == (400, b"")
            # Only a proxy that was named may say for whom it speaks.
            forwarded = it.ask("GET", path, X_Forwarded_Host="evil.example")
            assert b"evil.example" not in forwarded.data


def test_no_change_without_a_token(desk: Desk, store: Store, three: list[str]) -> None:
    path = f"/attempts/{three[0]}"
    cookie = desk.ask("GET", path).headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    token = desk.token(path)
    good = {"decision": "pass", "csrf_token": token}
    bad = {"decision": "pass", "csrf_token": token[:-2] + "xx"}
    stranger = replace(desk)
    assert stranger.ask("POST", path, {"decision": "pass"}).status_code == 400
    assert stranger.ask("POST", path, good).status_code == 400  # a token without its session
    assert desk.ask("POST", path, {"decision": "pass"}).status_code == 400
    assert desk.ask("POST", path, bad).status_code == 400
    # Nor does a page elsewhere get an answer that it may read.
    foreign = desk.ask("POST", path, {"decision": "pass"}, Origin="http://evil.example")
    assert foreign.status_code == 400
    seen = desk.ask("GET", path, Origin="http://evil.example")
    assert not [name for name, _value in seen.headers if name.startswith("Access-Control-")]
    assert store.reviews_of(three[0]) == []
    assert desk.ask("GET", path + "?decision=pass").status_code == 200
    for method in ("PUT", "DELETE", "PATCH"):
        assert desk.ask(method, path, good).status_code == 405
    assert store.reviews_of(three[0]) == []
    assert desk.ask("POST", path, good).status_code == 303
    assert len(store.reviews_of(three[0])) == 1


def test_no_path_reaches_the_file_system(practice: Practice, desk: Desk, three: list[str]) -> None:
    (practice.recordings / "secret.txt").write_text("SECRET")
    with served(desk) as it:
        for path in (
            "/static/../../../practice.db",
            "/static/%2e%2e/%2e%2e/app.py",
            "/static/..%2f..%2fapp.py",
            "/static//etc/passwd",
            "/attempts/..%2f..%2fsecret.txt/audio",
            "/attempts/../secret.txt",
            "/attempts/00000000-0000-0000-0000-000000000000/audio",
            f"/attempts/{three[0]}%00/audio",
            f"/attempts/{three[0]}/audio/../../../secret.txt",
            "/practice.db",
            "/review.key",
        ):
            answer = it.ask("GET", path)
            assert answer.status in (308, 400, 404), path
            assert b"SECRET" not in answer.data
            assert b"create_app" not in answer.data


def test_a_record_that_names_another_file_does_not_open_it(
    practice: Practice, desk: Desk, three: list[str]
) -> None:
    """A database that somebody tampered with is no way out of the recordings folder."""
    (practice.home / "secret.wav").write_bytes(b"SECRET")
    with closing(sqlite3.connect(practice.recordings / "practice.db")) as db, db:
        for attempt_id, path in zip(
            three, ("takes/../../家/secret.wav", str(practice.home / "secret.wav")), strict=False
        ):
            db.execute("UPDATE attempts SET audio = ? WHERE id = ?", (path, attempt_id))
    for attempt_id in three[:2]:
        answer = desk.ask("GET", f"/attempts/{attempt_id}/audio")
        assert answer.status_code == 404
        assert b"SECRET" not in answer.data
    assert desk.ask("GET", f"/attempts/{three[2]}/audio").status_code == 200


def test_audio_comes_in_ranges(desk: Desk, three: list[str]) -> None:
    whole = (CLIPS / "farewell.flac").read_bytes()
    path = f"/attempts/{three[1]}/audio"
    answer = desk.ask("GET", path)
    assert (answer.status_code, answer.data) == (200, whole)
    part = desk.ask("GET", path, Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert part.headers["Content-Type"] == "audio/flac"
    assert desk.ask("GET", path, Range=f"bytes={len(whole)}-").status_code == 416


SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


def test_script_in_every_text_is_shown_as_text(
    desk: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    spec = replace(store.get(three[0]).take.spec, cue=SCRIPT, body=SCRIPT)
    attempt_id = another(
        store, three[0], trainee=Trainee(SCRIPT, SCRIPT), title=SCRIPT, spec=spec, device=SCRIPT
    )
    with served(desk, chromium) as it:
        page = it.page(f"attempts/{attempt_id}?group={SCRIPT}&scenario='\"><script>")
        page.keyboard.press("1")
        page.locator("input[name='reason-请#1']").fill(SCRIPT)
        comment = page.locator("#comments textarea").first
        comment.fill(SCRIPT)
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        page.wait_for_url(lambda url: attempt_id not in url)
        for path in (
            f"attempts/{attempt_id}",
            "?show=all",
            f"?trainee={SCRIPT}",
            "no/such",
            "people",
            "groups",
            "agreement",
        ):
            page.goto(it.url + path)
            assert page.title() != "taken"
            assert page.locator("img:not(.plot)").count() == 0
        it.faults[:] = [f for f in it.faults if "404" not in f]
        page.goto(f"{it.url}attempts/{attempt_id}")
        expect(page.locator(".trail")).to_contain_text("<script>")
        expect(comment).to_have_value(SCRIPT)


def test_every_answer_has_its_guards(desk: Desk, three: list[str]) -> None:
    for path in ("/", f"/attempts/{three[0]}", f"/attempts/{three[0]}/audio", "/none"):
        headers = desk.ask("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_what_is_no_review_is_not_kept(desk: Desk, store: Store, three: list[str]) -> None:
    path = f"/attempts/{three[0]}"
    token = {"csrf_token": desk.token(path)}
    assert desk.ask("POST", path, token | {"mark-谢谢#7": "heard"}).status_code == 409
    assert store.reviews_of(three[0]) == []
    odd = {
        "decision": "shoot",
        "mark-请#1": "unscored",
        "comment": "x" * 9000 + "\0",
        "comment-at": "NaN",
        "body-0": "maybe",
        "base": "../../etc",
    }
    assert desk.ask("POST", path, token | odd).status_code == 303
    (review,) = store.reviews_of(three[0])
    assert review.decision is None
    assert review.marks == ()
    assert review.observations == ()
    assert len(review.comments[0].text) == 2000
    assert review.comments[0].at_s is None


def test_what_is_too_much_is_refused(desk: Desk, store: Store, three: list[str]) -> None:
    path = f"/attempts/{three[0]}"
    token = desk.token(path)
    for much, kind in (
        ({"comment": "x" * 3_000_000}, "application/x-www-form-urlencoded"),
        ({f"comment{n}": "" for n in range(3000)}, "multipart/form-data"),
    ):
        sent = {"csrf_token": token, **much}
        assert desk.ask("POST", path, sent, Content_Type=kind).status_code == 413
    with served(desk) as it:
        names = {"Cookie": f"practice={desk.cookie}"}
        assert it.ask("POST", path, "x" * 3_000_000, **names).status == 413
        # Nor where its size is not told beforehand.
        chunks = iter([b"x" * 1_000_000] * 3)
        assert it.ask("POST", path, chunks, **names).status == 413
        assert it.ask("GET", "/?x=" + "x" * 300_000).status in (414, 431, 400)
        assert it.ask("GET", path).status == 200
    assert store.reviews_of(three[0]) == []


def test_pages_that_refuse(
    language: str, practice: Practice, locked: Desk, golden: Golden, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}"
    desk, trainee = at_desk(practice), logged_in(locked, "wang")
    many = {"comment": "x" * 3_000_000}
    answers = [
        (400, desk.ask("POST", path, {"decision": "pass"})),
        (403, trainee.ask("GET", "/people")),
        (404, desk.ask("GET", "/none")),
        (405, desk.ask("POST", "/people")),
        (413, desk.ask("POST", path, many)),
    ]
    with closing(sqlite3.connect(practice.recordings / "practice.db")) as db, db:
        db.execute("UPDATE scores SET assessment = '{' WHERE attempt_id = ?", [three[0]])
    answers += [(500, desk.ask("GET", path)), (500, logged_in(locked, "zhao").ask("GET", path))]
    assert [answer.status_code for _code, answer in answers] == [code for code, _a in answers]
    # What ails the server is nothing for everybody who has an account.
    assert "practice.db" in answers[-2][1].text
    assert "practice.db" not in answers[-1][1].text
    texts = (f"{code}\n{read(answer.text).text}" for code, answer in answers)
    golden("desk-refusals", "\n".join(texts))


# ---- accounts --------------------------------------------------------------------


def test_a_trainee_sees_and_hears_own_takes_only(
    locked: Desk, store: Store, three: list[str]
) -> None:
    own = another(store, three[1], trainee=Trainee("王芳", "一厅"))
    others = [
        another(store, three[1], trainee=Trainee("李雷", "一厅")),
        three[1],  # of the same name, in another group
    ]
    desk = logged_in(locked, "wang")
    assert len(desk.open("/").rows) == 1
    assert len(desk.open(f"/?group=default&trainee={quote('李雷')}&show=all").rows) == 1
    page = desk.open(f"/attempts/{own}")
    assert [f for f in page.root.all("button") if f.get("name") == "decision"] == []
    assert desk.ask("GET", f"/attempts/{own}/audio").status_code == 200
    for other in others:
        for part in ("", "/audio", "/picture.svg", "/beside"):
            assert desk.ask("GET", f"/attempts/{other}{part}").status_code == 404
    assert desk.ask("GET", "/accounts").status_code == 404
    assert desk.ask("GET", "/next").headers["Location"] == f"/attempts/{own}"
    assert desk.ask("POST", f"/attempts/{own}", {"decision": "pass"}).status_code == 400
    token = desk.token("/")
    forged = {"decision": "pass", "csrf_token": token}
    assert desk.ask("POST", f"/attempts/{own}", forged).status_code == 403
    forged = {"do": "remove", "name": "zhao", "csrf_token": token}
    assert desk.ask("POST", "/accounts", forged).status_code == 404
    assert store.reviews_of(own) == []


def test_the_pages_of_a_trainee(
    language: str, practice: Practice, locked: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    own = another(store, three[0], trainee=Trainee("王芳", "一厅"))
    desk = logged_in(locked, "wang")
    golden("desk-own-takes", desk.open("/").text)
    before = desk.open(f"/attempts/{own}")
    golden("desk-own-attempt", before.text)
    trainer = logged_in(locked, "zhao")
    page = trainer.open(f"/attempts/{own}")
    (item,) = (e for e in page.one("ul", class_="body").all("li") if "目光注视客户" in e.words)
    said = {
        "mark-请#1": "heard",
        "reason-请#1": "轻",
        "comment": "再响一点",
        "comment-at": "0.5",
        next(item.all("input", value="seen")).get("name"): "seen",
    }
    assert trainer.press(page, "decision=redo", said).status_code == 303
    after = desk.open(f"/attempts/{own}")
    golden("desk-own-attempt-reviewed", changes(before, after))


def test_without_login_nothing_is_shown(
    language: str, locked: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}"
    for asked in ("/", "/next", path, f"{path}/audio", "/accounts", "/export.csv", "/no/such"):
        answer = locked.ask("GET", asked)
        assert answer.status_code == 302
        assert urlsplit(answer.headers["Location"]).path == "/login"
    assert locked.ask("POST", path, {"decision": "pass"}).status_code in (302, 400)
    page = locked.open("/login")
    golden("desk-login", page.text)
    wrong = locked.press(page, "", {"name": "zhao", "password": "not the password"})
    assert wrong.status_code == 403
    golden("desk-login-refused", read(wrong.text).text)
    # Nobody learns which names there are.
    unknown = locked.press(page, "", {"name": "nobody", "password": PASSWORD})
    assert unknown.status_code == 403
    told = [read(answer.text).one("p", role="alert").words for answer in (wrong, unknown)]
    assert told[0] == told[1]
    assert locked.ask("GET", "/").status_code == 302
    assert store.reviews_of(three[0]) == []


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/people%0d%0aX: y", "/"),
        ("/people?group=x", "/people?group=x"),
        ("", "/"),
    ],
)
def test_a_login_leads_to_a_page_of_ours(locked: Desk, to: str, leads: str) -> None:
    page = locked.open(f"/login?to={to}")
    answer = locked.press(page, "", {"name": "zhao", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, leads)


def test_logging_in_and_out(
    locked: Desk, chromium: Browser, store: Store, three: list[str]
) -> None:
    with served(locked, chromium) as it:
        page = it.page(f"attempts/{three[0]}", width=390, height=844)
        assert urlsplit(page.url).path == "/login"
        assert_fits(page)
        page.keyboard.type("boss")  # the cursor is there already
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path == f"/attempts/{three[0]}")
        page.keyboard.press("p")
        page.wait_for_url(lambda url: three[0] not in url)
        page.goto(it.url + "accounts")
        assert_fits(page)
        page.locator("header form button").click()
        page.wait_for_url("**/login")
        page.go_back()  # what was seen is not kept for whoever comes next
        expect(page.locator("input[type=password]")).to_be_visible()
    (review,) = store.reviews_of(three[0])
    assert review.reviewer == "boss"


def test_passwords_cannot_be_tried_without_end(language: str, locked: Desk, golden: Golden) -> None:
    page = locked.open("/login")
    guess = {"name": "zhao", "password": "guess"}
    tried = [locked.press(page, "", guess) for _ in range(11)]
    assert [answer.status_code for answer in tried] == [403] * 10 + [429]
    golden("desk-too-many-tries", read(tried[-1].text).text)
    assert locked.open("/login").form("")  # who only looks is not counted


def test_a_changed_password_ends_open_sessions(
    practice: Practice, locked: Desk, accounts: Accounts
) -> None:
    desk = logged_in(locked, "zhao")
    assert desk.ask("GET", "/").status_code == 200
    done = practice("account", "password", "zhao", input="another long one\n")
    assert done.returncode == 0, done.stderr
    assert desk.ask("GET", "/").status_code == 302
    assert accounts.check("zhao", PASSWORD) is None
    assert accounts.check("zhao", "another long one") is not None


def test_behind_a_tls_proxy_cookies_go_there_only(
    practice: Practice, locked: Desk, accounts: Accounts
) -> None:
    proxied = {"Host": "practice.example", "X-Forwarded-Proto": "https", "Referer": ""}
    options = ("--login", "--behind-tls", "--allow-host", "practice.example")
    with served(at_desk(practice, *options)) as it:
        page = it.ask("GET", "/login", **proxied)
        assert page.status == 200
        cookie = page.headers["Set-Cookie"]
        assert "Secure" in cookie
        token = read(page.data.decode()).one("input", name="csrf_token").get("value")
        body = urlencode({"name": "zhao", "password": PASSWORD, "csrf_token": token})
        cookie = cookie.partition(";")[0]
        foreign = proxied | {"Referer": "https://evil.example/"}
        assert it.ask("POST", "/login", body, Cookie=cookie, **foreign).status == 400
        own = proxied | {"Referer": "https://practice.example/login"}
        done = it.ask("POST", "/login", body, Cookie=cookie, **own)
        assert done.status == 303
        assert done.headers["Location"] == "/"
    with served(locked) as it:  # nobody is believed without it
        answer = it.ask("GET", "/login", X_Forwarded_Proto="https")
        assert "Secure" not in answer.headers["Set-Cookie"]


@pytest.mark.slow
def test_an_admin_manages_accounts_on_a_page(
    language: str, locked: Desk, golden: Golden, accounts: Accounts
) -> None:
    desk = logged_in(locked, "boss")
    page = desk.open("/accounts")
    golden("desk-accounts", page.text)
    given = {"name": "lilei", "password": PASSWORD, "role": "trainee", "trainee": "default\t王芳"}
    told = []
    for button, fields, known in (
        ("do=add", given, {}),
        ("do=remove", {}, {"name": "wang"}),
        ("do=password", {"password": "a longer one"}, {"name": "zhao"}),
    ):
        page = desk.follow(desk.press(page, button, fields, **known))
        told.append(page.one("p", role="status").words)
    golden("desk-accounts-changed", "\n".join(told))
    assert {a.name: a.trainee for a in accounts.all()} == {
        "boss": None,
        "zhao": None,
        "lilei": Trainee("王芳", "default"),
    }
    assert accounts.check("zhao", "a longer one") is not None


def test_mistakes_on_the_page_of_accounts(
    language: str, locked: Desk, golden: Golden, accounts: Accounts
) -> None:
    desk = logged_in(locked, "boss")
    page = desk.open("/accounts")
    good = {"name": "lilei", "password": PASSWORD, "role": "trainer"}
    told = []
    for button, fields, known in (
        ("do=add", good | {"password": "short"}, {}),
        ("do=add", good | {"name": "\t"}, {}),
        ("do=add", good | {"name": "zhao"}, {}),
        ("do=add", good | {"role": "trainee"}, {}),
        ("do=add", good | {"role": "trainee", "trainee": "default\t李雷"}, {}),
        ("do=password", {"password": "short"}, {"name": "zhao"}),
        ("do=remove", {}, {"name": "boss"}),
    ):
        answer = desk.press(page, button, fields, **known)
        assert answer.status_code == 400
        told.append(read(answer.text).one("p", role="alert").words)
    golden("desk-accounts-refused", "\n".join(told))
    token = {"csrf_token": desk.token("/accounts"), "name": "lilei", "password": PASSWORD}
    for forged in ({"do": "add", "role": "king"}, {"do": "nothing"}, {}):
        assert desk.ask("POST", "/accounts", token | forged).status_code == 400
    assert [a.name for a in accounts.all()] == ["boss", "wang", "zhao"]
    assert accounts.check("zhao", PASSWORD) is not None


MISTAKES = [
    (StoreError, ("add", "x", "--role", "trainer"), "short"),
    (StoreError, ("add", "x", "--role", "trainee"), "long enough 1"),
    (PracticeError, ("add", "x", "--role", "trainee", "--trainee", "无此人"), "long enough 1"),
    (PracticeError, ("add", "\t", "--role", "trainer"), "long enough 1"),
    (StoreError, ("remove", "nobody"), ""),
    (StoreError, ("password", "nobody"), "long enough 1"),
]


def test_mistakes_with_accounts_are_told(language: str, practice: Practice, golden: Golden) -> None:
    told = []
    for kind, args, secret in MISTAKES:
        done = practice("account", *args, input=f"{secret}\n")
        done.refused(kind)
        told.append(done.stderr)
    golden("account-refused", "".join(told))
    assert practice.json("account", "list") == []


# ---- people and progress ---------------------------------------------------------


@pytest.mark.slow
def test_progress_follows_the_trainers_verdicts(
    language: str, desk: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    other = another(store, three[0], trainee=Trainee("李雷", "default"))

    def please(path: str) -> list[str]:
        (row,) = (row for row in desk.open(path).rows if row[0].startswith("请"))
        return row[1:]

    assert please("/groups") == ["1/1", "1/3"]
    page = desk.open(f"/attempts/{other}")
    assert other not in desk.follow(desk.press(page, "decision=pass", {"mark-请#1": "heard"})).path
    assert please("/groups") == ["0/1", "1/3"]
    assert please("/agreement") == ["1", "0", "0", "0", "1", "0", "0", "0"]
    golden("desk-groups", desk.open("/groups").text)
    golden("desk-agreement", desk.open("/agreement").text)
    page = desk.open("/people")
    golden("desk-people", page.text)
    assert [row[:4] for row in page.rows] == [
        ["李雷", "default", "1", "1"],
        ["王芳", "default", "3", "2"],
    ]
    desk.press(desk.open(f"/attempts/{three[2]}"), "decision=redo", {"comment": "坐下再说"})
    person = desk.open(link(page, "王芳"))
    golden("desk-person", person.text)
    assert please(person.path)[0] == "1"
    plot = desk.ask("GET", person.one("img", class_="plot").get("src"))
    assert plot.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert ElementTree.fromstring(plot.data).get("width") == "540pt"


@pytest.mark.slow
def test_takes_and_reports_are_downloaded(
    desk: Desk, locked: Desk, store: Store, three: list[str]
) -> None:
    own = another(store, three[1], trainee=Trainee("王芳", "一厅"))
    links = {
        kind: a.get("href")
        for a in desk.open("/?show=all&result=failed").root.all("a")
        for kind in re.findall(r"^/export\.(\w+)\?", a.get("href"))
    }
    assert set(links) == {"csv", "xlsx", "json"}
    for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("json", b'{"id":')):
        answer = desk.ask("GET", links[kind])
        assert answer.data.startswith(begins)
        name = answer.headers["Content-Disposition"]
        assert re.fullmatch(rf"attachment; filename=practice-\d+-\d\d-\d\d\.{kind}", name)
    (line,) = answer.data.splitlines()
    assert json.loads(line)["id"] == three[0]
    assert desk.ask("GET", "/export.exe").status_code == 404
    path = link(desk.open("/people"), "王芳")
    for report, has_sound in ((f"{path}/report?audio=1", True), (f"{path}/report", False)):
        assert report in [a.get("href") for a in desk.open(path).root.all("a")]
        answer = desk.ask("GET", report)
        assert ("data:audio/" in answer.text) is has_sound
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
    trainee = logged_in(locked, "wang")
    answer = trainee.ask("GET", "/export.json?show=all&group=default")
    assert [json.loads(line)["id"] for line in answer.data.splitlines()] == [own]
    found = [trainee.ask("GET", f"/people/{n}/report").status_code for n in range(1, 4)]
    assert sorted(found) == [200, 404, 404]


@pytest.mark.slow
def test_a_trainee_sees_own_progress_only(
    language: str, locked: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    another(store, three[1], trainee=Trainee("王芳", "一厅"))
    another(store, three[1], trainee=Trainee("李雷", "一厅"))
    desk = logged_in(locked, "wang")
    path = desk.ask("GET", "/progress").headers["Location"]
    page = desk.open(path)
    golden("desk-own-progress", page.text)
    assert page.one("h1").words == "王芳 一厅"
    own = int(path.rsplit("/", 1)[1])
    for path in ("/people", "/groups", "/agreement"):
        assert desk.ask("GET", path).status_code == 403
    statuses = {
        number: tuple(
            desk.ask("GET", f"/people/{number}{part}").status_code for part in ("", "/trend.svg")
        )
        for number in range(1, 5)
    }
    assert statuses.pop(own) == (200, 200)
    assert set(statuses.values()) == {(404, 404)}
    # A trainer is led to everybody's.
    assert logged_in(locked, "zhao").ask("GET", "/progress").headers["Location"] == "/people"


def test_a_take_tells_what_it_was_a_part_of(
    language: str, desk: Desk, golden: Golden, store: Store, three: list[str]
) -> None:
    setting = SessionContext(Mode.CLASS, "", ("farewell/1",))
    in_class = another(store, three[0], setting=setting)
    facts = [
        desk.open(f"/attempts/{attempt_id}").one("p", class_="facts")
        for attempt_id in (in_class, three[0])
    ]
    tags = [[tag.words for tag in fact.all("span", class_="tag")] for fact in facts]
    assert tags[0][1:] == tags[1]
    golden("desk-attempt-in-class", facts[0].words)
