"""``practice progress`` and ``practice show-take`` as a user meets them."""

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
import pytest
import soundfile
from conftest import CHECK, MODEL, Practice, heard, take
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect
from rich.cells import cell_len

from practice import figures, fonts, picture
from practice.core.manner import Delivery, Pause
from practice.core.models import Assessment, Attempt, Take, Unscored
from practice.core.scoring import VERSION, unscored
from practice.core.speechcheck import RATE_HZ
from practice.errors import ExportError
from practice.store import Store

SVG = "{http://www.w3.org/2000/svg}"
NAME = "欧阳娜娜·买买提"


def fill(practice: Practice, *texts: str, **changes: object) -> Store:
    store = Store(practice.recordings)
    for n, text in enumerate(texts):
        at = f"2026-11-{10 + n:02}T08:00:00.000+00:00"
        store.add(take(created_at=at, audio=None, **changes), heard(text))  # type: ignore[arg-type]
    return store


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def pixels(path: Path) -> np.ndarray:
    return np.asarray(matplotlib.image.imread(path))


# ---- progress --------------------------------------------------------------------


def test_progress_is_read_at_a_glance(bare_practice: Practice) -> None:
    for n in range(12):
        title = f"{n}级挽留：综合受理员主动询问客户为什么要离网"
        fill(bare_practice, "走", "慢走", "请慢走", name=NAME, scenario=f"s{n}", title=title)
    done = bare_practice("progress", NAME)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 20
    assert max(map(cell_len, lines)) <= 80
    assert lines[0] == f"{NAME} (一厅): 36 takes"
    assert lines[1] == "practised on 3 days · at most 3 days in a row"
    first = next(line for line in lines if "级挽留" in line)
    assert re.search(r"3 +13 +100 +\+87 +▂▅█$", first.rstrip()), first
    assert "and 2 more scenarios" in lines
    assert "Missed most: 请 (polite word) ×24" in done.stdout
    assert "Pace" not in done.stdout  # none of these takes has a figure


def test_progress_is_written_as_picture_page_and_json(
    bare_practice: Practice, tmp_path: Path, chromium: Browser
) -> None:
    fill(bare_practice, "慢走", "请慢走", title="<b>送别</b>")
    png, page = tmp_path / "图.png", tmp_path / "页.html"
    (made,) = bare_practice.json("progress", "--png", png, "--page", page)
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
    shown = chromium.new_context(offline=True).new_page()
    faults: list[str] = []
    shown.on("console", lambda message: faults.append(message.text))
    shown.goto(page.as_uri())
    expect(shown.get_by_role("heading", level=1)).to_have_text("Progress: 王芳")
    expect(shown.locator("tbody tr", has_text="<b>送别</b>")).to_contain_text("+43")
    assert shown.locator("img").evaluate("e => e.naturalWidth") == 720
    assert faults == []


def test_pace_is_shown_where_it_could_be_told(bare_practice: Practice, tmp_path: Path) -> None:
    store = Store(bare_practice.recordings)
    for n, pace in enumerate((6.0, 6.2, None, 4.0, 4.2)):
        at = f"2026-11-{10 + n:02}T08:00:00.000+00:00"
        said = replace(heard("请慢走"), delivery=Delivery(articulation_cps=pace))
        store.add(take(created_at=at), said)
    done = bare_practice("progress", "--png", tmp_path / "x.png")
    assert "Pace: 4.1 characters a second, 6.1 at first  ██▁" in done.stdout
    (made,) = bare_practice.json("progress", "--page", tmp_path / "x.html")
    assert made["pace"] == {"rates": [6.0, 6.2, 4.0, 4.2], "first": 6.1, "now": 4.1}
    assert [p["pace"] for p in made["points"]] == [6.0, 6.2, None, 4.0, 4.2]
    assert "Pace: 4.1 characters" in (tmp_path / "x.html").read_text("utf-8")
    assert pixels(tmp_path / "x.png").shape[0] > 800  # a panel more


def test_progress_of_nobody_is_told_in_a_line(bare_practice: Practice, tmp_path: Path) -> None:
    done = bare_practice("progress")
    assert done.returncode == 0
    assert one_line(done.stdout).startswith("No takes in")
    store = fill(bare_practice, "慢走", name="王芳")
    store.add(take("李雷", "一厅", audio=None), nothing())
    store.agree(take("韩梅梅", "一厅").trainee, "用于培训")
    for name, said in (
        ("王方", "There are no takes of “王方”. Did you mean “王芳”?"),
        ("赵云", "There are no takes of “赵云”. `practice history` shows who practised."),
        ("李雷", "None of the takes of “李雷” was scored yet."),
        ("韩梅梅", "There are no takes of “韩梅梅”."),
    ):
        done = bare_practice("progress", name, "--png", tmp_path / "x.png")
        assert done.returncode == 1
        assert said in one_line(done.stderr)
    assert not (tmp_path / "x.png").exists()
    done = bare_practice("progress", "--page", tmp_path / "no" / "x.html")
    assert done.returncode == 1
    assert "no such file or folder" in one_line(done.stderr)


def test_of_two_halls_the_one_of_this_machine_is_meant(bare_practice: Practice) -> None:
    fill(bare_practice, "慢走", group="一厅")
    fill(bare_practice, "慢走", "请慢走", group="二厅")
    done = bare_practice("progress", "王芳")
    assert done.returncode == 1
    assert "several halls: 一厅, 二厅" in one_line(done.stderr)
    assert bare_practice("progress", "王芳", "--group", "二厅").stdout.startswith("王芳 (二厅): 2")
    settings = bare_practice.home / ".config/practice/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"trainee": "王芳", "group": "一厅"}', "utf-8")
    del bare_practice.env["PRACTICE_TRAINEE"]
    assert bare_practice("progress").stdout.startswith("王芳 (一厅): 1 take\n")


# ---- the picture of a take -------------------------------------------------------


def nothing() -> Assessment:
    check = replace(CHECK, reason=Unscored.NO_SPEECH, spans_s=())
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


def test_a_take_is_drawn(bare_practice: Practice, tmp_path: Path) -> None:
    made = kept(bare_practice, timed("慢走", (0.5, 1.6)), voice(3))
    path = tmp_path / "一条.png"
    done = bare_practice("show-take", made.id[:6], "--png", path)
    assert done.returncode == 0, done.stderr
    assert one_line(done.stdout) == str(path)
    drawn = pixels(path)
    assert drawn.shape[1] == picture.WIDTH * figures.PNG_SCALE
    assert 0.02 < np.mean(drawn[..., :3].mean(axis=2) < 0.9) < 0.5


def test_of_a_take_that_was_not_scored_the_reason_is_told(bare_practice: Practice) -> None:
    made = kept(bare_practice, nothing(), voice(1))
    done = bare_practice("show-take", made.id)
    assert done.returncode == 0
    assert "No speech was found" in done.stdout
    assert "cannot tell" not in done.stdout


def test_the_picture_has_what_was_left_out_and_the_pauses() -> None:
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
    assert {"请", "慢", "走", "0.6 s"} <= set(shown)
    assert any("dashed frame: left out" in text for text in shown)


def test_the_picture_has_the_script_and_above_it_what_was_heard_instead() -> None:
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
    assert any("frame above: heard instead" in text for text in shown)


def test_a_pause_inside_a_phrase_is_told_apart() -> None:
    pauses = (Pause(0.9, 0.4, 1, inside=True), Pause(1.6, 0.7, 3, inside=False))
    said = replace(timed("请慢走", (0.5, 1.4, 2.4)), delivery=Delivery(pauses=pauses))
    shown = texts(picture.svg(Attempt(take(), said), wav(voice(3))))
    assert {"0.4 s !", "0.7 s"} <= set(shown)
    assert any("!: inside a phrase" in text for text in shown)


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
def test_characters_do_not_cover_each_other(wanted: list[float], step: float) -> None:
    places = picture.room_for(wanted, step)
    assert len(places) == len(wanted)
    assert all(0 <= x <= 1 for x in places)
    least = min(step, 1 / len(wanted)) if wanted else 0
    assert all(b - a >= least - 1e-9 for a, b in pairwise(places))


def test_what_has_no_voice_or_no_text_is_drawn_all_the_same() -> None:
    whisper = np.random.default_rng(1).normal(0, 0.01, RATE_HZ)
    for assessment in (nothing(), heard("慢走")):
        shown = texts(picture.svg(Attempt(take(), assessment), wav(whisper)))
        assert "no pitch was found" in shown
        assert "请" not in shown
    assert any("is not known of this take" in text for text in shown)
    odd = replace(timed("慢走", (-700.0, -600.0)), check=replace(CHECK, spans_s=((-500.0, 0.4),)))
    assert picture.svg(Attempt(take(), odd), wav(whisper))
    one = picture.svg(Attempt(take(), heard("请")), wav(whisper[:1]))
    assert ElementTree.fromstring(one).get("width") == "960pt"


def test_names_in_a_picture_are_only_text() -> None:
    odd = take("<script>alert(1)</script> $x_1$ \\frac\x00", title="\n\x1b[31m")
    drawn = picture.svg(Attempt(odd, timed("慢走", (0.5, 1.7))), wav(voice(3)))
    assert b"<script" not in drawn
    assert any(
        text.startswith("<script>alert(1)</script> $x_1$ \\frac\ufffd") for text in texts(drawn)
    )


def test_mistakes_with_pictures_are_told_in_a_line(bare_practice: Practice, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    assert bare_practice("show-take", "1234", "--png", path).stdout.startswith("No takes in")
    gone = take()
    Store(bare_practice.recordings).add(gone, heard("慢走"))
    broken = kept(bare_practice, heard("慢走"), voice(1))
    (bare_practice.recordings / (broken.audio or "")).write_bytes(b"RIFFx")
    for attempt_id, said in (
        (gone.id, "is not here: it was removed"),
        (broken.id, "no recording that can be read"),
        (str(uuid4()), "No attempt begins with"),
    ):
        done = bare_practice("show-take", attempt_id, "--png", path)
        assert done.returncode == 1
        assert said in one_line(done.stderr)
    assert not path.exists()
    assert bare_practice("show-take", "", "--png", path).returncode == 2
    told = bare_practice("show-take", gone.id)
    assert told.returncode == 0
    assert "Say: 请慢走" in told.stdout


def test_without_a_chinese_font_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fonts.families("Wang Fang 100") == ["DejaVu Sans"]
    assert fonts.families("王芳 \U0002a6a5")[0] != "DejaVu Sans"
    monkeypatch.setattr(fonts, "_candidates", lambda: iter([("DejaVu Sans", latin_font())]))
    with pytest.raises(ExportError, match="No font on this machine"):
        fonts.families("王芳")


def latin_font() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont("DejaVu Sans"))


def wav(samples: np.ndarray) -> bytes:
    out = BytesIO()
    soundfile.write(out, samples, RATE_HZ, format="WAV")
    return out.getvalue()


def texts(svg: bytes) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]
