"""A conversation as a whole: its turns added up, and what must hold from first to last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from operator import add

from practice.records.attempt import Attempt
from practice.records.kinds import Kind
from practice.records.scenario import Line
from practice.records.score import Component, Score, Verdict
from practice.scoring.review import final_score
from practice.scoring.score import (
    PASS_MARK,
    Tally,
    draft,
    is_ruled_out,
    nothing_said,
    resolve_unsure,
    tally_of,
)

FORMS_OF_ADDRESS = ("先生", "女士", "小姐")
"""What the standard addresses customers by, with what today's halls say."""

OWN_BELOW = 0.5
OTHER_FROM = 0.6
"""A turn has another turn's words when less of its own script was said than the first, and
of the other's at least the second; tolerant accuracy. Scripts of one conversation share
less than half of their characters, so that what was said cannot be near to both."""


class Check(StrEnum):
    """What must hold over a conversation."""

    ORDER = "order"  # each turn has its own words, not those of another
    COMPLETE = "complete"  # no turn was passed over
    ADDRESS = "address"  # one form of address from first to last, and one that fits
    RESPECT = "respect"  # 您 wherever it belongs


class State(StrEnum):
    """What became of a check; ``unsure`` is the trainer's to say."""

    KEPT = "kept"
    BROKEN = "broken"
    UNSURE = "unsure"
    ABSENT = "absent"  # nothing in these turns that it could be seen by


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a conversation; ``attempt`` is its last take, None where it was passed over."""

    number: int
    line: Line
    attempt: Attempt | None

    @property
    def score(self) -> Score | None:
        """What counts of the take, the trainer's word included."""
        return final_score(self.attempt) if self.attempt else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a check, with the turns (from 1) and words that show it."""

    check: Check
    state: State
    turns: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationResult:
    """The judgment of a conversation.

    ``deducted`` are the points that minor banned phrases cost, ``deciding`` the total that
    was held against the mark. ``passed`` is None where something unsure, or a turn that could
    not be scored, decides on it. ``total`` is None where no turn was scored, and of a
    conversation that was broken off: what was not asked
    for any more counts neither way.
    """

    turns: tuple[Turn, ...]
    is_finished: bool
    findings: tuple[Finding, ...]
    components: tuple[Component, ...]
    deducted: float
    total: float | None
    deciding: float
    passed: bool | None


def conversation_result(
    turns: Sequence[Turn], address: Sequence[str] = (), *, is_finished: bool = True
) -> ConversationResult:
    """Judge a conversation by its turns.

    The counts of all turns are added up and weighted like those of one take; a turn that
    was passed over counts as a script of which nothing was said. It passes with the same
    mark, when no turn has a severe banned phrase or misses a critical courtesy, and every
    check is kept; a minor banned phrase costs the whole what it costs a take. ``address``
    are the forms that fit this customer; any does where none is given.
    """
    findings = (
        _order(turns),
        _complete(turns, is_finished=is_finished),
        _address(turns, address),
        _respect(turns),
    )
    tally = add_up(turns)
    is_scored = any(t.score and t.score.reason is None for t in turns)
    worst = _passes(turns, findings, Verdict.MISSED)
    best = _passes(turns, findings, Verdict.HEARD)
    return ConversationResult(
        turns=tuple(turns),
        is_finished=is_finished,
        findings=findings,
        components=tally.components,
        deducted=tally.deducted,
        total=tally.total if is_scored and is_finished else None,
        deciding=tally.deciding,
        passed=best if best == worst else None,
    )


def add_up(turns: Iterable[Turn]) -> Tally:
    """Everything that was said in all turns; what could not be scored counts nowhere."""
    return reduce(add, map(_tally, turns), Tally())


def _tally(turn: Turn) -> Tally:
    score = turn.score
    if score is None:
        return nothing_said(turn.line)
    return Tally() if score.reason is not None else tally_of(score)


def _passes(turns: Sequence[Turn], findings: Sequence[Finding], unsure_as: Verdict) -> bool:
    """Whether it passes, with everything that is unsure taken one way or the other."""
    doubtful = State.KEPT if unsure_as is Verdict.HEARD else State.BROKEN
    states = {doubtful if f.state is State.UNSURE else f.state for f in findings}
    taken = [_settled(turn, unsure_as) for turn in turns]
    if any(turn.score and is_ruled_out(turn.score) for turn in taken):
        return False
    return State.BROKEN not in states and add_up(taken).deciding >= PASS_MARK


def _settled(turn: Turn, unsure_as: Verdict) -> Turn:
    """The turn with what is unsure taken one way, as if the machine had said so."""
    score = turn.score
    if turn.attempt is None or score is None:
        return turn
    assessment = replace(turn.attempt.assessment, score=resolve_unsure(score, unsure_as))
    return replace(turn, attempt=Attempt(turn.attempt.take, assessment))


# ---- the checks ------------------------------------------------------------------


def _scored(turns: Sequence[Turn]) -> Iterator[tuple[int, Turn, Score]]:
    for place, turn in enumerate(turns, 1):
        score = turn.score
        if score is not None and score.reason is None:
            yield place, turn, score


def _order(turns: Sequence[Turn]) -> Finding:
    """Whether a turn has the words of another one."""
    wrong, words = [], []
    for place, turn, score in _scored(turns):
        text = _text(turn)
        if (score.counts.accuracy or 0.0) >= OWN_BELOW:
            continue
        for other in turns:
            drafted = draft(other.line, text) if other is not turn else None
            if drafted and (drafted.alignment.counts.accuracy or 0.0) >= OTHER_FROM:
                wrong.append(place)
                words.append(other.line.script)
                break
    return Finding(Check.ORDER, State.BROKEN if wrong else State.KEPT, tuple(wrong), tuple(words))


def _complete(turns: Sequence[Turn], *, is_finished: bool) -> Finding:
    """Whether every turn was said."""
    scores = [(place, turn.score) for place, turn in enumerate(turns, 1)]
    left_out = [place for place, score in scores if score is None or score.off_script]
    if left_out or not is_finished:
        return Finding(Check.COMPLETE, State.BROKEN, tuple(left_out))
    unscored = [place for place, score in scores if score and score.reason is not None]
    return Finding(Check.COMPLETE, State.UNSURE if unscored else State.KEPT, tuple(unscored))


def _address(turns: Sequence[Turn], fitting: Sequence[str]) -> Finding:
    """Whether one form of address was kept to, and one that fits."""
    heard: dict[str, list[int]] = {}
    unsure = []
    for place, turn, score in _scored(turns):
        found = {e.text for e in score.elements if e.kind is Kind.ADDRESS}
        for element in score.elements:
            if element.kind is Kind.ADDRESS and element.verdict is Verdict.UNSURE:
                unsure.append(place)
            if element.kind is Kind.ADDRESS and element.verdict is not Verdict.HEARD:
                found.discard(element.text)
        found |= {form for form in (*FORMS_OF_ADDRESS, *fitting) if form in _text(turn)}
        for form in sorted(found):
            heard.setdefault(form, []).append(place)
    places = tuple(sorted({place for found in heard.values() for place in found}))
    forms = tuple(heard)
    if len(heard) > 1 or (fitting and set(heard) - set(fitting)):
        return Finding(Check.ADDRESS, State.BROKEN, places, forms)
    if unsure:
        return Finding(Check.ADDRESS, State.UNSURE, tuple(unsure), forms)
    return Finding(Check.ADDRESS, State.KEPT if heard else State.ABSENT, places, forms)


def _respect(turns: Sequence[Turn]) -> Finding:
    """Whether 您 was said wherever a script marks it; an unmarked one is not looked at.

    A turn with other words than its own says nothing of it, nor does one without a score.
    """
    found: dict[Verdict, list[int]] = {}
    judged = set()
    for place, _turn, score in _scored(turns):
        if (score.counts.accuracy or 0.0) < OWN_BELOW:
            continue
        judged.add(place)
        for element in score.elements:
            if element.kind is Kind.RESPECT and element.required:
                found.setdefault(element.verdict, []).append(place)
    for verdict, state in ((Verdict.MISSED, State.BROKEN), (Verdict.UNSURE, State.UNSURE)):
        if verdict in found:
            return Finding(Check.RESPECT, state, tuple(dict.fromkeys(found[verdict])))
    open_turns = tuple(
        place for place, turn in enumerate(turns, 1) if place not in judged and _asks_respect(turn)
    )
    state = State.KEPT if found and not open_turns else State.ABSENT
    return Finding(Check.RESPECT, state, open_turns)


def _asks_respect(turn: Turn) -> bool:
    return any(e.kind is Kind.RESPECT and e.required for e in turn.line.wordings[0].elements)


def _text(turn: Turn) -> str:
    transcript = turn.attempt.assessment.transcript if turn.attempt else None
    return transcript.text if transcript else ""
