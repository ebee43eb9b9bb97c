"""Threshold proposals from trainers' corrections, cross-validated over trainees.

On the same cases, a proposal makes no more wrong verdicts of either kind than the current
thresholds. Within this constraint it weighs wrong verdicts against those left to the trainer.
docs/calibration.md explains when not to trust a proposal.
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
"""Labeled cases that a threshold pair needs of elements that were said, and as many of elements
that were not. The chance that the next case exceeds all n is 1 in n + 1: with 20, below 5 %."""

LEAST_TRAINEES = 3
"""Trainees that the cases must come from: thresholds fitted to one voice suit only that voice."""

FOLDS = 5
"""Parts that the trainees are split into. A threshold chosen without a part must hold on it."""

EXCESS = 0.003
"""Share of the cases to exclude that a new threshold may judge wrong on left-out trainees, in
addition to those that the current one judges wrong. It is the highest error rate that the project
allows."""

WRONG = 10
"""Weight of a wrong verdict, in verdicts that are left to the trainer.

A loosened threshold is charged one wrong verdict more than it shows: set beyond the outermost of
n cases, it lets through about one of the next n.
"""

NEARLY = 2
"""Difference in cost up to which two thresholds are equally good, so that a single odd case
does not move a threshold far."""

MARGINS = {ThresholdPair.AUDIO: 1.0, ThresholdPair.PRONOUN: 0.5, ThresholdPair.HELLO: 0.5}
"""Margin, in nats, from a threshold to the nearest case that it must exclude, and between the
two thresholds of a pair. For AUDIO it is a sixth of the gap between the built-in thresholds."""

_PER_NAT = 10
"""Steps per nat in which thresholds are proposed. More digits would be false precision."""


@dataclass(frozen=True, slots=True)
class Case:
    """An element that the thresholds decide on, labeled with the trainer's verdict.

    ``strength`` is None if the transcript settles everything but the 您; ``pronoun`` is None if
    您 was not compared with 你. Both are in nats.
    """

    strength: float | None
    doubts: tuple[str, ...]
    pronoun: float | None
    pronoun_family: ThresholdPair
    truth: Verdict
    trainee: int


class Outcome(StrEnum):
    """Outcome of the calibration of one threshold pair."""

    PROPOSED = "proposed"
    UNCHANGED = "unchanged"  # nothing better was found
    TOO_FEW_CASES = "too-few-cases"
    TOO_FEW_TRAINEES = "too-few-trainees"
    NOT_PROVEN = "not-proven"  # the threshold found failed on trainees who were left out


@dataclass(frozen=True, slots=True)
class Tally:
    """Number of wrong and unsure verdicts on the cases of a threshold pair.

    ``credited`` elements are heard although the trainer says that they were not said;
    ``accused`` ones are missed although the trainer says that they were.
    """

    credited: int
    accused: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Change:
    """Number of cases with the same change of verdict and the same verdict of the trainer."""

    before: Verdict
    after: Verdict
    truth: Verdict
    cases: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Proposal for one threshold pair.

    ``before`` and ``after`` are the thresholds (heard from, missed from) in nats; ``now`` and
    ``then`` are the tallies with each. ``said`` and ``not_said`` count the cases by the trainer's
    verdict.
    """

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
    """Yield the labeled cases of a reviewed attempt.

    Args:
        score: The newest score, whose evidence makes the cases.
        seen: The score that the trainer reviewed. A verdict in it that the trainer left unchanged
            counts as agreement, even if ``score`` has another one.
        trainee: A number that identifies the trainee.
    """
    truths = trainers_verdicts(seen, review)
    for place, element in numbered(score.elements):
        truth = truths.get(place)
        if truth in (Verdict.HEARD, Verdict.MISSED):
            case = case_of(element, truth, trainee)
            if case is not None:
                yield case


def case_of(element: ElementResult, truth: Verdict, trainee: int) -> Case | None:
    """Return the case of an element, or None if no threshold was involved in its verdict."""
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
    """Return the verdict that ``decision.decide`` would give with other thresholds."""
    verdict = Verdict.HEARD
    if case.strength is not None:
        verdict = by_strength(case.strength, case.doubts, limits)
    if case.pronoun is None:
        return verdict
    return by_pronoun(case.pronoun, verdict, case.pronoun_family, limits)


def calibrate(cases: Sequence[Case], limits: Thresholds) -> tuple[tuple[Proposal, ...], Thresholds]:
    """Propose thresholds for each pair in turn.

    Args:
        cases: The labeled cases of all reviewed attempts.
        limits: The current thresholds.

    Returns:
        One proposal for each pair, and the thresholds with all proposals applied. Each pair is
        calibrated with the proposals of the pairs before it applied.
    """
    proposals = []
    for family in ThresholdPair:
        proposal = _propose(family, cases, limits)
        proposals.append(proposal)
        limits = limits.with_pair(family, proposal.after)
    return tuple(proposals), limits


def interval(k: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of the share k / n, for n > 0.

    Reference: Wilson, J. Am. Stat. Assoc. 22 (1927).
    """
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


# ---- one threshold pair ----------------------------------------------------------


_Turning = tuple[Case, float | None, float | None]
"""A case, with the thresholds at which its verdict changes while one pair moves.

The case is heard if the pair's upper threshold is at most the first, and missed if the lower one
is at least the second. None means that this pair alone cannot give that verdict.
"""


def _turning(case: Case, family: ThresholdPair, limits: Thresholds) -> _Turning:
    heard_at = missed_at = None
    high, low = limits.pair(case.pronoun_family)
    if family is ThresholdPair.AUDIO:
        if case.strength is not None and (case.pronoun is None or case.pronoun >= high):
            heard_at = case.strength - (heard_from(case.doubts, limits) - limits.heard)
        if not case.doubts and (case.pronoun is None or case.pronoun > low):
            missed_at = case.strength
    elif case.pronoun_family is family:
        before_it = decide_again(replace(case, pronoun=None), limits)
        heard_at = case.pronoun if before_it is Verdict.HEARD else None
        missed_at = None if before_it is Verdict.MISSED else case.pronoun
    return case, heard_at, missed_at


def _propose(family: ThresholdPair, cases: Sequence[Case], limits: Thresholds) -> Proposal:
    turnings = [_turning(case, family, limits) for case in cases]
    own = [t for t in turnings if t[1:] != (None, None)]
    cases = [case for case, _heard_at, _missed_at in own]
    said = sum(case.truth is Verdict.HEARD for case in cases)
    trainees = len({case.trainee for case in cases})
    before = after = limits.pair(family)
    if min(said, len(own) - said) < LEAST_CASES:
        outcome = Outcome.TOO_FEW_CASES
    elif trainees < LEAST_TRAINEES:
        outcome = Outcome.TOO_FEW_TRAINEES
    else:
        after, outcome = _move(own, before, MARGINS[family])
    moved = limits.with_pair(family, after)
    outcomes = [(decide_again(c, limits), decide_again(c, moved), c.truth) for c in cases]
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
    """Return the best thresholds of a pair, or the current ones if nothing better holds."""
    high, low = before
    # With the signs reversed, and missed as the right verdict, the lower threshold is searched
    # for in the same way as the upper one.
    mirrored = [
        _Point(-missed_at, case.truth is Verdict.MISSED, case.trainee)
        for case, _heard_at, missed_at in own
        if missed_at is not None
    ]
    found, low_holds = _search(mirrored, -low, margin, margin - high)
    new_low = 0.0 - found
    plain = [
        _Point(heard_at, case.truth is Verdict.HEARD, case.trainee)
        for case, heard_at, _missed_at in own
        if heard_at is not None
    ]
    new_high, high_holds = _search(plain, high, margin, new_low + margin)
    if (new_high, new_low) != before:
        return (new_high, new_low), Outcome.PROPOSED
    return before, Outcome.UNCHANGED if low_holds and high_holds else Outcome.NOT_PROVEN


@dataclass(frozen=True, slots=True)
class _Point:
    """A case as one threshold sees it: included by every threshold up to ``at``.

    ``is_right`` means that the threshold should include it.
    """

    at: float
    is_right: bool
    trainee: int


def _search(
    points: Sequence[_Point], now: float, margin: float, least: float
) -> tuple[float, bool]:
    """Return the best threshold of at least ``least``, if it holds on left-out trainees.

    Otherwise return the current one. The flag is False if a better threshold was found but did
    not hold.
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
    """Return the threshold nearest to the current one among those of nearly the lowest cost."""
    right = sorted(p.at for p in points if p.is_right)
    wrong = sorted(p.at for p in points if not p.is_right)
    errors_now = len(wrong) - bisect_left(wrong, now)

    def errors(limit: float) -> int:
        return errors_now if limit == now else len(wrong) - bisect_right(wrong, limit - margin)

    def cost(limit: float) -> int:
        taken_in = len(right) - bisect_left(right, limit)
        return WRONG * (errors(limit) + (limit < now)) - taken_in

    # A threshold never goes beyond the labeled cases: at lowest it is at the weakest case that
    # it should include, at highest a margin above the strongest that it should exclude.
    limits = {math.floor(at * _PER_NAT) / _PER_NAT for at in right}
    limits |= {math.ceil((at + margin) * _PER_NAT) / _PER_NAT for at in wrong}
    costs = {x: cost(x) for x in limits if x >= least and errors(x) <= errors_now}
    costs[now] = cost(now)
    good = [x for x in costs if costs[x] <= min(costs.values()) + NEARLY]
    return min(good, key=lambda x: (abs(x - now), x))
