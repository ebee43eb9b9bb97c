"""How clearly characters came across."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from conftest import CHECK, CLIPS, MODEL, Golden, take
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice
from rich.cells import cell_len
from rich.console import Console

from practice.delivery.clarity import CLEAR_FROM, Clarity, clarity, unclear
from practice.mandarin.alignment import columns
from practice.output.alignment import SIGNS, strip
from practice.output.attempt import print_attempt
from practice.records.attempt import Assessment, Attempt
from practice.records.recognition import Transcript
from practice.records.scenario import Line
from practice.records.score import Op
from practice.scenarios.markup import parse_script
from practice.scoring.score import VERSION, score_transcript
from practice.store import Store

CLEAR, LESS, NOT_HEARD = Clarity.CLEAR, Clarity.LESS, Clarity.NOT_HEARD
SCRIPT = "【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。"


def heard(text: str, logprob: float = -0.1, script: str = SCRIPT, **at: float) -> Assessment:
    """An assessment; ``at`` gives characters of the transcript a figure of their own."""
    line = Line("", parse_script(script, {}))
    figures = tuple(at.get(character, logprob) for character in text)
    transcript = Transcript(text, -0.2, 0.01, 0.8, (), figures)
    return Assessment(CHECK, transcript, None, score_transcript(line, text), MODEL, VERSION)


def test_levels_follow_what_was_written_and_how_surely() -> None:
    assert clarity(heard("请慢走，欢迎下次光临。")) == [CLEAR] * 9
    unsure = clarity(heard("请慢走，欢迎下次光临", 请=CLEAR_FROM - 0.1, 走=CLEAR_FROM))
    assert unsure == [LESS, CLEAR, CLEAR, *[CLEAR] * 6]
    assert clarity(heard("慢走，欢迎下次光临"))[0] is NOT_HEARD
    assert clarity(heard("请慢走，欢迎下次开门"))[-2:] == [NOT_HEARD, NOT_HEARD]
    # A homophone has the sound; what the recognizer doubts there is the spelling.
    assert clarity(heard("请慢走，欢迎下次光林", 林=-3.0))[-1] is CLEAR
    assert clarity(heard("请满走，欢迎下次光临"))[1] is LESS
    assert None in clarity(heard("请您慢走，欢迎下次光临"))


def test_whether_you_was_polite_is_no_matter_of_clarity() -> None:
    assert clarity(heard("你好", script="【您好|问候】")) == [LESS, CLEAR]


def test_what_is_not_known_has_no_levels() -> None:
    known = heard("请慢走，欢迎下次光临")
    assert known.transcript is not None
    before = replace(known, transcript=replace(known.transcript, logprobs=()))
    assert clarity(before) == []
    assert clarity(heard("今天天气很好我们出去玩")) == []
    assert clarity(heard("请慢走" * 60)) == []
    assert strip(before, 80) == []


@given(st.text("请慢满走欢迎下次光临，您你嗯", min_size=1, max_size=20), st.floats(-9, 0))
def test_every_character_of_the_script_has_a_level(text: str, logprob: float) -> None:
    found = heard(text, logprob)
    levels = clarity(found)
    if not levels:
        return
    assert [level is None for level in levels] == [
        c.op is Op.INSERT for c in columns(found.score.chunks)
    ]
    for line in strip(found, 20):
        assert line.cell_len <= 20


def screen(assessment: Assessment, *, explain: bool = False) -> list[str]:
    out = io.StringIO()
    attempt = Attempt(take(), assessment)
    print_attempt(Console(file=out, width=80), attempt, explain=explain)
    return out.getvalue().splitlines()


def test_the_strip_stands_under_the_script(language: str, golden: Golden) -> None:
    lines = screen(heard("满走，欢迎下次光临", 欢=-4.0), explain=True)
    (at,) = [i for i, line in enumerate(lines) if "・" in line and "？・" in line]
    upper, lower = (line.rstrip() for line in lines[at - 1 : at + 1])
    assert upper.endswith("请慢走欢迎下次光临")
    assert lower.endswith("－？・？・・・・・")
    assert cell_len(upper) == cell_len(lower)
    assert all(cell_len(sign) == 2 for sign in SIGNS.values())
    golden("clarity-strip", "\n".join(lines[at - 2 :]))


def test_after_a_take_only_neighbours_are_marked(language: str, golden: Golden) -> None:
    lines = screen(heard("请慢走，欢迎下次光临", 下=-4.0, 次=-2.0, 慢=-3.0))
    (at,) = [i for i, line in enumerate(lines) if "？？" in line]
    row, marks = lines[at - 1], lines[at]
    assert row.rstrip().endswith("请慢走欢迎下次光临")
    assert marks.strip() == "？？"
    assert cell_len(marks[: marks.index("？")]) == cell_len(row[: row.index("下")])
    golden("clarity-neighbors", "\n".join(lines))
    alone = screen(heard("请慢走，欢迎下次光临", 慢=-3.0))
    assert not any("？" in line for line in alone)


@given(st.lists(st.sampled_from([*Clarity, None])))
def test_what_is_unclear_stands_beside_what_is_unclear(levels: list[Clarity | None]) -> None:
    found = unclear(levels)
    known = [i for i, level in enumerate(levels) if level is not None]
    for nth, i in enumerate(known):
        beside = [levels[j] for j in known[max(0, nth - 1) : nth] + known[nth + 1 : nth + 2]]
        is_marked = levels[i] is not Clarity.CLEAR and any(x is not Clarity.CLEAR for x in beside)
        assert (i in found) is is_marked


@pytest.mark.slow
def test_a_take_is_stored_with_how_surely_it_was_heard(
    language: str, practice: Practice, golden: Golden
) -> None:
    (told,) = practice.json("run", "farewell", "--audio", CLIPS / "farewell.flac")
    assert [c["character"] for c in told["clarity"]] == list("请慢走欢迎下次光临")
    assert {c["level"] for c in told["clarity"]} <= set(Clarity)
    explained = practice("history", told["id"][:8], "--explain").stdout
    golden("history-clarity", explained.split("\n\n")[-1])
    assert practice.json("history", told["id"][:8])[0]["clarity"] == told["clarity"]
    store = Store(practice.recordings)
    transcript = store.get(told["id"]).assessment.transcript
    store.close()
    assert transcript is not None
    assert len(transcript.logprobs) == len(told["transcript"])
