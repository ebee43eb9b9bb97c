"""Thresholds from a trainer's corrections: what they would change, and whether that is proven.

On the same cases a proposal makes no more wrong verdicts of either kind than the limits in
force do. Within that it weighs wrong verdicts against those left to the trainer.
docs/calibration.md says what such a proposal is worth.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from practice.records.review import Review
from practice.records.score import Basis, ElementResult, Score, Verdict
from practice.scoring.decision import (
    ThresholdPair,
    Thresholds,
    by_pronoun,
    by_strength,
    heard_from,
    pronoun_family,
)
from practice.scoring.review import numbered, trainers_verdicts

LEAST_CASES = 20
"""Labelled cases that a family needs of what was said, and as many of what was not. The
chance that the next case lies beyond all of n is 1 in n + 1: with 20, below 5 %."""

LEAST_TRAINEES = 3
"""Voices that the cases must come from: limits that suit one voice suit that voice."""

FOLDS = 5
"""Parts that the trainees are dealt into. What is chosen without a part must hold on it."""

EXCESS = 0.003
"""Share of the cases that may be judged wrong on trainees who were left out, beyond those
that the limits in force judge wrong: the rate that the project allows itself at all."""

WRONG = 10
"""A wrong verdict weighs as much as ten that are left to the trainer.

A limit that is loosened is charged with one more than it shows: set beyond the outermost
of n cases, it lets about one of the next n through.
"""

NEARLY = 2
"""Cases more or less by which two limits are as good as each other, so that no single odd
case draws a limit far away."""

MARGINS = {ThresholdPair.AUDIO: 1.0, ThresholdPair.PRONOUN: 0.5, ThresholdPair.HELLO: 0.5}
"""Nats that a limit keeps from the nearest case that it must not take in, and that the two
limits of a family keep from each other: a sixth of what lies between the built-in ones."""

_PER_NAT = 10
"""Limits are proposed in tenths of a nat; more digits would only look like precision."""


@dataclass(frozen=True, slots=True)
class Case:
    """An element that thresholds decide on, and what the trainer says of it.

    ``strength`` is None where the transcript settles all but the 您, ``pronoun`` where 您
    over 你 was not asked.
    """

    strength: float | None
    doubts: tuple[str, ...]
    pronoun: float | None
    pronoun_family: ThresholdPair
    truth: Verdict
    trainee: int


class Outcome(StrEnum):
    """What became of a family."""

    PROPOSED = "proposed"
    UNCHANGED = "unchanged"  # nothing better was found
    TOO_FEW_CASES = "too-few-cases"
    TOO_FEW_TRAINEES = "too-few-trainees"
    NOT_PROVEN = "not-proven"  # what was found failed on trainees who were left out


@dataclass(frozen=True, slots=True)
class Tally:
    """How the cases of a family come out, by the trainer's word."""

    credited: int
    accused: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Change:
    """Cases whose verdict would change in the same way, and what the trainer says of them."""

    before: Verdict
    after: Verdict
    truth: Verdict
    cases: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What calibration came to for a family; limits are heard from, missed from."""

    family: ThresholdPair
    outcome: Outcome
    said: int
    not_said: int
    trainees: int
    before: tuple[float, float]
    after: tuple[float, float]
    now: Tally
    then: Tally
    changes: tuple[Change, ...]


def cases_of(score: Score, seen: Score, review: Review, trainee: int) -> Iterator[Case]:
    """The labeled cases of a reviewed attempt.

    ``score`` is the newest judgment, ``seen`` the one that the trainer had before them:
    what they left as it was, they agreed with, whatever the machine says since.
    """
    truths = trainers_verdicts(seen, review)
    for place, element in numbered(score.elements):
        truth = truths.get(place)
        if truth in (Verdict.HEARD, Verdict.MISSED):
            case = case_of(element, truth, trainee)
            if case is not None:
                yield case


def case_of(element: ElementResult, truth: Verdict, trainee: int) -> Case | None:
    """The case that an element makes; None where no threshold had a say."""
    evidence = element.evidence
    if evidence.basis is Basis.AUDIO:
        strength, pronoun = evidence.strength, evidence.beside
    elif evidence.basis is Basis.PRONOUN:
        strength, pronoun = evidence.beside, evidence.strength
    elif evidence.basis is Basis.TEXT and evidence.beside is not None:
        strength, pronoun = None, evidence.beside
    else:
        return None
    family = pronoun_family(element.text)
    return Case(strength, evidence.doubts, pronoun, family, truth, trainee)


def decide_again(case: Case, limits: Thresholds) -> Verdict:
    """The verdict that ``decide`` would give by other limits."""
    verdict = Verdict.HEARD
    if case.strength is not None:
        verdict = by_strength(case.strength, case.doubts, limits)
    if case.pronoun is None:
        return verdict
    return by_pronoun(case.pronoun, verdict, case.pronoun_family, limits)


def calibrate(cases: Sequence[Case], limits: Thresholds) -> tuple[tuple[Proposal, ...], Thresholds]:
    """Propose limits for each family, one after the other; and the thresholds with all."""
    proposals = []
    for family in ThresholdPair:
        proposal = _propose(family, cases, limits)
        proposals.append(proposal)
        limits = limits.with_band(family, proposal.after)
    return tuple(proposals), limits


def interval(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of n > 0: Wilson, J. Am. Stat. Assoc. 22 (1927)."""
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


# ---- one family ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Turning:
    """A case, and where its verdict turns while one family's limits move.

    It is heard where that is heard from ``heard_at`` or less, and missed where it is missed
    from ``missed_at`` or more; None where these limits can't make it so.
    """

    case: Case
    heard_at: float | None
    missed_at: float | None


def _turning(case: Case, family: ThresholdPair, limits: Thresholds) -> _Turning:
    heard_at = missed_at = None
    high, low = limits.band(case.pronoun_family)
    if family is ThresholdPair.AUDIO:
        if case.strength is not None and (case.pronoun is None or case.pronoun >= high):
            heard_at = case.strength - (heard_from(case.doubts, limits) - limits.heard)
        if not case.doubts and (case.pronoun is None or case.pronoun > low):
            missed_at = case.strength
    elif case.pronoun_family is family:
        before_it = decide_again(replace(case, pronoun=None), limits)
        heard_at = case.pronoun if before_it is Verdict.HEARD else None
        missed_at = None if before_it is Verdict.MISSED else case.pronoun
    return _Turning(case, heard_at, missed_at)


def _propose(family: ThresholdPair, cases: Sequence[Case], limits: Thresholds) -> Proposal:
    turnings = [_turning(case, family, limits) for case in cases]
    own = [t for t in turnings if t.heard_at is not None or t.missed_at is not None]
    said = sum(t.case.truth is Verdict.HEARD for t in own)
    trainees = len({t.case.trainee for t in own})
    before = after = limits.band(family)
    if min(said, len(own) - said) < LEAST_CASES:
        outcome = Outcome.TOO_FEW_CASES
    elif trainees < LEAST_TRAINEES:
        outcome = Outcome.TOO_FEW_TRAINEES
    else:
        after, outcome = _move(own, before, MARGINS[family])
    moved = limits.with_band(family, after)
    outcomes = [
        (decide_again(t.case, limits), decide_again(t.case, moved), t.case.truth) for t in own
    ]
    changed = Counter(verdicts for verdicts in outcomes if verdicts[0] is not verdicts[1])
    return Proposal(
        family,
        outcome,
        said,
        len(own) - said,
        trainees,
        before,
        after,
        _tally((now, truth) for now, _then, truth in outcomes),
        _tally((then, truth) for _now, then, truth in outcomes),
        tuple(Change(*verdicts, cases=n) for verdicts, n in sorted(changed.items())),
    )


def _tally(outcomes: Iterable[tuple[Verdict, Verdict]]) -> Tally:
    counted = Counter(outcomes)
    return Tally(
        credited=counted[Verdict.HEARD, Verdict.MISSED],
        accused=counted[Verdict.MISSED, Verdict.HEARD],
        unsure=sum(n for (verdict, _truth), n in counted.items() if verdict is Verdict.UNSURE),
    )


def _move(
    own: Sequence[_Turning], before: tuple[float, float], margin: float
) -> tuple[tuple[float, float], Outcome]:
    """The best limits of a family, or those in force where nothing better holds."""
    high, low = before
    # The lower limit is the upper one in a mirror, where missed is what counts as right.
    mirrored = [
        _Point(-t.missed_at, t.case.truth is Verdict.MISSED, t.case.trainee)
        for t in own
        if t.missed_at is not None
    ]
    found, low_holds = _search(mirrored, -low, margin, margin - high)
    new_low = 0.0 - found
    plain = [
        _Point(t.heard_at, t.case.truth is Verdict.HEARD, t.case.trainee)
        for t in own
        if t.heard_at is not None
    ]
    new_high, high_holds = _search(plain, high, margin, new_low + margin)
    if (new_high, new_low) != before:
        return (new_high, new_low), Outcome.PROPOSED
    return before, Outcome.UNCHANGED if low_holds and high_holds else Outcome.NOT_PROVEN


@dataclass(frozen=True, slots=True)
class _Point:
    """Where a case is taken in by a limit, and whether it should be."""

    at: float
    is_right: bool
    trainee: int


def _search(
    points: Sequence[_Point], now: float, margin: float, least: float
) -> tuple[float, bool]:
    """The best limit from ``least`` up if it holds on trainees it was not chosen by.

    Else the one in force, and False.
    """
    best = _best(points, now, margin, least)
    trainees = sorted({p.trainee for p in points})
    excess = 0
    for fold in range(FOLDS):
        left_out = set(trainees[fold::FOLDS])
        chosen = _best([p for p in points if p.trainee not in left_out], now, margin, least)
        wrong = [p.at for p in points if p.trainee in left_out and not p.is_right]
        excess += sum(at >= chosen for at in wrong) - sum(at >= now for at in wrong)
    holds = excess <= EXCESS * sum(not p.is_right for p in points)
    return (best, True) if holds else (now, best == now)


def _best(points: Sequence[_Point], now: float, margin: float, least: float) -> float:
    """Of the limits that cost least, or nearly so, the nearest to the one in force."""
    right = sorted(p.at for p in points if p.is_right)
    wrong = sorted(p.at for p in points if not p.is_right)
    errors_now = len(wrong) - bisect_left(wrong, now)

    def errors(limit: float) -> int:
        return errors_now if limit == now else len(wrong) - bisect_right(wrong, limit - margin)

    def cost(limit: float) -> int:
        taken_in = len(right) - bisect_left(right, limit)
        return WRONG * (errors(limit) + (limit < now)) - taken_in

    # No limit lies beyond what was labeled: it goes down to the weakest case that it should
    # take in, and up to a margin above the strongest that it should not.
    limits = {math.floor(at * _PER_NAT) / _PER_NAT for at in right}
    limits |= {math.ceil((at + margin) * _PER_NAT) / _PER_NAT for at in wrong}
    costs = {x: cost(x) for x in limits if x >= least and errors(x) <= errors_now}
    costs[now] = cost(now)
    good = [x for x in costs if costs[x] <= min(costs.values()) + NEARLY]
    return min(good, key=lambda x: (abs(x - now), x))
