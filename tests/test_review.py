"""The trainer's desk in a real browser, and what an attacker would send to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from conftest import CLIPS, COMMAND, Practice
from playwright.sync_api import Browser, Page, expect

from practice.core.models import Mode, Setting, Trainee
from practice.store import Filter, Store
from practice.store.accounts import Accounts, Role

PASSWORD = "long enough 123"


@dataclass
class Running:
    """A desk that is served, with a browser's page of its own for each who looks."""

    url: str
    browser: Browser
    faults: list[str] = field(default_factory=list)

    def page(self, width: int = 1100, height: int = 900) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: self.faults.append(message.text) if message.type == "error" else None,
        )
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self.url)
        return page

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Send a request as it stands, without a browser that would tidy it."""
        host = urlsplit(self.url).netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            names.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.request(method, path, body, names)
        return connection.getresponse()


@contextmanager
def served(practice: Practice, browser: Browser, *options: str) -> Iterator[Running]:
    command = [COMMAND, "review", "--no-browser", "--port", "0", "--as", "李老师", *options]
    server = subprocess.Popen(
        command,
        env=practice.env,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # Whoever started the tests may have had Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        found = re.search(r"http://\S+/", said)
        assert found, said
        desk = Running(found[0], browser)
        yield desk
        assert desk.faults == []
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(15) == 0
        for context in browser.contexts:
            context.close()


@pytest.fixture(scope="session")
def judged(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of three attempts, listened to once for all tests."""
    home = tmp_path_factory.mktemp("home")
    place = home / ".local/share/practice/models"
    place.parent.mkdir(parents=True)
    place.symlink_to(models)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PRACTICE_", "XDG_"))}
    env |= {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PRACTICE_RECORDINGS": str(home / "recordings"),
        "PRACTICE_TRAINEE": "王芳",
    }
    for scenario, clip in (
        ("farewell", "farewell-without-please.flac"),
        ("farewell", "farewell.flac"),
        ("reception", "seat.flac"),
    ):
        command = [COMMAND, "run", scenario, "--audio", str(CLIPS / clip)]
        subprocess.run(command, env=env, check=True, capture_output=True)
    return home / "recordings"


@pytest.fixture
def three(practice: Practice, judged: Path) -> list[str]:
    """Three attempts of 王芳: 请 left out, said well, and another line that is said well."""
    shutil.copytree(judged, practice.recordings)
    return [a.take.id for a in reversed(Store(practice.recordings).latest(Filter()))]


def another(practice: Practice, attempt_id: str, n: int = 0, **changes: Any) -> str:
    """One more attempt like one that is there; its recording is the same."""
    store = Store(practice.recordings)
    known = store.get(attempt_id)
    take = replace(
        known.take,
        id=str(uuid4()),
        created_at=f"2026-11-20T08:00:{n:02}.000+00:00",
        **changes,
    )
    store.add(take, known.assessment)
    return take.id


# ---- a trainer at work -----------------------------------------------------------


def test_a_queue_of_ten_is_worked_through_by_keyboard_alone(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    for n in range(7):
        another(practice, three[0], n)
    store = Store(practice.recordings)
    with served(practice, chromium) as desk:
        page = desk.page()
        expect(page.locator(".counts")).to_contain_text("10 to review")
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
        page.wait_for_url(desk.url)
        expect(page.locator(".counts")).to_contain_text("0 to review · 10 reviewed")
    reviews = [store.reviews_of(a.take.id) for a in store.latest(Filter())]
    assert [len(r) for r in reviews] == [1] * 10
    assert {r[0].reviewer for r in reviews} == {"李老师"}
    corrected = [r[0] for r in reviews if r[0].marks]
    assert [(m.name, str(m.verdict)) for m in corrected[0].marks] == [("请", "heard")]
    assert corrected[0].comments[0].text == "请字再响一点"
    assert corrected[0].comments[0].at_s is not None
    assert sorted(str(r[0].decision) for r in reviews) == ["pass"] * 9 + ["redo"]


def test_a_clicked_character_plays_from_there(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        expect(page.locator("#audio")).to_have_js_property("readyState", 4)
        welcome = page.locator(".char", has_text="欢")
        at_s = float(welcome.get_attribute("data-at") or "0")
        assert 1.0 < at_s < 2.5
        welcome.click()
        page.wait_for_function("document.getElementById('audio').currentTime > 0")
        now_s = page.evaluate("document.getElementById('audio').currentTime")
        assert at_s - 0.05 <= now_s < at_s + 2
        # What was left out plays from where it should have been.
        expect(page.locator(".char.delete")).to_have_attribute("data-at", re.compile(r"\d"))
        expect(page.locator(".char.delete")).to_have_attribute("aria-label", "请 left out")
        page.keyboard.press("ArrowLeft")
        page.locator("#wave").click(position={"x": 3, "y": 20})
        page.wait_for_function("document.getElementById('audio').currentTime < 1")


def test_the_page_of_a_take_has_its_picture(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        shown = page.get_by_role("img", name="Waveform and pitch of the take")
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_js_property("naturalWidth", 1280)
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] > 900
        path = f"/attempts/{three[0]}/picture.svg"
        answer = desk.ask("GET", path)
        assert answer.getheader("Content-Type") == "image/svg+xml; charset=utf-8"
        svg = answer.read().decode("utf-8")
        assert "dashed frame: left out" in svg
        assert re.search(r">请</text>", svg)
        shutil.rmtree(practice.recordings / "takes")
        assert desk.ask("GET", path).status == 404
        page.reload()
        expect(shown).to_have_count(0)


def test_a_take_is_set_beside_the_model_reading(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    model = Path(practice.env["PRACTICE_PROMPTS"]) / "farewell.1.model.flac"
    shutil.copy(CLIPS / "farewell.flac", model)
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[1]}")
        expect(page.locator("#beside")).to_have_text(
            "Pace and pitch are like the model reading's, as far as can be told.", timeout=60_000
        )
        expect(page.locator(".char .clarity").first).to_have_text("・")
        expect(page.locator(".legend")).to_contain_text("・ clear")
        drawn = desk.ask("GET", f"/attempts/{three[1]}/picture.svg").read().decode("utf-8")
        assert "dashed line: the model reading" in drawn
        model.write_bytes(b"broken")
        page.reload()
        expect(page.locator("#beside")).to_have_text("The model reading cannot be heard now.")
        model.unlink()
        page.reload()
        expect(page.locator("#beside")).to_have_count(0)


def test_a_corrected_element_changes_the_totals(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        expect(page.locator("#machine-score")).to_have_text("not passed 76")
        expect(page.locator("#trainer-score")).to_have_text("–")
        expect(page.locator("#delivery")).to_contain_text("characters a second")
        page.keyboard.press("1")
        page.get_by_label("Why 请").fill("轻，但是说了")
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        page.wait_for_url(lambda url: three[0] not in url)
        page.keyboard.press("z")
        page.wait_for_url(f"**/attempts/{three[0]}")
        expect(page.locator("#machine-score")).to_have_text("not passed 76")
        expect(page.locator("#trainer-score")).to_have_text("passed 94")
        expect(page.locator(".trail")).to_contain_text("李老师")
        expect(page.locator(".trail")).to_contain_text("请 → heard (轻，但是说了)")
        page.goto(desk.url + "?show=reviewed&result=passed")
        expect(page.locator("tbody tr")).to_have_count(1)
    shown = practice("history", three[0]).stdout
    assert "Trainer 李老师" in shown
    assert "请 (polite word): heard, the machine said missed (轻，但是说了)" in shown
    (as_json,) = practice.json("history", three[0])
    assert as_json["passed"] is False
    assert as_json["final"]["passed"] is True


def test_enter_in_a_field_decides_nothing(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.get_by_label("Why 请").fill("没说清楚")
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        assert three[0] in page.url
        assert Store(practice.recordings).reviews_of(three[0]) == []
        page.get_by_role("button", name="Pass").click()
        page.wait_for_url(lambda url: three[0] not in url)
        # A later correction leaves the decision as it is, and the trail has both.
        page.goto(f"{desk.url}attempts/{three[0]}")
        page.get_by_label("Comment", exact=True).fill("太快")
        page.get_by_role("button", name="Save the verdicts").click()
        page.wait_for_url(lambda url: three[0] not in url)
        page.goto(f"{desk.url}attempts/{three[0]}")
        expect(page.locator(".trail li").nth(2)).to_contain_text("saved · comments: “太快”")
    decisions = [str(r.decision) for r in Store(practice.recordings).reviews_of(three[0])]
    assert decisions == ["pass", "pass"]


def test_odd_addresses_are_no_failures(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        for path in ("/people/9223372036854775808", "/people/2147483648/report", "/people/0"):
            assert desk.ask("GET", path).status == 404
        for path in ("/?trainee=%00", "/next?after=%00", "/groups?group=a%00", "/export.csv?x=%00"):
            assert desk.ask("GET", path).status == 400
        for path in ("/?page=99999999999", "/?since=0001-01-01&until=9999-12-31", "/?page=x"):
            assert desk.ask("GET", path).status == 200


def test_observations_and_redo_reach_the_trainee(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[1]}")
        page.locator(".body li", has_text="目光注视客户").get_by_label("not done").check()
        page.get_by_label("Comment", exact=True).fill("请看着客户\n再说一遍")
        page.get_by_role("button", name="Say it again").click()
        page.wait_for_url(lambda url: three[1] not in url)
    shown = practice("history", three[1]).stdout
    assert "please say it again" in shown
    assert "not seen: 目光注视客户" in shown
    assert "请看着客户" in shown
    assert "please say it again" in practice("history").stdout


def test_the_second_of_two_trainers_is_told(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        first, second = desk.page(), desk.page()
        for page in (first, second):
            page.goto(f"{desk.url}attempts/{three[0]}")
        first.keyboard.press("r")
        first.wait_for_url(lambda url: three[0] not in url)
        second.get_by_label("Why 请").fill("听得见")
        second.keyboard.press("Escape")
        second.keyboard.press("1")
        second.keyboard.press("p")
        expect(second.get_by_role("alert")).to_contain_text("reviewed this take meanwhile")
        expect(second.get_by_role("alert")).to_contain_text("please say it again")
        # Nothing that was entered is lost; saved again it comes after the other's.
        expect(second.get_by_label("Why 请")).to_have_value("听得见")
        assert desk.faults.pop().startswith("Failed to load resource: the server responded with")
        second.keyboard.press("p")
        second.wait_for_url(lambda url: three[0] not in url)
    store = Store(practice.recordings)
    assert [str(r.decision) for r in store.reviews_of(three[0])] == ["redo", "pass"]


def test_it_fits_a_phone_and_names_its_parts(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page(width=390, height=844)
        paths = ["", f"attempts/{three[0]}"]
        for path in paths:
            page.goto(desk.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert page.get_by_role("main").count() == 1
            assert page.get_by_role("navigation").count() >= 1
            assert page.get_by_role("heading", level=1).count() == 1
            unnamed = page.evaluate(
                """[...document.querySelectorAll(
                'button, input:not([type=hidden]), select, textarea')]
                .filter(e => e.checkVisibility() && !(e.labels?.length) &&
                !e.ariaLabel && !e.textContent.trim()).map(e => e.outerHTML)"""
            )
            assert unnamed == []
        page.get_by_role("button", name="Pass").click()
        page.wait_for_url(lambda url: three[0] not in url)


def test_keys_are_letters_while_somebody_writes(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        page.keyboard.press("c")
        page.keyboard.type("pass r n 1")
        expect(page.get_by_label("Comment", exact=True)).to_have_value("pass r n 1")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("p")  # behind the dialog nothing happens
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert three[0] in page.url
    assert Store(practice.recordings).reviews_of(three[0]) == []


def test_a_recording_that_is_gone_is_said_to_be(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    shutil.rmtree(practice.recordings / "takes")
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{three[0]}")
        expect(page.get_by_text("The recording is not here")).to_be_visible()
        page.keyboard.press("Space")
        page.keyboard.press("p")
        page.wait_for_url(lambda url: three[0] not in url)


def test_a_trainer_hears_what_was_said_in_another_hall(
    practice: Practice, chromium: Browser, postgres_database: str, tmp_path: Path
) -> None:
    shared = practice.env | {"PRACTICE_DATABASE": postgres_database}
    clip = CLIPS / "farewell-without-please.flac"
    (attempt,) = practice.json("run", "farewell", "--audio", clip, "--group", "东厅", env=shared)
    assert list(practice.recordings.rglob("*.flac"))  # the hall's own disk has it too
    elsewhere = shared | {"PRACTICE_RECORDINGS": str(tmp_path / "trainer's machine")}
    with served(Practice(practice.home, elsewhere), chromium) as desk:
        page = desk.page()
        page.keyboard.press("n")
        page.wait_for_url(f"**/attempts/{attempt['id']}")
        expect(page.locator("#audio")).to_have_js_property("readyState", 4)
        assert desk.ask("GET", f"/attempts/{attempt['id']}/audio").read() == clip.read_bytes()
        page.keyboard.press("r")
        page.wait_for_url(desk.url)
    assert "please say it again" in practice("history", env=shared).stdout
    assert not list((tmp_path / "trainer's machine").rglob("*.flac"))


# ---- who would get in ------------------------------------------------------------


def test_foreign_names_are_refused(practice: Practice, chromium: Browser, three: list[str]) -> None:
    with served(practice, chromium) as desk:
        port = urlsplit(desk.url).port
        for path in ("/", f"/attempts/{three[0]}", f"/attempts/{three[0]}/audio"):
            assert desk.ask("GET", path, Host=f"localhost:{port}").status == 200
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
                assert desk.ask("GET", path, Host=host).status == 400


def test_no_change_without_a_token(practice: Practice, chromium: Browser, three: list[str]) -> None:
    path = f"/attempts/{three[0]}"
    with served(practice, chromium) as desk:
        page = desk.ask("GET", path)
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        assert "SameSite=Strict" in (page.getheader("Set-Cookie") or "")
        assert "HttpOnly" in (page.getheader("Set-Cookie") or "")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert token
        good = urlencode({"decision": "pass", "csrf_token": token[1]})
        bad = urlencode({"decision": "pass", "csrf_token": token[1][:-2] + "xx"})
        assert desk.ask("POST", path, "decision=pass").status == 400
        assert desk.ask("POST", path, "decision=pass", Cookie=cookie).status == 400
        assert desk.ask("POST", path, bad, Cookie=cookie).status == 400
        assert desk.ask("POST", path, good).status == 400  # a token without its session
        assert Store(practice.recordings).reviews_of(three[0]) == []
        assert desk.ask("GET", path + "?decision=pass", Cookie=cookie).status == 200
        assert desk.ask("POST", path, good, Cookie=cookie).status == 303
        assert len(Store(practice.recordings).reviews_of(three[0])) == 1


def test_no_path_reaches_the_file_system(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    (practice.recordings / "secret.txt").write_text("SECRET")
    with served(practice, chromium) as desk:
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
            answer = desk.ask("GET", path)
            text = answer.read()
            assert answer.status in (308, 400, 404), path
            assert b"SECRET" not in text
            assert b"create_app" not in text


def test_a_record_that_names_another_file_does_not_open_it(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    """A database that somebody tampered with is no way out of the recordings folder."""
    import sqlite3

    (practice.home / "secret.wav").write_bytes(b"SECRET")
    with sqlite3.connect(practice.recordings / "practice.db") as db:
        for attempt_id, path in zip(
            three, ("takes/../../家/secret.wav", str(practice.home / "secret.wav")), strict=False
        ):
            db.execute("UPDATE attempts SET audio = ? WHERE id = ?", (path, attempt_id))
    with served(practice, chromium) as desk:
        for attempt_id in three[:2]:
            answer = desk.ask("GET", f"/attempts/{attempt_id}/audio")
            assert answer.status == 404
            assert b"SECRET" not in answer.read()


def test_audio_comes_in_ranges(practice: Practice, chromium: Browser, three: list[str]) -> None:
    whole = (CLIPS / "farewell.flac").read_bytes()
    path = f"/attempts/{three[1]}/audio"
    with served(practice, chromium) as desk:
        answer = desk.ask("GET", path)
        assert (answer.status, answer.read()) == (200, whole)
        part = desk.ask("GET", path, Range="bytes=100-199")
        assert (part.status, part.read()) == (206, whole[100:200])
        assert part.getheader("Content-Range") == f"bytes 100-199/{len(whole)}"
        assert part.getheader("Content-Type") == "audio/flac"
        assert desk.ask("GET", path, Range=f"bytes={len(whole)}-").status == 416


SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


def test_script_in_every_text_is_shown_as_text(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    spec = replace(Store(practice.recordings).get(three[0]).take.spec, cue=SCRIPT, body=SCRIPT)
    attempt_id = another(
        practice, three[0], trainee=Trainee(SCRIPT, SCRIPT), title=SCRIPT, spec=spec, device=SCRIPT
    )
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(f"{desk.url}attempts/{attempt_id}?group={SCRIPT}&scenario='\"><script>")
        page.keyboard.press("1")
        page.get_by_label("Why 请").fill(SCRIPT)
        page.get_by_label("Comment", exact=True).fill(SCRIPT)
        page.get_by_role("button", name="Save the verdicts").click()
        page.wait_for_url(lambda url: attempt_id not in url)
        for path in (f"attempts/{attempt_id}", "?show=all", f"?trainee={SCRIPT}", "no/such"):
            page.goto(desk.url + path)
            assert page.title() != "taken"
            assert page.locator("img:not(.plot)").count() == 0
        desk.faults[:] = [f for f in desk.faults if "404" not in f]
        page.goto(f"{desk.url}attempts/{attempt_id}")
        expect(page.locator(".trail")).to_contain_text("<script>")
        expect(page.get_by_label("Comment", exact=True).first).to_have_value(SCRIPT)


def test_every_answer_has_its_guards(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    with served(practice, chromium) as desk:
        for path in ("/", f"/attempts/{three[0]}", f"/attempts/{three[0]}/audio", "/none"):
            answer = desk.ask("GET", path)
            policy = answer.getheader("Content-Security-Policy") or ""
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.getheader("X-Content-Type-Options") == "nosniff"
            assert answer.getheader("X-Frame-Options") == "DENY"
            assert answer.getheader("Cache-Control") == "no-store"


def test_what_is_no_review_is_not_kept(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    path = f"/attempts/{three[0]}"
    with served(practice, chromium) as desk:
        page = desk.ask("GET", path)
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert token

        def send(**fields: str) -> int:
            body = urlencode({"csrf_token": token[1], **fields})
            return desk.ask("POST", path, body, Cookie=cookie).status

        assert send(**{"mark-谢谢#7": "heard"}) == 409
        assert Store(practice.recordings).reviews_of(three[0]) == []
        odd = {
            "decision": "shoot",
            "mark-请#1": "unscored",
            "comment": "x" * 9000 + "\0",
            "comment-at": "NaN",
            "body-0": "maybe",
            "base": "../../etc",
        }
        assert send(**odd) == 303
        (review,) = Store(practice.recordings).reviews_of(three[0])
        assert review.decision is None
        assert review.marks == ()
        assert review.observations == ()
        assert len(review.comments[0].text) == 2000
        assert review.comments[0].at_s is None
        assert desk.ask("POST", path, "x" * 3_000_000, Cookie=cookie).status == 413


# ---- accounts --------------------------------------------------------------------


def log_in(desk: Running, name: str, password: str = PASSWORD) -> Page:
    page = desk.page()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    return page


@pytest.fixture
def accounts(practice: Practice, three: list[str]) -> Accounts:
    store = Store(practice.recordings)
    found = Accounts(store.database)
    found.add("zhao", PASSWORD, Role.TRAINER)
    found.add("boss", PASSWORD, Role.ADMIN)
    found.add("wang", PASSWORD, Role.TRAINEE, Trainee("王芳", "一厅"))
    return found


def test_a_trainee_sees_and_hears_own_takes_only(
    practice: Practice, chromium: Browser, three: list[str], accounts: Accounts
) -> None:
    own = another(practice, three[1], trainee=Trainee("王芳", "一厅"))
    others = [
        another(practice, three[1], trainee=Trainee("李雷", "一厅")),
        three[1],  # of the same name, in another group
    ]
    with served(practice, chromium, "--login") as desk:
        page = log_in(desk, "wang")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.goto(f"{desk.url}?group=default&trainee=李雷&show=all")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.goto(f"{desk.url}attempts/{own}")
        expect(page.get_by_role("button", name="Pass")).to_have_count(0)
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
        assert desk.ask("GET", f"/attempts/{own}/audio", Cookie=cookie).status == 200
        for other in others:
            for path in (f"/attempts/{other}", f"/attempts/{other}/audio"):
                assert desk.ask("GET", path, Cookie=cookie).status == 404
        assert desk.ask("GET", "/accounts", Cookie=cookie).status == 404
        answer = desk.ask("POST", f"/attempts/{own}", "decision=pass", Cookie=cookie)
        assert answer.status == 400
        token = re.search(
            r'name="csrf_token" value="([^"]+)"',
            desk.ask("GET", "/", Cookie=cookie).read().decode(),
        )
        assert token
        body = urlencode({"decision": "pass", "csrf_token": token[1]})
        assert desk.ask("POST", f"/attempts/{own}", body, Cookie=cookie).status == 403
    assert Store(practice.recordings).reviews_of(own) == []


def test_without_login_nothing_is_shown(
    practice: Practice, chromium: Browser, accounts: Accounts, three: list[str]
) -> None:
    with served(practice, chromium, "--login") as desk:
        for path in ("/", "/next", f"/attempts/{three[0]}", f"/attempts/{three[0]}/audio"):
            answer = desk.ask("GET", path)
            assert answer.status == 302
            assert "/login" in (answer.getheader("Location") or "")
        assert desk.ask("POST", f"/attempts/{three[0]}", "decision=pass").status in (302, 400)
        page = log_in(desk, "zhao", "not the password")
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        desk.faults.clear()
        page.goto(f"{desk.url}login?to=//evil.example/")
        page.get_by_label("Name").fill("zhao")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(desk.url)
        page.goto(f"{desk.url}attempts/{three[0]}")
        page.keyboard.press("p")
        page.wait_for_url(lambda url: three[0] not in url)
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login*")
    (review,) = Store(practice.recordings).reviews_of(three[0])
    assert review.reviewer == "zhao"


def test_passwords_cannot_be_tried_without_end(
    practice: Practice, chromium: Browser, accounts: Accounts
) -> None:
    with served(practice, chromium, "--login") as desk:
        page = desk.ask("GET", "/login")
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert token
        body = urlencode({"name": "zhao", "password": "guess", "csrf_token": token[1]})
        tried = [desk.ask("POST", "/login", body, Cookie=cookie).status for _ in range(12)]
        assert tried[0] == 403
        assert tried[-1] == 429


def test_a_changed_password_ends_open_sessions(
    practice: Practice, chromium: Browser, accounts: Accounts
) -> None:
    with served(practice, chromium, "--login") as desk:
        page = log_in(desk, "zhao")
        expect(page.get_by_role("heading", name="Queue")).to_be_visible()
        done = practice("account", "password", "zhao", stdin=None, input="another long one\n")
        assert done.returncode == 0, done.stderr
        page.goto(desk.url)
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert accounts.check("zhao", PASSWORD) is None
    assert accounts.check("zhao", "another long one") is not None


def test_behind_a_tls_proxy_cookies_go_there_only(
    practice: Practice, chromium: Browser, accounts: Accounts
) -> None:
    proxied = {"Host": "practice.example", "X-Forwarded-Proto": "https", "Referer": ""}
    options = ("--login", "--behind-tls", "--allow-host", "practice.example")
    with served(practice, chromium, *options) as desk:
        page = desk.ask("GET", "/login", **proxied)
        assert page.status == 200
        cookie = page.getheader("Set-Cookie") or ""
        assert "Secure" in cookie
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert token
        body = urlencode({"name": "zhao", "password": PASSWORD, "csrf_token": token[1]})
        cookie = cookie.partition(";")[0]
        foreign = proxied | {"Referer": "https://evil.example/"}
        assert desk.ask("POST", "/login", body, Cookie=cookie, **foreign).status == 400
        own = proxied | {"Referer": "https://practice.example/login"}
        done = desk.ask("POST", "/login", body, Cookie=cookie, **own)
        assert done.status == 303
        assert done.getheader("Location") == "/"
    with served(practice, chromium, "--login") as desk:  # nobody is believed without it
        answer = desk.ask("GET", "/login", X_Forwarded_Proto="https")
        assert "Secure" not in (answer.getheader("Set-Cookie") or "")


def test_an_admin_manages_accounts_on_a_page(
    practice: Practice, chromium: Browser, accounts: Accounts, three: list[str]
) -> None:
    with served(practice, chromium, "--login") as desk:
        page = log_in(desk, "boss")
        page.get_by_role("link", name="Accounts").click()
        page.get_by_label("Name").fill("lilei")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Role").select_option("trainee")
        page.get_by_label("Whose, for a trainee").select_option(label="default · 王芳")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status")).to_contain_text("Added: lilei")
        page.get_by_role("button", name="Remove: wang").click()
        expect(page.get_by_role("status")).to_contain_text("Removed: wang")
    assert {a.name: a.trainee for a in accounts.all()} == {
        "boss": None,
        "zhao": None,
        "lilei": Trainee("王芳", "default"),
    }


def test_off_loopback_somebody_must_be_able_to_log_in(practice: Practice) -> None:
    done = practice("review", "--host", "192.0.2.1", "--no-browser")
    assert done.returncode == 1
    assert "practice account add" in done.stderr
    done = practice("review", "--host", "0.0.0.0", "--no-browser")
    assert done.returncode == 2
    assert "--allow-host" in done.stderr
    assert practice("review", "--host", "::1", "--no-browser").returncode == 2
    done = practice(
        "account", "add", "zhao", "--role", "trainer", stdin=None, input="long enough 1\n"
    )
    assert done.returncode == 0, done.stderr
    done = practice("review", "--host", "192.0.2.1", "--no-browser")
    assert done.returncode == 1
    assert "cannot be listened on" in done.stderr
    assert json.loads(practice("account", "list", "--json").stdout)["role"] == "trainer"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("add", "x", "--role", "trainer"), "too short"),
        (("add", "x", "--role", "trainee"), "names its trainee"),
        (("add", "x", "--role", "trainee", "--trainee", "无此人"), "in none yet"),
        (("add", "\t", "--role", "trainer"), "is no name"),
        (("remove", "nobody"), "no account"),
    ],
)
def test_mistakes_with_accounts_are_told(
    practice: Practice, args: tuple[str, ...], told: str
) -> None:
    secret = "short\n" if told == "too short" else "long enough 1\n"
    done = practice("account", *args, stdin=None, input=secret)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_told(practice: Practice, chromium: Browser, tmp_path: Path) -> None:
    with served(practice, chromium) as desk:
        port = str(urlsplit(desk.url).port)
        done = practice("review", "--port", port, "--no-browser")
        assert done.returncode == 1
        assert "Choose another --port" in done.stderr


# ---- people and progress ---------------------------------------------------------


def test_progress_follows_the_trainers_verdicts(
    practice: Practice, chromium: Browser, three: list[str]
) -> None:
    other = another(practice, three[0], trainee=Trainee("李雷", "default"))
    with served(practice, chromium) as desk:
        page = desk.page()
        page.get_by_role("link", name="Groups").click()
        row = page.locator("tbody tr", has_text="请 polite word")
        expect(row.get_by_role("cell")).to_have_text(["1/1", "1/3"])
        page.goto(f"{desk.url}attempts/{other}")
        page.keyboard.press("1")
        page.keyboard.press("p")
        page.wait_for_url(lambda url: other not in url)
        page.goto(f"{desk.url}groups")
        expect(row.get_by_role("cell")).to_have_text(["0/1", "1/3"])
        page.get_by_role("link", name="Agreement").click()
        row = page.locator("tbody tr", has_text="请 polite word")
        expect(row.get_by_role("cell")).to_have_text(["1", "0", "0", "0", "1", "0", "0", "0"])
        page.get_by_role("link", name="People").click()
        row = page.locator("tbody tr", has_text="李雷")
        expect(row.get_by_role("cell").nth(2)).to_have_text("1")
        page.get_by_role("link", name="王芳").click()
        expect(page.locator("tbody tr", has_text="请")).to_contain_text("1")
        plot = page.locator("img.plot")
        expect(plot).to_have_js_property("complete", True)
        assert plot.evaluate("e => e.naturalWidth") == 720


def test_takes_and_reports_are_downloaded(
    practice: Practice, chromium: Browser, three: list[str], accounts: Accounts
) -> None:
    own = another(practice, three[1], trainee=Trainee("王芳", "一厅"))
    with served(practice, chromium) as desk:
        page = desk.page()
        page.goto(desk.url + "?show=all&result=failed")
        with page.expect_download() as given:
            page.get_by_role("link", name="JSON").click()
        (line,) = given.value.path().read_text("utf-8").splitlines()
        assert json.loads(line)["id"] == three[0]
        for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
            answer = desk.ask("GET", f"/export.{kind}?show=all")
            assert answer.read().startswith(begins)
            assert "attachment" in (answer.getheader("Content-Disposition") or "")
        assert desk.ask("GET", "/export.exe").status == 404
        page.goto(desk.url + "people")
        page.get_by_role("link", name="王芳").first.click()
        with page.expect_download() as given:
            page.get_by_role("link", name="Report with recordings").click()
        assert "data:audio/" in given.value.path().read_text("utf-8")
    with served(practice, chromium, "--login") as desk:
        page = log_in(desk, "wang")
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
        answer = desk.ask("GET", "/export.json?show=all&group=default", Cookie=cookie)
        assert [json.loads(line)["id"] for line in answer.read().splitlines()] == [own]
        found = [desk.ask("GET", f"/people/{n}/report", Cookie=cookie).status for n in range(1, 4)]
        assert sorted(found) == [200, 404, 404]


def test_a_trainee_sees_own_progress_only(
    practice: Practice, chromium: Browser, three: list[str], accounts: Accounts
) -> None:
    another(practice, three[1], trainee=Trainee("王芳", "一厅"))
    with served(practice, chromium, "--login") as desk:
        page = log_in(desk, "wang")
        page.get_by_role("link", name="Progress").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("王芳 一厅")
        own = int(page.url.rsplit("/", 1)[1])
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
        for path in ("/people", "/groups", "/agreement"):
            assert desk.ask("GET", path, Cookie=cookie).status == 403
        statuses = {
            number: [
                desk.ask("GET", f"/people/{number}{part}", Cookie=cookie).status
                for part in ("", "/trend.svg")
            ]
            for number in range(1, 4)
        }
        assert statuses.pop(own) == [200, 200]
        assert set(map(tuple, statuses.values())) == {(404, 404)}


def test_a_take_tells_what_it_was_a_part_of(
    practice: Practice, three: list[str], chromium: Browser
) -> None:
    setting = Setting(Mode.CLASS, "", ("farewell/1",))
    in_class = another(practice, three[0], setting=setting)
    with served(practice, chromium) as desk:
        page = desk.page()
        for attempt_id, tags in ((in_class, ["class"]), (three[0], [])):
            page.goto(f"{desk.url}attempts/{attempt_id}")
            found = page.locator(".facts .tag").all_inner_texts()
            assert [tag for tag in found if tag == "class"] == tags
