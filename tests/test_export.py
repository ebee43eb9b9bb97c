"""What goes out: tables that a spreadsheet opens safely, and a report that needs nothing else."""

from __future__ import annotations

import csv
import errno
import gc
import io
import json
import math
import os
import re
import resource
import shutil
import sqlite3
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import soundfile
from conftest import CHECK, CLIPS, LINE, Golden, heard, review, take
from hypothesis import example, given
from hypothesis import strategies as st
from in_process import Practice
from pages import Page, read
from playwright.sync_api import Browser

from practice.errors import ExportError, PracticeError, StoreError
from practice.output.export import KINDS, tables
from practice.output.export.report import Report, embed, file_name, write_report
from practice.output.wording import local_time
from practice.records.attempt import Assessment, Attempt, Take, Trainee
from practice.records.recognition import Unscored
from practice.records.review import Comment, Decision, Mark, Observation
from practice.records.score import Verdict
from practice.scoring.score import VERSION, unscored
from practice.scoring.trend import ElementCount
from practice.store import Store
from practice.store import recordings as takes
from practice.store.database import FILE as DATABASE
from practice.store.database import beginning

AT = "2026-11-22T08:00:0{}.000+00:00"


def silence() -> Assessment:
    check = replace(CHECK, spans_s=())
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


# What stands in the columns, whatever their headings are called.
FIELDS = (
    "id", "when", "group", "trainee", "scenario", "title", "line", "take", "script", "heard",
    "accuracy", "machine result", "machine score", "machine missed", "machine unsure", "reason",
    "banned", "result", "score", "missed", "unsure", "reviewer", "decision", "comments", "posture",
    "recording", "model", "scorer",
)  # fmt: skip


def table_of(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")  # without it Excel in China reads GBK
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows_of(data: bytes) -> list[dict[str, str]]:
    return [dict(zip(FIELDS, row, strict=True)) for row in table_of(data)[1:]]


def exported(practice: Practice, *args: str | Path) -> bytes:
    """What a command writes to its standard output, byte for byte."""
    done = practice("export", *args)
    assert done.returncode == 0, done.stderr
    return done.stdout.encode()


# ---- CSV -------------------------------------------------------------------


def test_csv_has_a_row_for_each_take(language: str, practice: Practice, golden: Golden) -> None:
    passed, corrected, silent = fill(practice)
    data = exported(practice)
    headings, *table = table_of(data)
    shown = (
        "\n".join(f"{head}: {cell}" for head, cell in zip(headings, row, strict=True))
        for row in table
    )
    golden("export-table", "\n\n".join(shown))
    first, second, third = rows_of(data)
    assert [row["id"] for row in (first, second, third)] == [passed.id, corrected.id, silent.id]
    assert (first["trainee"], first["group"], first["script"]) == ("王芳", "一厅", "请慢走")
    assert (first["score"], first["accuracy"], first["line"]) == ("100.0", "1.0", "1")
    assert first["result"] == first["machine result"] == second["result"]
    assert len({second["machine result"], second["result"], third["result"]}) == 3
    assert second["machine missed"].startswith("请")
    assert (second["missed"], second["reviewer"]) == ("", "李老师")
    assert float(second["machine score"]) < float(second["score"])
    assert second["comments"] == "声音再大一点\n1.5 s  这里\n停一下"
    assert "李老师" in second["posture"]
    assert (third["score"], third["heard"]) == ("", "")
    assert third["reason"] != ""
    assert first["reason"] == second["reason"] == ""


EVIL = ["=1+1", "+86 10", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝1+1", "\n-1"]


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text: str) -> None:
    attempt = Attempt(
        take("=cmd|' /C calc'!A0", title=text),
        heard("请慢走"),
        review(comments=(Comment(text),), reviewer=text),
    )
    out = io.BytesIO()
    assert tables.write("csv", [attempt], out) == 1
    (row,) = rows_of(out.getvalue())
    assert row["trainee"] == "'=cmd|' /C calc'!A0"
    assert [row[k] for k in ("title", "reviewer", "comments")] == [f"'{text}"] * 3
    assert row["score"] == "100.0"  # a number stays one

    out = io.BytesIO()
    assert tables.write("xlsx", [attempt], out) == 1
    (sheet,) = openpyxl.load_workbook(out).worksheets
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert "=cmd|' /C calc'!A0" in [cell.value for cell in sheet[2]]
    assert b"<f>" not in zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml")


# ---- Excel -----------------------------------------------------------------


def test_excel_can_sort_filter_and_count(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    passed, _corrected, _silent = fill(practice)
    done = practice("export", "-o", tmp_path / "练习.xlsx")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    (sheet,) = openpyxl.load_workbook(tmp_path / "练习.xlsx").worksheets
    headings = [str(cell.value) for cell in sheet[1]]
    golden("export-excel", "\n".join([done.stderr, sheet.title, *headings]))
    assert headings == table_of(exported(practice))[0]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    first = dict(zip(FIELDS, [cell.value for cell in sheet[2]], strict=True))
    assert first["id"] == passed.id
    moment = datetime.fromisoformat(passed.created_at)
    assert first["when"] == moment.astimezone().replace(tzinfo=None)
    assert (first["score"], first["accuracy"], first["line"]) == (100, 1, 1)
    assert first["reason"] is None


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
    tables.write("xlsx", [attempt], out)
    (sheet,) = openpyxl.load_workbook(out).worksheets
    assert shown in [cell.value for cell in sheet[2]]


def test_excel_is_told_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "EXCEL_ROWS", 3)
    attempt = Attempt(take(), heard("请慢走"))
    assert tables.write("xlsx", [attempt] * 2, io.BytesIO()) == 2
    with pytest.raises(ExportError, match=r"\b2\b"):
        tables.write("xlsx", [attempt] * 3, io.BytesIO())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_excel_is_told_where_its_parts_find_no_room() -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))  # as a full disk, but for tests
    try:
        with pytest.raises(OSError) as error:  # noqa: PT011 - of that number
            tables.write("xlsx", [Attempt(take(), heard("请慢走"))], io.BytesIO())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert error.value.errno == errno.EFBIG
    del error
    gc.collect()  # xlsxwriter's archive complains once more when it is cleared away


# ---- JSON ------------------------------------------------------------------


def test_json_is_what_history_prints(practice: Practice, tmp_path: Path) -> None:
    fill(practice)
    practice("export", "-o", tmp_path / "takes.json")
    lines = (tmp_path / "takes.json").read_text("utf-8").splitlines()
    written = [json.loads(line) for line in lines]
    env = {k: v for k, v in practice.env.items() if k != "PRACTICE_TRAINEE"}
    assert written == practice.json("history", env=env)[::-1]
    assert [json.loads(line) for line in exported(practice, "--format", "json").splitlines()]


# ---- which takes -----------------------------------------------------------


def test_filters(practice: Practice) -> None:
    passed, corrected, silent = fill(practice)

    def ids(*args: str) -> list[str]:
        return [row["id"] for row in rows_of(exported(practice, *args))]

    assert ids("--trainee", "王芳") == [passed.id, silent.id]
    assert ids("--group", "二厅") == [corrected.id]
    assert ids("--scenario", "greeting") == []
    assert ids("--result", "unscored") == [silent.id]
    assert ids("--result", "passed") == [passed.id, corrected.id]
    assert ids("--reviewed") == [corrected.id]
    assert ids("--unreviewed", "--trainee", "王芳") == [passed.id, silent.id]
    assert ids(silent.id[:13], passed.id, silent.id) == [silent.id, passed.id]


@contextmanager
def clock_in(zone: str) -> Iterator[None]:
    """This machine's clock as it is elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


def test_a_day_is_a_day_of_this_machine(practice: Practice) -> None:
    store = Store(practice.recordings)
    late, early = (
        take(created_at="2026-11-21T15:59:59.999+00:00"),  # in Shanghai still the 21st
        take(created_at="2026-11-21T16:00:00.000+00:00"),  # and here the 22nd
    )
    store.add(late, heard("请慢走"))
    store.add(early, heard("请慢走"))
    practice.env["TZ"] = "Asia/Shanghai"
    with clock_in("Asia/Shanghai"):
        for args, expected in (
            (["--since", "2026-11-22"], [early.id]),
            (["--until", "2026-11-21"], [late.id]),
            (["--since", "2026-11-21", "--until", "2026-11-22"], [early.id, late.id]),
            (["--since", "2026-11-23"], []),
        ):
            rows = rows_of(exported(practice, *args))
            assert [row["id"] for row in rows] == expected
        assert rows_of(exported(practice, early.id))[0]["when"] == "2026-11-22 00:00"


@pytest.fixture(scope="module", params=["Asia/Shanghai", "America/Havana", "Asia/Beirut"])
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """A zone of its own; in two of them clocks are changed at midnight."""
    with clock_in(request.param):
        yield


@given(
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),
    nearby=st.integers(-1, 1),
)
@example(datetime(2024, 3, 30, 21), 0)  # an hour before a day without midnight in Beirut
@example(datetime(2024, 3, 10, 4, 59), 0)  # and in Havana
@example(datetime(2024, 11, 3, 4, 30), 0)  # the first of two midnights in Havana
def test_a_take_is_of_the_day_that_is_shown(zone: None, moment: datetime, nearby: int) -> None:
    at = moment.isoformat(timespec="milliseconds") + "+00:00"
    day = date.fromisoformat(local_time(at)[:10]) + timedelta(days=nearby)
    assert (beginning(day) <= at < beginning(day + timedelta(days=1))) is (nearby == 0)


# ---- files that are written wholly or not at all ---------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_file_stays_until_the_new_one_is_whole(
    practice: Practice, tmp_path: Path, kind: str
) -> None:
    passed, _corrected, silent = fill(practice)
    with closing(sqlite3.connect(practice.recordings / DATABASE)) as db, db:
        db.execute("UPDATE scores SET assessment = '{' WHERE attempt_id = ?", [silent.id])
    path = tmp_path / f"takes.{kind}"
    path.write_bytes(b"older")
    practice("export", "-o", path).refused(StoreError, DATABASE)
    assert path.read_bytes() == b"older"
    assert practice("export", "-o", path, passed.id).returncode == 0
    assert path.read_bytes() != b"older"
    assert list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part")) == []


def test_places_that_cannot_be_written(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    fill(practice)
    (tmp_path / "folder.csv").mkdir()
    told = []
    for place in (tmp_path / "none" / "x.csv", tmp_path / "folder.csv", Path("/proc/x.csv")):
        done = practice("export", "-o", place)
        done.refused(ExportError, str(place))
        told.append(done.stderr)
    golden("export-not-written", "".join(told))


@pytest.mark.slow
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_on_one_line(practice: Practice, kind: str) -> None:
    fill(practice)
    done = practice("export", "--format", kind, "-o", "/dev/full")
    done.refused(ExportError, "/dev/full")
    del done
    gc.collect()  # nor does Python print what it clears away


def test_what_is_no_file_is_written_into(practice: Practice) -> None:
    fill(practice)
    assert practice("export", "--format", "csv", "-o", "/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()
    read_end, write_end = os.pipe()
    # The way to what it is a name of, as /dev/stdout is.
    done = practice("export", "--format", "csv", "-o", f"/dev/fd/{write_end}")
    assert done.returncode == 0, done.stderr
    os.close(write_end)
    with open(read_end, "rb") as pipe:  # noqa: PTH123 - it has no path
        assert len(rows_of(pipe.read())) == 3


def test_without_takes(language: str, practice: Practice, golden: Golden, tmp_path: Path) -> None:
    done = practice("export", "-o", tmp_path / "takes.csv")
    assert (done.returncode, done.stdout) == (0, "")
    told = [done.stderr]
    assert not (tmp_path / "takes.csv").exists()
    assert not practice.recordings.exists()
    Store(practice.recordings)
    for kind in KINDS:
        done = practice("export", "-o", tmp_path / f"takes.{kind}")
        assert done.returncode == 0
        told.append(done.stderr)
    golden("export-nothing", "".join(told))
    assert rows_of((tmp_path / "takes.csv").read_bytes()) == []
    (sheet,) = openpyxl.load_workbook(tmp_path / "takes.xlsx").worksheets
    assert sheet.max_row == 1


def test_wrong_usage(language: str, practice: Practice, golden: Golden) -> None:
    told = []
    for args in (
        ["--format", "xlsx"],
        ["-o", "takes.txt"],
        ["-o", "takes"],
        ["--since", "yesterday"],
        ["--until", "0001-01-01"],
        ["--until", "9999-12-31"],
        ["--result", "good"],
        ["abcd", "--reviewed"],
    ):
        done = practice("export", *args)
        assert (done.returncode, done.stdout) == (2, ""), args
        told.append(done.stderr)
    golden("export-usage", "\n".join(told))


# ---- the report ------------------------------------------------------------


EVIL_NAME = "<script>alert(1)</script>"


def with_sound(practice: Practice, made: Take, clip: str) -> Take:
    """Lay a clip down as the recording of a take."""
    named = replace(made, audio=takes.audio_name(made.id, made.created_at, ".flac"))
    shutil.copy(CLIPS / clip, takes.audio_path(practice.recordings, named.audio or ""))
    return named


def report_on(practice: Practice, *args: str) -> Path:
    done = practice("report", *args, "-o", practice.home / "report.html")
    assert done.returncode == 0, done.stderr
    return practice.home / "report.html"


def page_on(practice: Practice, *args: str) -> Page:
    return read(report_on(practice, *args).read_text("utf-8"))


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


def test_a_report_needs_nothing_and_runs_nothing(practice: Practice, chromium: Browser) -> None:
    """In a real browser, as wide as a phone, and as it is printed."""
    fill_evil(practice)
    path = report_on(practice, EVIL_NAME)
    requests, noise = [], []
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: noise.append(dialog.message))
    page.goto(path.as_uri())
    assert EVIL_NAME in page.get_by_role("heading", level=1).inner_text()
    player = page.locator("audio")
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert page.evaluate("document.scripts.length") == 0
    # The one picture is the plot, whose style is its own.
    assert page.evaluate("[...document.images].map(i => [i.src.slice(0, 18), i.naturalWidth])") == [
        ["data:image/svg+xml", 720]
    ]
    seconds = player.evaluate("player => player.duration")
    assert math.isclose(seconds, soundfile.info(CLIPS / "farewell-without-please.flac").duration)
    assert "1.5 s 两\n行" in page.get_by_role("article").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    assert player.is_visible()
    page.emulate_media(media="print")
    assert not player.is_visible()
    assert page.get_by_role("article").first.is_visible()
    assert noise == []
    context.close()


def test_a_report_shows_what_was_said_of_each_take(
    language: str, practice: Practice, golden: Golden
) -> None:
    fill_evil(practice)
    page = page_on(practice, EVIL_NAME)
    golden("report", page.text)
    judged, silent = page.root.all("article")
    assert "<b>清楚</b>" in judged.words
    assert '<img src="https://example.com/x.png">' in judged.words
    assert [len(list(page.root.all(tag))) for tag in ("script", "b", "img", "link")] == [0, 0, 1, 0]
    cells = [[span.raw for span in cell.all("span")] for cell in judged.all("div", class_="cell")]
    assert cells == [["请", "", "－"], ["慢", "满", "～"], ["走", "走", ""], ["", "啊", "＋"]]
    assert len(list(judged.all("audio"))) == 1
    assert list(silent.all("audio")) == []


def test_a_report_is_for_phones_paper_and_screen_readers(language: str, practice: Practice) -> None:
    fill_evil(practice)
    page = page_on(practice, EVIL_NAME)
    assert page.one("html").get("lang") == {"en": "en", "zh": "zh-CN"}[language]
    assert "width=device-width" in page.one("meta", name="viewport").get("content")
    for landmark in ("header", "main", "footer"):
        assert page.one(landmark)
    heads = [*page.root.all("th", scope="col")]
    assert len(heads) == 6
    assert all(head.words for head in heads)
    assert re.search(r"\d", page.one("audio").get("aria-label"))  # when it was recorded
    named = {e.get("id") for tag in ("h2", "h3") for e in page.root.all(tag)}
    labels = [e.get("aria-labelledby") for t in ("section", "article") for e in page.root.all(t)]
    assert len(labels) == 5
    assert set(labels) <= named


def test_a_plot_is_shown() -> None:
    attempts = [Attempt(take(), heard("请慢走"))]
    plot = b"""<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100">
    <style>path { stroke: red }</style><path style="fill: none" d="M0 0L400 100"/></svg>"""
    report = Report(Trainee("王芳", "一厅"), AT.format(0), 1, attempts, plot)
    for shown, many in ((report, 1), (replace(report, trend=None), 0)):
        out = io.BytesIO()
        write_report(shown, attempts, out, None)
        pictures = [img.get("src") for img in read(out.getvalue().decode()).root.all("img")]
        assert len(pictures) == many
        for picture in pictures:
            kind, data = picture.split(",")
            assert kind == "data:image/svg+xml;base64"
            assert b64decode(data) == plot


@pytest.mark.slow
def test_the_newest_takes_without_sound(language: str, practice: Practice, golden: Golden) -> None:
    store = Store(practice.recordings)
    for i in range(4):
        made = take("王芳", "一厅", created_at=AT.format(i))
        store.add(with_sound(practice, made, "seat.flac"), heard("请慢走"))
    page = page_on(practice, "王芳", "--last", "3", "--no-audio")
    golden("report-newest", page.one("header").words)
    moments = [next(a.all("time")).get("datetime") for a in page.root.all("article")]
    assert moments == [AT.format(i) for i in (3, 2, 1)]
    assert list(page.root.all("audio")) == []
    assert len(list(page_on(practice, "王芳").root.all("audio"))) == 4


def test_whose_report(
    language: str, practice: Practice, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(practice.home)
    nothing = practice("report", "王芳")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    told = [nothing.stderr]
    store = Store(practice.recordings)
    for group in ("一厅", "二厅"):
        store.add(take("王芳", group), heard("请慢走"))
    several = practice("report", "王芳")
    several.refused(PracticeError, "王芳", "一厅", "二厅", "--group")
    told.append(several.stderr)
    for args in (["李雷"], ["王芳", "--group", "三厅"]):
        unknown = practice("report", *args)
        unknown.refused(PracticeError, args[0])
        told.append(unknown.stderr)
    done = practice("report", "王芳", "--group", "二厅")
    assert done.returncode == 0
    (path,) = practice.home.glob("王芳-二厅-*.html")
    assert path.name in done.stdout
    golden("report-whose", "".join([*told, done.stdout]))


@pytest.mark.parametrize("name", ["../../王芳", "C:\\王芳", "王/芳", "..", "CON", "-o", "王芳. "])
def test_a_name_is_no_path(practice: Practice, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    Store(practice.recordings).add(take(name, "default"), heard("请慢走"))
    folder = practice.home / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    done = practice("report", "--no-audio", "--", name)
    assert done.returncode == 0, done.stderr
    assert len(list(practice.home.rglob("*.html"))) == 1
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
    report = Report(Trainee("王芳", "一厅"), AT.format(0), 6, attempts)
    assert report.results == {"passed": 2, "failed": 3, "unscored": 1}
    please, goodbye = attempts[0].assessment.score.elements
    assert report.missed == [
        ElementCount("请", please.kind, heard=3, missed=2, unsure=0),
        ElementCount("慢走", goodbye.kind, heard=4, missed=1, unsure=0),
    ]
    assert replace(report, attempts=[]).missed == []


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


def test_why_there_is_no_sound(language: str, golden: Golden) -> None:
    hour = io.BytesIO()
    soundfile.write(hour, np.zeros(8000 * 100, dtype=np.int16), 8000, format="FLAC")
    without = [embed(data) for data in (b"RIFF", None, hour.getvalue())]
    assert [sound.uri for sound in without] == [""] * 3
    golden("report-no-sound", "\n".join(sound.why_not for sound in without))
