"""A conversation as a whole: what is added up, and what must hold from first to last."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from conftest import CHECK, MODEL, Golden, review, take
from hypothesis import given
from hypothesis import strategies as st

from practice.output.results import finding_text
from practice.records.attempt import Assessment, Attempt
from practice.records.recognition import Transcript, Unscored
from practice.records.review import Decision, Mark
from practice.records.scenario import Line
from practice.records.score import Verdict
from practice.scenarios.markup import parse_script
from practice.scoring.conversation import (
    Check,
    ConversationResult,
    Finding,
    State,
    Turn,
    conversation_result,
)
from practice.scoring.score import VERSION, score_transcript, unscored


def line(script: str) -> Line:
    return Line("情景", parse_script(script, {}))


LINES = (
    line("【您好|问候】！【请问|征询】需要办理什么业务？"),
    line("【先生/女士/小姐|称呼】，【请|敬语】【您|敬称】出示一下【您|敬称】的证件。"),
    line("【先生/女士/小姐|称呼】，【请|敬语】慢走，【欢迎下次光临|送别】。"),
)
GOOD = ("您好请问需要办理什么业务", "先生请您出示一下您的证件", "先生请慢走欢迎下次光临")


@cache
def heard(number: int, text: str) -> Assessment:
    spec = LINES[number - 1]
    score = score_transcript(spec, text) if text else unscored(spec, Unscored.NO_SPEECH)
    return Assessment(CHECK, Transcript(text, -0.2, 0.01, 0.8), None, score, MODEL, VERSION)


def turn(number: int, text: str | None) -> Turn:
    spec = LINES[number - 1]
    if text is None:
        return Turn(number, spec, None)
    return Turn(number, spec, Attempt(take(spec=spec, line=number), heard(number, text)))


def talk(
    *texts: str | None, address: tuple[str, ...] = (), is_finished: bool = True
) -> ConversationResult:
    turns = [turn(number, text) for number, text in enumerate(texts, 1)]
    return conversation_result(turns, address, is_finished=is_finished)


def state(whole: ConversationResult, check: Check) -> State:
    return next(f.state for f in whole.findings if f.check is check)


def with_verdict(turn: Turn, name: str, verdict: Verdict) -> Turn:
    assert turn.attempt is not None
    score = turn.attempt.assessment.score
    elements = tuple(replace(e, verdict=verdict) if e.name == name else e for e in score.elements)
    assessment = replace(turn.attempt.assessment, score=replace(score, elements=elements))
    return replace(turn, attempt=replace(turn.attempt, assessment=assessment))


def test_a_good_conversation() -> None:
    whole = talk(*GOOD, address=("先生",))
    assert {f.state for f in whole.findings} == {State.KEPT}
    assert whole.total == 100
    assert whole.passed is True
    assert {c.name: c.total for c in whole.components} == {"courtesies": 9, "accuracy": 35}


def test_counts_are_added_up_not_averaged() -> None:
    whole = talk(GOOD[0], GOOD[1], "请慢走")
    courtesies, accuracy = whole.components
    assert (courtesies.done, courtesies.total) == (7, 9)
    assert (accuracy.done, accuracy.total) == (27, 35)
    assert whole.total == pytest.approx(100 * (0.6 * 7 / 9 + 0.4 * 27 / 35))


def test_a_turn_that_was_passed_over_counts_as_nothing_said() -> None:
    whole = talk(GOOD[0], None, GOOD[2])
    assert state(whole, Check.COMPLETE) is State.BROKEN
    assert whole.passed is False
    courtesies = whole.components[0]
    assert (courtesies.done, courtesies.total) == (5, 9)


def test_a_conversation_that_was_broken_off() -> None:
    whole = talk(GOOD[0], GOOD[1], is_finished=False)
    assert state(whole, Check.COMPLETE) is State.BROKEN
    assert (whole.passed, whole.total) == (False, None)


def test_a_turn_that_could_not_be_scored_leaves_it_open() -> None:
    whole = talk(GOOD[0], "", GOOD[2])
    assert state(whole, Check.COMPLETE) is State.UNSURE
    assert whole.passed is None
    assert whole.total == 100
    assert talk("", "", "").total is None


def test_two_forms_of_address_for_one_customer() -> None:
    whole = talk(GOOD[0], GOOD[1], GOOD[2].replace("先生", "女士"))
    finding = next(f for f in whole.findings if f.check is Check.ADDRESS)
    assert finding.state is State.BROKEN
    assert set(finding.words) == {"先生", "女士"}
    assert finding.turns == (2, 3)
    assert whole.passed is False


def test_a_form_of_address_that_does_not_fit() -> None:
    texts = [text.replace("先生", "女士") for text in GOOD]
    assert state(talk(*texts), Check.ADDRESS) is State.KEPT
    assert state(talk(*texts, address=("先生",)), Check.ADDRESS) is State.BROKEN


def test_without_a_form_of_address_there_is_nothing_to_keep() -> None:
    assert state(talk(GOOD[0]), Check.ADDRESS) is State.ABSENT
    assert state(talk(GOOD[0]), Check.RESPECT) is State.ABSENT  # 您好 is a greeting


def test_respect_throughout() -> None:
    whole = talk(GOOD[0], GOOD[1].replace("您", "你", 1), GOOD[2])
    assert state(whole, Check.RESPECT) is State.BROKEN
    assert whole.passed is False


def test_respect_is_left_open_where_it_could_not_be_heard() -> None:
    finding = next(f for f in talk(GOOD[0], None, GOOD[2]).findings if f.check is Check.RESPECT)
    assert (finding.state, finding.turns) == (State.ABSENT, (2,))
    # Another turn's words are a fault of order, not of respect.
    swapped = talk(GOOD[1], GOOD[1], GOOD[2])
    assert state(swapped, Check.ORDER) is State.BROKEN
    assert state(swapped, Check.RESPECT) is State.KEPT


def test_the_words_of_another_turn() -> None:
    whole = talk(GOOD[0], GOOD[2], GOOD[2])
    finding = next(f for f in whole.findings if f.check is Check.ORDER)
    assert finding.state is State.BROKEN
    assert finding.turns == (2,)
    assert finding.words == (LINES[2].script,)
    # Something else altogether is no fault of order.
    assert state(talk(GOOD[0], "今天天气真好", GOOD[2]), Check.ORDER) is State.KEPT


def test_what_is_unsure_decides_nothing() -> None:
    turns = [turn(number, text) for number, text in enumerate(GOOD, 1)]
    turns[1] = with_verdict(turns[1], "您", Verdict.UNSURE)
    whole = conversation_result(turns)
    assert state(whole, Check.RESPECT) is State.UNSURE
    assert whole.passed is None
    turns[1] = with_verdict(turns[1], "先生", Verdict.UNSURE)
    assert state(conversation_result(turns), Check.ADDRESS) is State.UNSURE


POSSIBLE = {
    Check.ORDER: {State.KEPT, State.BROKEN},
    Check.COMPLETE: {State.KEPT, State.BROKEN, State.UNSURE},
}
WITHOUT_TURNS = {
    *((check, State.KEPT) for check in Check),
    *((check, State.ABSENT) for check in Check),
    (Check.COMPLETE, State.BROKEN),
}
"""What can be told without saying where."""


def test_every_finding_has_words(language: str, golden: Golden) -> None:
    texts = []
    for check, state, turns in product(Check, State, ((), (1, 2))):
        if state in POSSIBLE.get(check, set(State)):
            text = finding_text(Finding(check, state, turns, ("先生",)))
            assert text.startswith("[")
            assert "{" not in text
            if turns or (check, state) in WITHOUT_TURNS:
                texts.append(text)
    golden("whole-findings", "\n".join(dict.fromkeys(texts)))


def test_the_trainers_word_counts() -> None:
    turns = [turn(number, text) for number, text in enumerate(GOOD, 1)]
    turns[1] = with_verdict(turns[1], "您", Verdict.UNSURE)
    marks = tuple(Mark("您", nth, Verdict.HEARD) for nth in (1, 2))
    assert turns[1].attempt is not None
    said = review(decision=Decision.PASS, marks=marks)
    turns[1] = replace(turns[1], attempt=replace(turns[1].attempt, review=said))
    assert conversation_result(turns).passed is True


@pytest.mark.slow
@given(st.lists(st.sampled_from([None, "", *GOOD, "今天天气真好"]), min_size=3, max_size=3))
def test_any_conversation_has_a_judgement(texts: list[str | None]) -> None:
    whole = talk(*texts)
    assert whole.total is None or 0 <= whole.total <= 100
    if whole.passed:
        assert all(f.state in (State.KEPT, State.ABSENT) for f in whole.findings)
        assert None not in texts
    assert {f.check for f in whole.findings} == set(Check)
