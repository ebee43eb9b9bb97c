"""What a trainee sees after a take: the next thing to do first, and all of it on one screen."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from conftest import CHECK, LINE, MODEL, ROOT, Practice, heard, take
from rich.cells import cell_len
from rich.console import Console

from practice import i18n, prompts
from practice.core.manner import FIGURES, Aim, AimResult, Delivery, Flaw, Pause, Targets, Untold
from practice.core.markup import parse_script
from practice.core.models import Assessment, Attempt, Line, Transcript
from practice.core.scoring import VERSION, score_transcript, with_aims
from practice.report.terminal import print_attempt

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))
HURRIED = AimResult(Aim.PACE, False, 6.2, 3.0, 5.0)
TOLD = {"speech_cps": 6.2, "pauses": (Pause(2.0, 0.8, 6, True),)}
DELIVERY = Delivery(
    **TOLD,  # type: ignore[arg-type]
    untold={name: Untold.SHORT for name in FIGURES if name not in TOLD},
)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> object:
    i18n.settle(request.param)
    yield request.param
    i18n.settle("en")


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


def screen(attempt: Attempt, *, explain: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, no_color=True)
    print_attempt(console, attempt, explain=explain)
    return out.getvalue().splitlines()


def test_every_line_of_the_standard_fits_a_screen(language: str) -> None:
    for scenario in prompts.load_all(ROOT / "prompts")[0]:
        for line in scenario.lines:
            for text in (
                line.script,
                "嗯那个好了再见吧",
                line.script[::2],
                line.script[1:] + "再见",
            ):
                lines = screen(attempt_of(line, text, (HURRIED,)))
                assert len(lines) <= 23, (scenario.id, line.script)  # and one to ask what next
                assert max(map(cell_len, lines)) <= 80


def test_the_first_lines_tell_the_courtesies_and_then_one_hint() -> None:
    lines = screen(attempt_of(FAREWELL, "慢走，欢迎下次光临", (HURRIED,)))
    assert lines[0].startswith("NOT PASSED  ")
    assert lines[1] == "Next: say it again, with “请”."
    assert lines[2] == "Slower: 6.2 characters a second; 3 to 5 is good."
    assert "Missing: 请 (polite word)" in lines


def test_of_a_take_whose_words_are_right_the_hint_comes_first() -> None:
    lines = screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临", (HURRIED,)))
    assert lines[0] == "PASSED  90 of 100 (pass mark 80)"
    assert lines[1] == "Next: Slower: 6.2 characters a second; 3 to 5 is good."
    assert "accuracy 100% (9 of 9 characters) · courtesies 3 of 3 · delivery 0 of 1" in lines
    assert screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临"))[1] == "Next: well said; go on."


@pytest.mark.parametrize(
    ("aim", "flaws", "hint"),
    [
        (replace(HURRIED, value=2.0), (), "A little faster: 2.0 characters a second"),
        (AimResult(Aim.FLUENCY, False, 0.8, None, 0.5), (), "you paused 0.8 s after “走，欢迎”"),
        (AimResult(Aim.VOLUME, False, -40.0, -30.0, -14.0), (), "Louder: "),
        (AimResult(Aim.VOLUME, False, -10.0, -30.0, -14.0), (), "Softer: "),
        (replace(HURRIED, kept=True), (Flaw.LOW, Flaw.NOISY), "Nearer to the microphone"),
    ],
)
def test_there_is_one_hint_in_plain_words(
    aim: AimResult, flaws: tuple[Flaw, ...], hint: str
) -> None:
    delivery = replace(DELIVERY, flaws=flaws)
    lines = screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临", (aim,), delivery))
    assert hint in lines[1]


def test_a_total_that_does_not_decide_says_which_one_does() -> None:
    line = Line("", parse_script("【请|敬语】慢走欢迎下次光临。", {}))
    words = score_transcript(line, "请慢走下次")
    assert words.total is not None
    assert 80 <= words.total < 88
    lines = screen(attempt_of(line, "请慢走下次", (HURRIED,)))
    assert lines[0].startswith("PASSED  7")
    assert "without the delivery 8" in lines[0]
    strict = screen(attempt_of(line, "请慢走下次", (HURRIED,), may_fail=True))
    assert strict[0].startswith("NOT PASSED  7")
    assert "without" not in strict[0]


def test_the_explanation_has_every_figure_or_why_there_is_none() -> None:
    told = "\n".join(screen(attempt_of(FAREWELL, "请慢走，欢迎下次光临", (HURRIED,)), explain=True))
    assert "pace: 6.2 characters a second" in told
    assert "pauses: 1, of 0.8 s, after “走，欢迎”, inside of a phrase" in told
    assert "pace without pauses: cannot tell: too little was said" in told
    assert told.count("cannot tell") == 2  # what follows each other is told at once
    assert "which decides; pass mark 80" in told


def test_old_takes_without_a_delivery_are_shown_as_they_were() -> None:
    lines = screen(Attempt(take(), heard("请慢走")), explain=True)
    assert lines[0] == "PASSED  100 of 100 (pass mark 80)"
    assert not any("pace" in line for line in lines)
    assert LINE.targets == Targets()


def test_targets_are_read_checked_and_kept_with_a_take(practice: Practice) -> None:
    folder = practice.home.parent / "话术"
    file = folder / "farewell.yaml"
    text = file.read_text("utf-8")
    file.write_text(text + "\n表达: {语速: [7, 9], 影响及格: 是}\n", "utf-8")
    assert practice("check").returncode == 0
    clip = ROOT / "tests" / "clips" / "farewell.flac"
    (taken,) = practice.json("run", "farewell", "--audio", clip)
    (aim, *_others) = taken["delivery"]["aims"]
    assert (aim["aim"], aim["kept"], aim["low"], aim["high"]) == ("pace", False, 7, 9)
    assert 3 < aim["value"] < 5
    assert taken["delivery"]["may_fail"]
    assert taken["deciding_score"] < 100
    assert {c["name"] for c in taken["components"]} == {"courtesies", "accuracy", "delivery"}
    for wrong, told in (
        ("{pace: [5, 3]}", "the least and the most"),
        ("{pace: 4}", "“pace” (语速)"),
        ("{pace: [a, 5]}", "must be a number"),
        ("{volume: 响}", "is no volume"),
        ("{may_fail: 也许}", "must be yes or no"),
        ("{paces: [3, 5]}", "Did you mean “pace”"),
    ):
        file.write_text(text + f"\ndelivery: {wrong}\n", "utf-8")
        done = practice("check")
        assert done.returncode == 1
        assert told in done.stdout + done.stderr, wrong
