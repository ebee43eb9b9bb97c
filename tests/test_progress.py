"""``practice progress`` and ``practice show-attempt`` as a user meets them."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import matplotlib.image
import numpy as np
import pages
import pytest
import soundfile
from conftest import CHECK, MODEL, Golden, heard, take
from hypothesis import example, given
from hypothesis import strategies as st
from in_process import Practice
from playwright.sync_api import Browser, expect
from rich.cells import cell_len

from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError, ExportError, PracticeError, StoreError
from practice.output.plots import attempt as picture
from practice.output.plots import files
from practice.output.plots import files as figures
from practice.records.attempt import Assessment, Attempt, Take
from practice.records.delivery import Delivery, Pause
from practice.records.recognition import Unscored
from practice.scoring.score import VERSION, unscored
from practice.store import Store

SVG = "{http://www.w3.org/2000/svg}"
NAME = "欧阳娜娜·买买提"


def fill(practice: Practice, *texts: str, minute: int = 0, **changes: object) -> Store:
    """Store a take a day."""
    store = Store(practice.recordings)
    for n, text in enumerate(texts):
        at = f"2026-11-{10 + n:02}T08:{minute:02}:00.000+00:00"
        store.add(take(created_at=at, audio=None, **changes), heard(text))  # type: ignore[arg-type]
    return store


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def pixels(path: Path) -> np.ndarray:
    return np.asarray(matplotlib.image.imread(path))


# ---- progress --------------------------------------------------------------------


@pytest.mark.slow
def test_progress_is_read_at_a_glance(language: str, practice: Practice, golden: Golden) -> None:
    for n in range(12):
        title = f"{n}级挽留：综合受理员主动询问客户为什么要离网"
        fill(practice, "走", "慢走", "请慢走", minute=n, name=NAME, scenario=f"s{n}", title=title)
    done = practice("progress", NAME)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 20
    assert max(map(cell_len, lines)) <= 80
    first = next(line for line in lines if "级挽留" in line)
    assert re.search(r"3 +13 +100 +\+87 +▂▅█$", first.rstrip()), first
    golden("progress", done.stdout)


@pytest.mark.slow
def test_progress_is_written_as_picture_page_and_json(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    fill(practice, "慢走", "请慢走", title="<b>送别</b>")
    png, page = tmp_path / "图.png", tmp_path / "页.html"
    (made,) = practice.json("progress", "--png", png, "--page", page)
    assert (made["trainee"], made["group"], made["takes"]) == ("王芳", "一厅", 2)
    assert made["scenarios"][0]["change"] == "better"
    assert [p["result"] for p in made["points"]] == ["failed", "passed"]
    assert made["pace"] is None
    drawn = pixels(png)
    assert drawn.shape[1] == 1080
    assert 0.005 < np.mean(drawn[..., :3].mean(axis=2) < 0.9) < 0.5  # neither empty nor full
    html = page.read_text("utf-8")
    assert "<script" not in html
    assert not re.findall(r"(?:src|href)=\"(?!data:)", html)
    shown = pages.read(html)
    assert shown.rows[0][:4] == ["<b>送别</b>", "2", "57", "100"]
    assert shown.one("img").get("src").startswith("data:image/")
    golden("progress-page", shown.text)


def test_the_page_of_progress_is_shown_without_a_network(
    practice: Practice, tmp_path: Path, chromium: Browser
) -> None:
    fill(practice, "慢走", "请慢走", title="<b>送别</b>")
    page = tmp_path / "页.html"
    assert practice("progress", "--page", page).returncode == 0
    shown = chromium.new_context(offline=True).new_page()
    faults: list[str] = []
    shown.on("console", lambda message: faults.append(message.text))
    shown.goto(page.as_uri())
    expect(shown.get_by_role("heading", level=1)).to_contain_text("王芳")
    expect(shown.locator("tbody tr", has_text="<b>送别</b>")).to_contain_text("+43")
    assert shown.locator("img").evaluate("e => e.naturalWidth") == 720
    assert faults == []


@pytest.mark.slow
def test_pace_is_shown_where_it_could_be_told(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    store = Store(practice.recordings)
    for n, pace in enumerate((6.0, 6.2, None, 4.0, 4.2)):
        at = f"2026-11-{10 + n:02}T08:00:00.000+00:00"
        said = replace(heard("请慢走"), delivery=Delivery(articulation_cps=pace))
        store.add(take(created_at=at), said)
    done = practice("progress", "--png", tmp_path / "x.png")
    golden("progress-pace", done.stdout)
    assert "  ██▁" in done.stdout
    (made,) = practice.json("progress", "--page", tmp_path / "x.html")
    assert made["pace"] == {"rates": [6.0, 6.2, 4.0, 4.2], "first": 6.1, "now": 4.1}
    assert [p["pace"] for p in made["points"]] == [6.0, 6.2, None, 4.0, 4.2]
    golden("progress-pace-page", pages.read((tmp_path / "x.html").read_text("utf-8")).text)
    assert pixels(tmp_path / "x.png").shape[0] > 800  # a panel more


def test_progress_of_nobody_is_told_in_a_line(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    done = practice("progress")
    assert done.returncode == 0
    told = [one_line(done.stdout)]
    store = fill(practice, "慢走", name="王芳")
    store.add(take("李雷", "一厅", audio=None), nothing())
    store.agree(take("韩梅梅", "一厅").trainee, "用于培训")
    for name, *data in (("王方", "王芳"), ("赵云",), ("李雷",), ("韩梅梅",)):
        done = practice("progress", name, "--png", tmp_path / "x.png")
        done.refused(PracticeError, name, *data)
        told.append(done.stderr.rstrip())
    assert not (tmp_path / "x.png").exists()
    done = practice("progress", "--page", tmp_path / "no" / "x.html")
    done.refused(ExportError, "x.html")
    golden("progress-refused", "\n".join([*told, done.stderr]))


def test_of_two_halls_the_one_of_this_machine_is_meant(
    language: str, practice: Practice, golden: Golden
) -> None:
    fill(practice, "慢走", group="一厅")
    fill(practice, "慢走", "请慢走", group="二厅")
    done = practice("progress", "王芳")
    done.refused(PracticeError, "王芳", "一厅", "二厅", "--group")
    golden("progress-two-halls", done.stderr)
    (of_second,) = practice.json("progress", "王芳", "--group", "二厅")
    assert (of_second["trainee"], of_second["group"], of_second["takes"]) == ("王芳", "二厅", 2)
    settings = practice.home / ".config/practice/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"trainee": "王芳", "group": "一厅"}', "utf-8")
    del practice.env["PRACTICE_TRAINEE"]
    (own,) = practice.json("progress")
    assert (own["trainee"], own["group"], own["takes"]) == ("王芳", "一厅", 1)
    golden("progress-one-take", practice("progress").stdout)


# ---- the picture of a take -------------------------------------------------------


def nothing() -> Assessment:
    check = replace(CHECK, spans_s=())
    return Assessment(check, None, None, unscored(take().spec, Unscored.NO_SPEECH), MODEL, VERSION)


def timed(text: str, times_s: tuple[float, ...]) -> Assessment:
    made = heard(text)
    assert made.transcript is not None
    check = replace(CHECK, spans_s=((0.5, 1.0), (1.6, 2.4)))
    return replace(made, check=check, transcript=replace(made.transcript, times_s=times_s))


def kept(practice: Practice, assessment: Assessment, samples: np.ndarray) -> Take:
    """A take with a recording."""
    made = take()
    assert made.audio is not None
    path = practice.recordings / made.audio
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE_HZ)
    Store(practice.recordings).add(made, assessment)
    return made


def voice(seconds: float) -> np.ndarray:
    """A buzz at 200 Hz."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.1 * sum(np.sin(2 * np.pi * 200 * n * t) / n for n in range(1, 8))


@pytest.mark.slow
def test_a_take_is_drawn(practice: Practice, tmp_path: Path) -> None:
    made = kept(practice, timed("慢走", (0.5, 1.6)), voice(3))
    path = tmp_path / "一条.png"
    done = practice("show-attempt", made.id[:6], "--png", path)
    assert done.returncode == 0, done.stderr
    assert one_line(done.stdout) == str(path)
    drawn = pixels(path)
    assert drawn.shape[1] == picture.WIDTH * figures.PNG_SCALE
    assert 0.02 < np.mean(drawn[..., :3].mean(axis=2) < 0.9) < 0.5


def test_of_a_take_that_was_not_scored_the_reason_is_told(
    language: str, practice: Practice, golden: Golden
) -> None:
    made = kept(practice, nothing(), voice(1))
    done = practice("show-attempt", made.id)
    assert done.returncode == 0
    golden("show-attempt-unscored", done.stdout)


@pytest.mark.slow
def test_the_picture_has_what_was_left_out_and_the_pauses(language: str, golden: Golden) -> None:
    attempt = Attempt(take(), timed("慢走", (0.5, 1.7)))
    plan = picture.layout(attempt, 3.0)
    assert [(g.text, g.is_missing) for g in plan.glyphs] == [
        ("请", True),
        ("慢", False),
        ("走", False),
    ]
    assert [g.at_s for g in plan.glyphs][1:] == [0.5, 1.7]
    # A time that has the pause as its part is that of the speech after it.
    early = picture.layout(Attempt(take(), timed("请慢走", (0.5, 0.9, 1.9))), 3.0)
    assert [g.at_s for g in early.glyphs] == [0.5, 1.6, 1.9]
    assert plan.glyphs[0].at_s < 0.5
    assert [(p.start_s, p.length_s) for p in plan.pauses] == [(1.0, pytest.approx(0.6))]
    assert plan.rows == 1
    shown = texts(picture.svg(attempt, wav(voice(3))))
    assert {"请", "慢", "走"} <= set(shown)
    golden("picture-left-out", words(shown))


@pytest.mark.slow
def test_the_picture_has_the_script_and_above_it_what_was_heard_instead(
    language: str, golden: Golden
) -> None:
    attempt = Attempt(take(), timed("满狗呀", (0.5, 1.7, 1.9)))
    plan = picture.layout(attempt, 3.0)
    assert [(g.text, g.heard) for g in plan.glyphs] == [
        ("请", ""),
        ("慢", "满"),
        ("走", "狗"),
        ("", "呀"),
    ]
    shown = texts(picture.svg(attempt, wav(voice(3))))
    assert {"慢", "满", "走", "狗", "呀"} <= set(shown)
    golden("picture-heard-instead", words(shown))


@pytest.mark.slow
def test_a_pause_inside_a_phrase_is_told_apart(language: str, golden: Golden) -> None:
    pauses = (Pause(0.9, 0.4, 1, inside=True), Pause(1.6, 0.7, 3, inside=False))
    said = replace(timed("请慢走", (0.5, 1.4, 2.4)), delivery=Delivery(pauses=pauses))
    shown = texts(picture.svg(Attempt(take(), said), wav(voice(3))))
    golden("picture-pauses", words(shown))


def test_a_minute_is_drawn_in_rows() -> None:
    text = "请慢走" * 80
    times = tuple(0.25 * i for i in range(len(text)))
    made = timed(text, times)
    check = replace(made.check, duration_s=60.0, spans_s=((0.0, 60.0),))
    plan = picture.layout(Attempt(take(), replace(made, check=check)), 60.0)
    assert plan.rows == 6
    assert plan.rows * plan.row_s == pytest.approx(60)
    said = [g for g in plan.glyphs if not g.is_missing]
    assert [g.text or g.heard for g in said] == list(text)
    assert all(g.row * plan.row_s <= g.at_s <= (g.row + 1) * plan.row_s for g in said)


@given(st.lists(st.floats(0, 1), max_size=60).map(sorted), st.floats(0.001, 0.1))
@example([0.5] * 60, 0.1)  # more than there is room for
def test_characters_do_not_cover_each_other(wanted: list[float], step: float) -> None:
    places = picture.room_for(wanted, step)
    assert len(places) == len(wanted)
    assert all(0 <= x <= 1 for x in places)
    least = min(step, 1 / len(wanted)) if wanted else 0
    assert all(b - a >= least - 1e-9 for a, b in pairwise(places))


@pytest.mark.slow
def test_what_has_no_voice_or_no_text_is_drawn_all_the_same(language: str, golden: Golden) -> None:
    whisper = np.random.default_rng(1).normal(0, 0.01, RATE_HZ)
    for name, assessment in (("no-speech", nothing()), ("no-times", heard("慢走"))):
        shown = texts(picture.svg(Attempt(take(), assessment), wav(whisper)))
        assert "请" not in shown
        golden(f"picture-{name}", words(shown))
    odd = replace(timed("慢走", (-700.0, -600.0)), check=replace(CHECK, spans_s=((-500.0, 0.4),)))
    assert picture.svg(Attempt(take(), odd), wav(whisper))
    one = picture.svg(Attempt(take(), heard("请")), wav(whisper[:1]))
    assert ElementTree.fromstring(one).get("width") == "960pt"


@pytest.mark.slow
def test_names_in_a_picture_are_only_text() -> None:
    odd = take("<script>alert(1)</script> $x_1$ \\frac\x00", title="\n\x1b[31m")
    drawn = picture.svg(Attempt(odd, timed("慢走", (0.5, 1.7))), wav(voice(3)))
    assert b"<script" not in drawn
    assert any(
        text.startswith("<script>alert(1)</script> $x_1$ \\frac\ufffd") for text in texts(drawn)
    )


def test_mistakes_with_pictures_are_told_in_a_line(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    path = tmp_path / "x.png"
    done = practice("show-attempt", "1234", "--png", path)
    assert done.returncode == 0
    told = [one_line(done.stdout)]
    gone = take()
    Store(practice.recordings).add(gone, heard("慢走"))
    broken = kept(practice, heard("慢走"), voice(1))
    (practice.recordings / (broken.audio or "")).write_bytes(b"RIFFx")
    unknown = str(uuid4())
    for attempt_id, kind, data in (
        (gone.id, AudioError, gone.id[:8]),
        (broken.id, AudioError, broken.audio or ""),
        (unknown, StoreError, unknown),
    ):
        done = practice("show-attempt", attempt_id, "--png", path)
        done.refused(kind, data)
        told.append(done.stderr.rstrip())
    golden("show-attempt-refused", "\n".join(told))
    assert not path.exists()
    assert practice("show-attempt", "", "--png", path).returncode == 2
    done = practice("show-attempt", gone.id)
    assert done.returncode == 0
    golden("show-attempt-without-sound", done.stdout.replace(gone.audio or "", "take.wav"))


def test_without_a_chinese_font_nothing_is_drawn(
    language: str, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files.families("Wang Fang 100") == ["DejaVu Sans"]
    assert files.families("王芳 \U0002a6a5")[0] != "DejaVu Sans"
    monkeypatch.setattr(files, "_candidates", lambda: iter([("DejaVu Sans", latin_font())]))
    with pytest.raises(ExportError) as refused:
        files.families("王芳")
    golden("picture-no-font", str(refused.value))


def latin_font() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont("DejaVu Sans"))


def wav(samples: np.ndarray) -> bytes:
    out = BytesIO()
    soundfile.write(out, samples, RATE_HZ, format="WAV")
    return out.getvalue()


def texts(svg: bytes) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def words(shown: list[str]) -> str:
    """Texts without the bare numbers of the axes."""
    return "\n".join(text for text in shown if re.search(r"[^\W\d]", text))
