"""What goes out: tables that a spreadsheet opens safely, and a report that needs nothing else."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import time
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import soundfile
from conftest import CLIPS, COMMAND, Practice
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page
from test_store import CHECK, LINE, heard, review, take

from practice import takes
from practice.core.models import (
    Assessment,
    Attempt,
    Comment,
    Decision,
    Mark,
    Observation,
    Take,
    Trainee,
    Unscored,
    Verdict,
)
from practice.core.scoring import VERSION, unscored
from practice.errors import ExportError
from practice.export import KINDS, files
from practice.export.entries import Missed, summary_of
from practice.export.report import Cover, file_name, write_report
from practice.export.sound import embed
from practice.report.words import local_time
from practice.store import Store
from practice.store.database import FILE as DATABASE
from practice.store.days import beginning

AT = "2026-11-22T08:00:0{}.000+00:00"


def silence() -> Assessment:
    check = replace(CHECK, reason=Unscored.NO_SPEECH, spans_s=())
    return Assessment(check, None, None, unscored(LINE, Unscored.NO_SPEECH), None, VERSION)


def fill(practice: Practice) -> tuple[Take, Take, Take]:
    """A take that passed, one that a trainer let pass, and one that could not be judged."""
    store = Store(practice.recordings)
    passed, corrected, silent = (
        take("王芳", "一厅", created_at=AT.format(3)),
        take("李雷", "二厅", created_at=AT.format(2)),
        take("王芳", "一厅", created_at=AT.format(1), audio=None),
    )
    store.add(passed, heard("请慢走"))
    store.add(corrected, heard("慢走"))
    store.add(silent, silence())
    store.add_review(
        corrected.id,
        review(
            marks=(Mark("请", 1, Verdict.HEARD, "清楚听到"),),
            decision=Decision.PASS,
            comments=(Comment("声音再大一点"), Comment("这里\n停一下", 1.5)),
            observations=(Observation("微笑", False),),
        ),
    )
    return passed, corrected, silent


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")  # without it Excel in China reads GBK
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def exported(practice: Practice, *args: str | Path) -> bytes:
    """What a command writes to its standard output, byte for byte."""
    done = subprocess.run(
        [COMMAND, "export", *map(str, args)], env=practice.env, capture_output=True, check=True
    )
    return done.stdout


# ---- CSV -------------------------------------------------------------------


def test_csv_has_a_row_for_each_take(bare_practice: Practice) -> None:
    passed, corrected, silent = fill(bare_practice)
    rows = rows_of(exported(bare_practice))
    assert [row["id"] for row in rows] == [passed.id, corrected.id, silent.id]
    first, second, third = rows
    assert (first["trainee"], first["group"], first["script"]) == ("王芳", "一厅", "请慢走")
    assert (first["result"], first["score"], first["accuracy"]) == ("passed", "100.0", "1.0")
    assert (second["machine: result"], second["machine: missed"]) == (
        "not passed",
        "请 (polite word)",
    )
    assert (second["result"], second["missed"], second["reviewed by"]) == ("passed", "", "李老师")
    assert float(second["machine: score"]) < float(second["score"])
    assert second["comments"] == "声音再大一点\n1.5 s  这里\n停一下"
    assert second["posture"] == "posture (watched by 李老师): 0 of 1 seen\nnot seen: 微笑"
    assert (third["result"], third["score"], third["heard"]) == ("not scored", "", "")
    assert "No speech" in third["why not scored"]


EVIL = ["=1+1", "+86 10", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝1+1", "\n-1"]


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text: str) -> None:
    attempt = Attempt(
        take("=cmd|' /C calc'!A0", title=text),
        heard("请慢走"),
        review(comments=(Comment(text),), reviewer=text),
    )
    out = io.BytesIO()
    assert files.write("csv", [attempt], out) == 1
    (row,) = rows_of(out.getvalue())
    assert row["trainee"] == "'=cmd|' /C calc'!A0"
    assert [row[k] for k in ("title", "reviewed by", "comments")] == [f"'{text}"] * 3
    assert row["score"] == "100.0"  # a number stays one

    out = io.BytesIO()
    assert files.write("xlsx", [attempt], out) == 1
    (sheet,) = openpyxl.load_workbook(out).worksheets
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert "=cmd|' /C calc'!A0" in [cell.value for cell in sheet[2]]
    assert b"<f>" not in zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml")


# ---- Excel -----------------------------------------------------------------


def test_excel_can_sort_filter_and_count(bare_practice: Practice, tmp_path: Path) -> None:
    passed, _corrected, _silent = fill(bare_practice)
    done = bare_practice("export", "-o", tmp_path / "练习.xlsx")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "3 takes written.\n")
    (sheet,) = openpyxl.load_workbook(tmp_path / "练习.xlsx").worksheets
    headings = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    first = dict(zip(headings, [cell.value for cell in sheet[2]], strict=True))
    assert first["id"] == passed.id
    moment = datetime.fromisoformat(passed.created_at)
    assert first["when"] == moment.astimezone().replace(tzinfo=None)
    assert (first["score"], first["accuracy"], first["line"]) == (100, 1, 1)
    assert first["why not scored"] is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00\x1b[31m红\x07", "\ufffd\ufffd[31m红\ufffd"),
        ("<r><t>&</t></r>", "<r><t>&</t></r> "),
        ("<r></x></r>", "<r></x></r> "),
        ("半 \ufffe\ud800", "半 \ufffd\ufffd"),
        ("https://example.com", "https://example.com"),
        ("字" * 40_000, "字" * 32_767),
    ],
)
def test_excel_opens_whatever_was_written(text: str, shown: str) -> None:
    attempt = Attempt(take(), heard("请慢走"), review(comments=(Comment(text),)))
    out = io.BytesIO()
    files.write("xlsx", [attempt], out)
    (sheet,) = openpyxl.load_workbook(out).worksheets
    assert shown in [cell.value for cell in sheet[2]]


def test_excel_is_told_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "EXCEL_ROWS", 3)
    attempt = Attempt(take(), heard("请慢走"))
    assert files.write("xlsx", [attempt] * 2, io.BytesIO()) == 2
    with pytest.raises(ExportError, match="no more than 2"):
        files.write("xlsx", [attempt] * 3, io.BytesIO())


# ---- JSON ------------------------------------------------------------------


def test_json_is_what_history_prints(bare_practice: Practice, tmp_path: Path) -> None:
    fill(bare_practice)
    bare_practice("export", "-o", tmp_path / "takes.json")
    lines = (tmp_path / "takes.json").read_text("utf-8").splitlines()
    written = [json.loads(line) for line in lines]
    env = {k: v for k, v in bare_practice.env.items() if k != "PRACTICE_TRAINEE"}
    assert written == bare_practice.json("history", env=env)[::-1]
    assert [json.loads(line) for line in exported(bare_practice, "--format", "json").splitlines()]


# ---- which takes -----------------------------------------------------------


def test_filters(bare_practice: Practice) -> None:
    passed, corrected, silent = fill(bare_practice)

    def ids(*args: str) -> list[str]:
        return [row["id"] for row in rows_of(exported(bare_practice, *args))]

    assert ids("--trainee", "王芳") == [passed.id, silent.id]
    assert ids("--group", "二厅") == [corrected.id]
    assert ids("--scenario", "greeting") == []
    assert ids("--result", "unscored") == [silent.id]
    assert ids("--result", "passed") == [passed.id, corrected.id]
    assert ids("--reviewed") == [corrected.id]
    assert ids("--unreviewed", "--trainee", "王芳") == [passed.id, silent.id]
    assert ids(silent.id[:13], passed.id, silent.id) == [silent.id, passed.id]


def test_a_day_is_a_day_of_this_machine(bare_practice: Practice) -> None:
    store = Store(bare_practice.recordings)
    late, early = (
        take(created_at="2026-11-21T15:59:59.999+00:00"),  # in Shanghai still the 21st
        take(created_at="2026-11-21T16:00:00.000+00:00"),  # and here the 22nd
    )
    store.add(late, heard("请慢走"))
    store.add(early, heard("请慢走"))
    env = bare_practice.env | {"TZ": "Asia/Shanghai"}
    bare_practice.env = env
    for args, expected in (
        (["--since", "2026-11-22"], [early.id]),
        (["--until", "2026-11-21"], [late.id]),
        (["--since", "2026-11-21", "--until", "2026-11-22"], [early.id, late.id]),
        (["--since", "2026-11-23"], []),
    ):
        rows = rows_of(exported(bare_practice, *args))
        assert [row["id"] for row in rows] == expected
    assert rows_of(exported(bare_practice, early.id))[0]["when"] == "2026-11-22 00:00"


@pytest.fixture(scope="module", params=["Asia/Shanghai", "America/Havana", "Asia/Beirut"])
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """A zone of its own; in two of them clocks are changed at midnight."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@given(
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),
    nearby=st.integers(-1, 1),
)
def test_a_take_is_of_the_day_that_is_shown(zone: None, moment: datetime, nearby: int) -> None:
    at = moment.isoformat(timespec="milliseconds") + "+00:00"
    day = date.fromisoformat(local_time(at)[:10]) + timedelta(days=nearby)
    assert (beginning(day) <= at < beginning(day + timedelta(days=1))) is (nearby == 0)


# ---- files that are written wholly or not at all ---------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_file_stays_until_the_new_one_is_whole(
    bare_practice: Practice, tmp_path: Path, kind: str
) -> None:
    passed, _corrected, silent = fill(bare_practice)
    with sqlite3.connect(bare_practice.recordings / DATABASE) as db:
        db.execute("UPDATE scores SET assessment = '{' WHERE attempt_id = ?", [silent.id])
    path = tmp_path / f"takes.{kind}"
    path.write_bytes(b"older")
    broken = bare_practice("export", "-o", path)
    assert broken.returncode == 1
    assert "are damaged" in broken.stderr
    assert path.read_bytes() == b"older"
    assert bare_practice("export", "-o", path, passed.id).returncode == 0
    assert path.read_bytes() != b"older"
    assert list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part")) == []


def test_places_that_cannot_be_written(bare_practice: Practice, tmp_path: Path) -> None:
    fill(bare_practice)
    (tmp_path / "folder.csv").mkdir()
    for place in (tmp_path / "none" / "x.csv", tmp_path / "folder.csv", Path("/proc/x.csv")):
        done = bare_practice("export", "-o", place)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "cannot be written" in done.stderr
    full = bare_practice("export", "--format", "xlsx", "-o", "/dev/full")
    assert full.returncode == 1
    assert "cannot be written" in full.stderr
    assert bare_practice("export", "--format", "csv", "-o", "/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()
    assert len(rows_of(exported(bare_practice, "--format", "csv", "-o", "/dev/stdout"))) == 3


def test_without_takes(bare_practice: Practice, tmp_path: Path) -> None:
    done = bare_practice("export", "-o", tmp_path / "takes.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No takes in" in done.stderr
    assert not (tmp_path / "takes.csv").exists()
    assert not bare_practice.recordings.exists()
    Store(bare_practice.recordings)
    for kind in KINDS:
        done = bare_practice("export", "-o", tmp_path / f"takes.{kind}")
        assert done.stderr == "0 takes written.\n"
    assert rows_of((tmp_path / "takes.csv").read_bytes()) == []
    (sheet,) = openpyxl.load_workbook(tmp_path / "takes.xlsx").worksheets
    assert sheet.max_row == 1


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--format", "xlsx"], "Excel needs a file"),
        (["-o", "takes.txt"], "doesn't tell the format"),
        (["-o", "takes"], "doesn't tell the format"),
        (["--since", "yesterday"], "is no day"),
        (["--until", "0001-01-01"], "is no day"),
        (["--until", "9999-12-31"], "is no day"),
        (["--result", "good"], "--result"),
        (["abcd", "--reviewed"], "not both"),
    ],
)
def test_wrong_usage(bare_practice: Practice, args: list[str], why: str) -> None:
    done = bare_practice("export", *args)
    assert done.returncode == 2
    assert why in re.sub(r"\s+", " ", done.stderr)


# ---- the report ------------------------------------------------------------


@dataclass
class Opened:
    """A page, and everything that it asked for, complained about or popped up."""

    page: Page
    requests: list[str]
    noise: list[str]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[[Path], Opened]]:
    context = chromium.new_context(viewport={"width": 390, "height": 800})

    def open_page(path: Path) -> Opened:
        opened = Opened(context.new_page(), [], [])
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.noise.append(message.text))
        opened.page.on("pageerror", lambda error: opened.noise.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.noise.append(dialog.message))
        opened.page.goto(path.as_uri())
        return opened

    yield open_page
    context.close()


EVIL_NAME = "<script>alert(1)</script>"


def with_sound(practice: Practice, made: Take, clip: str) -> Take:
    """Lay a clip down as the recording of a take."""
    named = replace(made, audio=takes.audio_name(made.id, made.created_at, ".flac"))
    shutil.copy(CLIPS / clip, takes.audio_path(practice.recordings, named.audio or ""))
    return named


def report_on(practice: Practice, *args: str, **kwargs: Any) -> Path:
    done = practice("report", *args, "-o", practice.home / "report.html", **kwargs)
    assert done.returncode == 0, done.stderr
    return practice.home / "report.html"


def fill_evil(practice: Practice) -> None:
    store = Store(practice.recordings)
    made = take(EVIL_NAME, "一厅", created_at=AT.format(1), title="<img src=x onerror=alert(2)>")
    made = with_sound(practice, made, "farewell-without-please.flac")
    store.add(made, heard("满走啊"))
    store.add_review(
        made.id,
        review(
            reviewer="</style><script>alert(3)</script>",
            marks=(Mark("请", 1, Verdict.HEARD, "<b>清楚</b>"),),
            decision=Decision.PASS,
            comments=(Comment('<img src="https://example.com/x.png">'), Comment("两\n行", 1.5)),
        ),
    )
    silent = take(EVIL_NAME, "一厅", created_at=AT.format(0), audio=None)
    store.add(silent, silence())


def test_a_report_needs_nothing_and_runs_nothing(
    bare_practice: Practice, opened: Callable[[Path], Opened]
) -> None:
    fill_evil(bare_practice)
    path = report_on(bare_practice, EVIL_NAME)
    it = opened(path)
    page = it.page
    assert page.get_by_role("heading", level=1).inner_text() == f"Practice report: {EVIL_NAME}"
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    assert [url for url in it.requests if not url.startswith("data:")] == [path.as_uri()]
    assert it.noise == []
    assert page.evaluate("document.scripts.length") == 0
    # The one picture is the plot.
    assert page.evaluate("[...document.images].map(i => [i.src.slice(0, 18), i.naturalWidth])") == [
        ["data:image/svg+xml", 720]
    ]
    seconds = page.evaluate("document.querySelector('audio').duration")
    assert math.isclose(seconds, soundfile.info(CLIPS / "farewell-without-please.flac").duration)


def test_a_report_shows_what_was_said_of_each_take(
    bare_practice: Practice, opened: Callable[[Path], Opened]
) -> None:
    fill_evil(bare_practice)
    page = opened(report_on(bare_practice, EVIL_NAME)).page
    judged, silent = page.get_by_role("article").all()
    text = judged.inner_text()
    assert "Machine: not passed" in text
    assert "passed by the trainer" in text
    assert "<b>清楚</b>" in text
    assert '<img src="https://example.com/x.png">' in text
    assert "1.5 s 两\n行" in text
    cells = [cell.locator("span").all_text_contents() for cell in judged.locator(".cell").all()]
    assert cells == [["请", "", "－"], ["慢", "满", "～"], ["走", "走", ""], ["", "啊", "＋"]]
    listed = [item.inner_text() for item in judged.get_by_label("differences").locator("li").all()]
    assert listed[0] == "－ 请: left out"
    assert listed[1] == "～ 慢 → 满: sounds almost the same"
    row = judged.get_by_role("row").filter(has=page.get_by_role("rowheader", name="请"))
    assert [cell.inner_text() for cell in row.get_by_role("cell").all()] == [
        "missed",
        "heard (<b>清楚</b>)",
    ]
    assert "No speech was found" in silent.inner_text()
    assert "There is no recording of this take here." in silent.inner_text()


def test_a_report_is_for_phones_paper_and_screen_readers(
    bare_practice: Practice, opened: Callable[[Path], Opened]
) -> None:
    fill_evil(bare_practice)
    page = opened(report_on(bare_practice, EVIL_NAME)).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.lang") == "en"
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    heads = [head.inner_text() for head in page.get_by_role("columnheader").all()]
    assert heads == ["courtesy", "missed", "judged", "courtesy", "machine", "trainer"]
    player = page.locator("audio")
    assert player.is_visible()
    assert "Recording of" in (player.get_attribute("aria-label") or "")
    page.emulate_media(media="print")
    assert not player.is_visible()
    assert page.get_by_role("article").first.is_visible()


def test_a_report_in_chinese(bare_practice: Practice, opened: Callable[[Path], Opened]) -> None:
    fill_evil(bare_practice)
    env = bare_practice.env | {"PRACTICE_LANG": "zh"}
    page = opened(report_on(bare_practice, EVIL_NAME, env=env)).page
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "敬语" in page.get_by_role("article").first.inner_text()


def test_a_plot_is_shown(tmp_path: Path, opened: Callable[[Path], Opened]) -> None:
    attempts = [Attempt(take(), heard("请慢走"))]
    plot = b"""<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100">
    <style>path { stroke: red }</style><path style="fill: none" d="M0 0L400 100"/></svg>"""
    cover = Cover(Trainee("王芳", "一厅"), AT.format(0), 1, summary_of(attempts), plot)
    with (tmp_path / "report.html").open("wb") as out:
        write_report(cover, attempts, out, None)
    it = opened(tmp_path / "report.html")
    assert it.page.get_by_role("img").evaluate("image => image.naturalWidth") == 400
    assert it.noise == []


def test_the_newest_takes_without_sound(bare_practice: Practice) -> None:
    store = Store(bare_practice.recordings)
    for i in range(4):
        made = take("王芳", "一厅", created_at=AT.format(i))
        store.add(with_sound(bare_practice, made, "seat.flac"), heard("请慢走"))
    text = report_on(bare_practice, "王芳", "--last", "3", "--no-audio").read_text("utf-8")
    assert "the newest 3 of 4 takes" in text
    assert text.count("<article") == 3
    assert "<audio" not in text
    assert report_on(bare_practice, "王芳").read_text("utf-8").count("<audio") == 4


def test_whose_report(bare_practice: Practice) -> None:
    nothing = bare_practice("report", "王芳")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "No takes in" in nothing.stderr
    store = Store(bare_practice.recordings)
    for group in ("一厅", "二厅"):
        store.add(take("王芳", group), heard("请慢走"))
    several = bare_practice("report", "王芳")
    assert several.returncode == 1
    assert "一厅, 二厅" in several.stderr
    for args in (["李雷"], ["王芳", "--group", "三厅"]):
        unknown = bare_practice("report", *args)
        assert unknown.returncode == 1
        assert f"no takes of “{args[0]}”" in unknown.stderr
    done = bare_practice("report", "王芳", "--group", "二厅", cwd=bare_practice.home)
    assert done.returncode == 0
    (path,) = bare_practice.home.glob("王芳-二厅-*.html")
    assert done.stdout == f"{path.name}: 1 take\n"


@pytest.mark.parametrize("name", ["../../王芳", "C:\\王芳", "王/芳", "..", "CON", "-o", "王芳. "])
def test_a_name_is_no_path(bare_practice: Practice, name: str) -> None:
    Store(bare_practice.recordings).add(take(name, "default"), heard("请慢走"))
    folder = bare_practice.home / "a" / "b"
    folder.mkdir(parents=True)
    done = bare_practice("report", "--no-audio", "--", name, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(list(bare_practice.home.rglob("*.html"))) == 1
    (path,) = folder.glob("*.html")
    assert re.fullmatch(r"[^\W_]*(_[^\W_]+)*-?\d{4}-\d\d-\d\d\.html", path.name)


@given(names=st.lists(st.text(max_size=60), min_size=1, max_size=2))
def test_a_file_can_have_that_name_everywhere(names: list[str]) -> None:
    name = file_name(names, date(2026, 11, 22))
    assert not set(name) & set('<>:"/\\|?* ')
    assert name.isprintable()
    assert not name.startswith((".", "-"))
    reserved = {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        *(f"{port}{n}" for port in ("COM", "LPT") for n in "123"),
    }
    assert name.split(".")[0].upper() not in reserved
    assert len(name.encode()) <= 230  # leaves room for what marks it as unfinished


def test_what_was_missed_most() -> None:
    said = ["慢走", "慢走", "请慢走", "请"]
    attempts = [Attempt(take(), heard(text)) for text in said]
    corrected = review(marks=(Mark("请", 1, Verdict.HEARD),), decision=Decision.PASS)
    attempts.append(Attempt(take(), heard("慢走"), corrected))
    attempts.append(Attempt(take(), silence()))
    summary = summary_of(attempts)
    assert (summary.takes, summary.passed, summary.failed, summary.unscored) == (6, 2, 3, 1)
    assert summary.missed == (Missed("请 (polite word)", 2, 5), Missed("慢走 (farewell)", 1, 5))
    assert summary_of([]).missed == ()


def test_sound_goes_out_small_and_whole() -> None:
    time_s = np.arange(44_100) / 44_100
    stereo = np.stack([np.zeros(44_100), 0.5 * np.sin(2 * np.pi * 440 * time_s)], axis=1)
    for kind, media_type in (("WAV", "flac"), ("OGG", "ogg"), ("MP3", "mpeg")):
        raw = io.BytesIO()
        soundfile.write(raw, stereo, 44_100, format=kind)
        head, data = embed(raw.getvalue()).uri.split(",")
        assert head == f"data:audio/{media_type};base64"
        if kind == "WAV":
            samples, rate = soundfile.read(io.BytesIO(b64decode(data)))
            assert (rate, samples.ndim) == (16_000, 1)
            assert 0.45 < np.max(np.abs(samples)) < 0.55
        else:
            assert b64decode(data) == raw.getvalue()
    assert "cannot be read" in embed(b"RIFF").why_not
    assert "no recording" in embed(None).why_not
    hour = io.BytesIO()
    soundfile.write(hour, np.zeros(8000 * 100, dtype=np.int16), 8000, format="FLAC")
    assert "too long" in embed(hour.getvalue()).why_not
