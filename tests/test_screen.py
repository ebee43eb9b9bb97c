"""What a trainee sees after a take: the next thing to do first, and all of it on one screen."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pytest
from conftest import CHECK, CLIPS, LINE, MODEL, ROOT, Golden, heard, take
from in_process import Practice
from rich.cells import cell_len
from rich.console import Console

from practice import scenarios as prompts
from practice.output.attempt import print_attempt
from practice.records.attempt import Assessment, Attempt
from practice.records.delivery import (
    FIGURES,
    Aim,
    AimResult,
    Delivery,
    Flaw,
    Pause,
    Targets,
    Unavailable,
)
from practice.records.recognition import Transcript
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.score import VERSION, score_transcript, with_aims

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))
HURRIED = AimResult(Aim.PACE, False, 6.2, 3.0, 5.0)
TOLD = {"speech_cps": 6.2, "pauses": (Pause(2.0, 0.8, 6, True),)}
DELIVERY = Delivery(
    **TOLD,  # type: ignore[arg-type]
    untold={name: Unavailable.SHORT for name in FIGURES if name not in TOLD},
)


def attempt_of(
    line: Line,
    text: str,
    aims: tuple[AimResult, ...] = (),
    delivery: Delivery = DELIVERY,
    *,
    may_fail: bool = False,
) -> Attempt:
    score = with_aims(score_transcript(line, text), aims, may_fail=may_fail)
    transcript = Transcript(text, -0.2, 0.01, 0.8)
    assessment = Assessment(CHECK, transcript, None, score, MODEL, VERSION, delivery)
    return Attempt(take(spec=line), assessment)


@cache
def of_the_standard() -> list[Attempt]:
    """Every line of the scenarios as shipped: said well, not at all, by halves, and otherwise."""
    scenarios, _problems = prompts.load_all(ROOT / "prompts")
    # Some scenarios share lines.
    lines = {line.wordings: line for scenario in scenarios for line in scenario.lines}
    return [
        attempt_of(line, text, (HURRIED,))
        for line in lines.values()
        for text in (
            line.script,
            "嗯那个好了再见吧",
            line.script[::2],
            line.script[1:] + "再见",
        )
    ]


def screen(attempt: Attempt, *, explain: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, height=25, no_color=True, force_terminal=False)
    print_attempt(console, attempt, explain=explain)
    return out.getvalue().splitlines()


@pytest.mark.slow
def test_every_line_of_the_standard_fits_a_screen(language: str) -> None:
    for attempt in of_the_standard():
        lines = screen(attempt)
        assert len(lines) <= 23, attempt.take.spec.script  # and one to ask what next
        assert max(map(cell_len, lines)) <= 80


def test_the_first_lines_tell_the_courtesies_and_then_one_hint(
    language: str, golden: Golden
) -> None:
    lines = screen(attempt_of(FAREWELL, "慢走，欢迎下次光临", (HURRIED,)))
    assert "请" in lines[1]
    assert "6.2" in lines[2]
    golden("screen-missed", "\n".join(lines))


def test_of_a_take_whose_words_are_right_the_hint_comes_first(
    language: str, golden: Golden
) -> None:
    lines = screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临", (HURRIED,)))
    assert "6.2" in lines[1]
    golden("screen-right-and-hurried", "\n".join(lines))
    golden("screen-right", "\n".join(screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临"))))


HINTS: list[tuple[AimResult, tuple[Flaw, ...]]] = [
    (HURRIED, ()),
    (replace(HURRIED, value=2.0), ()),
    (AimResult(Aim.FLUENCY, False, 0.8, None, 0.5), ()),
    (AimResult(Aim.VOLUME, False, -40.0, -30.0, -14.0), ()),
    (AimResult(Aim.VOLUME, False, -10.0, -30.0, -14.0), ()),
    (replace(HURRIED, kept=True), (Flaw.LOW, Flaw.NOISY)),
    (replace(HURRIED, kept=True), (Flaw.CLIPPED,)),
    (replace(HURRIED, kept=True), (Flaw.NOISY,)),
]


def test_there_is_one_hint_in_plain_words(language: str, golden: Golden) -> None:
    told = []
    for aim, flaws in HINTS:
        delivery = replace(DELIVERY, flaws=flaws)
        lines = screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临", (aim,), delivery))
        told.append(lines[1])
    assert len(set(told)) == len(HINTS)
    golden("screen-hints", "\n".join(told))


def test_a_total_that_does_not_decide_says_which_one_does(language: str, golden: Golden) -> None:
    line = Line("", parse_script("【请|敬语】慢走欢迎下次光临。", {}))
    words = score_transcript(line, "请慢走下次")
    assert words.total is not None
    assert 80 <= words.total < 88
    tolerant, strict = (
        attempt_of(line, "请慢走下次", (HURRIED,), may_fail=may_fail) for may_fail in (False, True)
    )
    assert (tolerant.assessment.score.passed, strict.assessment.score.passed) == (True, False)
    golden("screen-deciding", f"{screen(tolerant)[0]}\n{screen(strict)[0]}")


def test_the_explanation_has_every_figure_or_why_there_is_none(
    language: str, golden: Golden
) -> None:
    attempt = attempt_of(FAREWELL, "请慢走，欢迎下次光临", (HURRIED,))
    golden("screen-explained", "\n".join(screen(attempt, explain=True)))


def test_old_takes_without_a_delivery_are_shown_as_they_were(language: str, golden: Golden) -> None:
    golden("screen-old", "\n".join(screen(Attempt(take(), heard("请慢走")), explain=True)))
    assert LINE.targets == Targets()


@pytest.mark.slow
def test_targets_are_read_checked_and_kept_with_a_take(practice: Practice) -> None:
    file = practice.prompts / "farewell.yaml"
    file.write_text(file.read_text("utf-8") + "\n表达: {语速: [7, 9], 影响及格: 是}\n", "utf-8")
    assert practice("check").returncode == 0
    (taken,) = practice.json("run", "farewell", "--audio", CLIPS / "farewell.flac")
    (aim, *_others) = taken["delivery"]["aims"]
    assert (aim["aim"], aim["kept"], aim["low"], aim["high"]) == ("pace", False, 7, 9)
    assert 3 < aim["value"] < 5
    assert taken["delivery"]["may_fail"]
    assert taken["deciding_score"] < 100
    assert {c["name"] for c in taken["components"]} == {"courtesies", "accuracy", "delivery"}


def test_wrong_targets_are_named(language: str, practice: Practice, golden: Golden) -> None:
    folder = practice.home.parent / "targets"
    folder.mkdir()
    text = (practice.prompts / "farewell.yaml").read_text("utf-8")
    for number, wrong in enumerate(
        (
            "{pace: [5, 3]}",
            "{pace: 4}",
            "{pace: [a, 5]}",
            "{volume: 响}",
            "{may_fail: 也许}",
            "{paces: [3, 5]}",
        ),
        1,
    ):
        (folder / f"wrong-{number}.yaml").write_text(text + f"\ndelivery: {wrong}\n", "utf-8")
    done = practice("check", "--prompts", folder)
    assert done.returncode == 1
    golden("check-delivery", done.stdout + done.stderr)
