"""Conversation results: the sum of the turns, and checks over the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from practice.records.attempt import Attempt
from practice.records.kinds import Kind
from practice.records.scenario import Line
from practice.records.score import Component, Score, Verdict
from practice.scoring.review import final_score
from practice.scoring.score import Tally, draft, nothing_said, outcome, tally_of

FORMS_OF_ADDRESS = ("先生", "女士", "小姐")
"""Forms of address: those of the service standard and those in use in business halls today."""

OWN_BELOW = 0.5
OTHER_FROM = 0.6
"""Tolerant accuracies by which a turn has another turn's words: below ``OWN_BELOW`` for its own
script and at least ``OTHER_FROM`` for the other. Scripts of one conversation share less than half
of their characters, so an utterance cannot be near to both."""


class Check(StrEnum):
    """Requirement on a conversation from start to end."""

    ORDER = "order"  # each turn has its own words, not those of another
    COMPLETE = "complete"  # no turn was skipped
    ADDRESS = "address"  # one form of address throughout, and one that fits the customer
    RESPECT = "respect"  # 您 wherever a script requires it


class State(StrEnum):
    """Outcome of a check; the trainer decides on an ``unsure`` one."""

    KEPT = "kept"
    BROKEN = "broken"
    UNSURE = "unsure"
    ABSENT = "absent"  # these turns have nothing to check


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation with its last attempt, which is None if the turn was skipped."""

    number: int
    line: Line
    attempt: Attempt | None

    @property
    def score(self) -> Score | None:
        """Final score, with the trainer's review applied; None if the turn was skipped."""
        return final_score(self.attempt) if self.attempt else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of a check, with the turns (from 1) and words on which it is based."""

    check: Check
    state: State
    turns: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationResult:
    """Result of a conversation.

    ``deducted`` are the points that minor banned phrases cost. ``passed`` is None if something
    unsure, or a turn that was not scored, decides. ``total`` is None if no turn was scored or if
    the conversation ended early: turns that were not reached count neither for nor against.
    ``best`` is the total if a trainer hears everything that is unsure.
    """

    turns: tuple[Turn, ...]
    is_finished: bool
    findings: tuple[Finding, ...]
    components: tuple[Component, ...]
    deducted: float
    total: float | None
    best: float | None
    passed: bool | None


def conversation_result(
    turns: Sequence[Turn], address: Sequence[str] = (), *, is_finished: bool = True
) -> ConversationResult:
    """Compute the result of a conversation from its turns.

    The counts of all turns are added up and weighted like those of one attempt; a skipped turn
    counts as a script of which nothing was said. The conversation passes with the pass mark of an
    attempt if no turn has a severe banned phrase or misses a critical courtesy, and no check is
    broken. A minor banned phrase costs the conversation as many points as an attempt.

    Args:
        turns: The turns, in order.
        address: Forms of address that fit this customer; empty if any does.
        is_finished: False if the conversation ended early.
    """
    scores = [turn.score for turn in turns]
    scored = [
        (place, turn, score)
        for place, (turn, score) in enumerate(zip(turns, scores, strict=True), 1)
        if score is not None and score.reason is None
    ]
    findings = (
        _order(turns, scored),
        _complete(scores, is_finished=is_finished),
        _address(scored, address),
        _respect(turns, scored),
    )

    def count(unsure_as: Verdict | None = None) -> Tally:
        broken = (State.BROKEN, State.UNSURE) if unsure_as is Verdict.MISSED else (State.BROKEN,)
        checks = Tally(ruled_out=sum(finding.state in broken for finding in findings))
        pairs = zip(turns, scores, strict=True)
        return sum((_tally(turn.line, score, unsure_as) for turn, score in pairs), checks)

    tally = count()
    return ConversationResult(
        turns=tuple(turns),
        is_finished=is_finished,
        findings=findings,
        components=tally.components,
        deducted=tally.deducted,
        total=tally.total if scored and is_finished else None,
        best=count(Verdict.HEARD).total if scored and is_finished else None,
        passed=outcome(count),
    )


def _tally(line: Line, score: Score | None, unsure_as: Verdict | None) -> Tally:
    """Count a turn. Of one that was not scored, only what rules it out counts."""
    if score is None:
        return nothing_said(line)
    tally = tally_of(score, unsure_as)
    return tally if score.reason is None else Tally(ruled_out=tally.ruled_out)


# ---- the checks ------------------------------------------------------------------

_ScoredTurn = tuple[int, Turn, Score]
"""A turn that was scored: its place, counted from 1, the turn, and its final score."""


def _order(turns: Sequence[Turn], scored: Sequence[_ScoredTurn]) -> Finding:
    """Check that no turn has the words of another one."""
    wrong, words = [], []
    for place, turn, score in scored:
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


def _complete(scores: Sequence[Score | None], *, is_finished: bool) -> Finding:
    """Check that every turn was said."""
    places = list(enumerate(scores, 1))
    left_out = [place for place, score in places if score is None or score.off_script]
    if left_out or not is_finished:
        return Finding(Check.COMPLETE, State.BROKEN, tuple(left_out))
    unscored = [place for place, score in places if score and score.reason is not None]
    return Finding(Check.COMPLETE, State.UNSURE if unscored else State.KEPT, tuple(unscored))


def _address(scored: Sequence[_ScoredTurn], fitting: Sequence[str]) -> Finding:
    """Check that one form of address was used throughout, and one that fits the customer."""
    heard: dict[str, list[int]] = {}
    unsure: list[int] = []
    for place, turn, score in scored:
        forms = [e for e in score.elements if e.kind is Kind.ADDRESS]
        unsure += [place for e in forms if e.verdict is Verdict.UNSURE]
        found = {e.text for e in forms} - {e.text for e in forms if e.verdict is not Verdict.HEARD}
        found |= {form for form in (*FORMS_OF_ADDRESS, *fitting) if form in _text(turn)}
        for form in sorted(found):
            heard.setdefault(form, []).append(place)
    places = tuple(sorted({place for found in heard.values() for place in found}))
    words = tuple(heard)
    if len(heard) > 1 or (fitting and set(heard) - set(fitting)):
        return Finding(Check.ADDRESS, State.BROKEN, places, words)
    if unsure:
        return Finding(Check.ADDRESS, State.UNSURE, tuple(unsure), words)
    return Finding(Check.ADDRESS, State.KEPT if heard else State.ABSENT, places, words)


def _respect(turns: Sequence[Turn], scored: Sequence[_ScoredTurn]) -> Finding:
    """Check that each 您 that a script marks was said; unmarked ones are ignored.

    A turn with other words than its own shows nothing about it, nor does one that was not scored.
    """
    found: dict[Verdict, list[int]] = {}
    judged = set()
    for place, _turn, score in scored:
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
        place
        for place, turn in enumerate(turns, 1)
        if place not in judged
        and any(e.kind is Kind.RESPECT and e.required for e in turn.line.wordings[0].elements)
    )
    state = State.KEPT if found and not open_turns else State.ABSENT
    return Finding(Check.RESPECT, state, open_turns)


def _text(turn: Turn) -> str:
    transcript = turn.attempt.assessment.transcript if turn.attempt else None
    return transcript.text if transcript else ""
