"""Final scores (the machine's score with the trainer's review applied) and review priorities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from practice.records.attempt import Attempt
from practice.records.recognition import Unscored
from practice.records.review import Decision, Mark, Observation, Review
from practice.records.score import ElementResult, Score, Verdict
from practice.scoring.score import PASS_MARK, SECOND_LOOK_BELOW, with_total


def final_score(attempt: Attempt) -> Score:
    """Return the score that counts: the machine's, corrected by the trainer's review if any."""
    score, review = attempt.assessment.score, attempt.judgement
    return score if review is None else reviewed(score, review)


def reviewed(score: Score, review: Review) -> Score:
    """Apply a review to a machine's score.

    Marks replace verdicts, and the score is computed again from them. A decision sets the result
    regardless of the score. An attempt that was not scored has no text to count and gets no
    score.
    """
    verdicts = trainers_verdicts(score, review)
    elements = tuple(replace(e, verdict=verdicts[place]) for place, e in numbered(score.elements))
    result = replace(score, elements=elements)
    if score.reason is None:
        result = with_total(result)
    if review.decision is not None:
        result = replace(result, passed=review.decision is Decision.PASS)
    return result


def numbered(
    elements: tuple[ElementResult, ...],
) -> Iterator[tuple[tuple[str, int], ElementResult]]:
    """Yield each element with the key that marks refer to.

    The key is the element's name, and its number among the elements of that name, from 1.
    """
    seen: Counter[str] = Counter()
    for element in elements:
        seen[element.name] += 1
        yield (element.name, seen[element.name]), element


def trainers_verdicts(seen: Score, review: Review) -> dict[tuple[str, int], Verdict]:
    """Return the trainer's verdict on each element: the mark, or the verdict left unchanged.

    Args:
        seen: The machine's score that the trainer reviewed. A later score may have other verdicts
            on elements without a mark, which no trainer has confirmed.

    Returns:
        Verdicts by the keys of ``numbered``.
    """
    left = {place: element.verdict for place, element in numbered(seen.elements)}
    return left | {place: mark.verdict for place, mark in _marks(review).items()}


def _marks(review: Review | None) -> dict[tuple[str, int], Mark]:
    return {(mark.name, mark.nth): mark for mark in review.marks} if review else {}


def watchers(review: Review) -> dict[str, tuple[Observation, ...]]:
    """Group the observations of body standards by observer."""
    found: dict[str, tuple[Observation, ...]] = {}
    for seen in review.observations:
        who = seen.by or review.reviewer
        found[who] = (*found.get(who, ()), seen)
    return found


def changes(before: Review | None, after: Review) -> tuple[tuple[Mark, ...], bool, bool]:
    """Compare a review with the one before it.

    Returns:
        The changed marks, whether the decision changed, and whether the comments changed. A
        withdrawn mark has the verdict ``unscored``: the machine's verdict applies again.
    """
    old, new = _marks(before), _marks(after)
    changed = [m for place, m in new.items() if old.get(place) != m]
    changed += [replace(m, verdict=Verdict.UNSCORED) for p, m in old.items() if p not in new]
    decided = after.decision is not (before.decision if before else None)
    commented = after.comments != (before.comments if before else ())
    return tuple(changed), decided, commented


# ---- priority in the review queue --------------------------------------------

DOUBTS: dict[str, float] = {
    "undecided": 4.0,  # unsure elements or banned phrases decide whether it passes
    "banned": 3.0,  # a banned phrase was said, or perhaps said
    "unsure": 2.0,  # for each unsure element, at most three
    "unlikely": 2.0,  # the transcript has a low mean log-probability
    "near": 1.5,  # the score is near the pass mark
    "off-script": 1.0,
    "missed": 1.0,  # a required element was missed: the trainee is accused of something
    "unscored": 1.0,  # there was sound, but it could not be scored
}
"""Reasons to doubt an attempt, with the points that move it up the review queue."""

NEAR_MARK = 8.0
"""Distance from the pass mark, in points, within which one element changes the result."""


def doubts(attempt: Attempt) -> dict[str, float]:
    """Return the reasons why a person should listen to an attempt, with the points of each.

    The keys are those of ``DOUBTS``. Recordings without speech, too short or too long need no
    listening, so they have none.
    """
    score, transcript = attempt.assessment.score, attempt.assessment.transcript
    if score.reason is not None:
        silent = score.reason in (Unscored.NO_SPEECH, Unscored.TOO_SHORT, Unscored.TOO_LONG)
        return {} if silent else {"unscored": DOUBTS["unscored"]}
    unsure = min(3, len(score.with_verdict(Verdict.UNSURE)))
    found = {
        "undecided": score.passed is None,
        "banned": bool(score.banned),
        "unsure": unsure,
        "unlikely": transcript is not None and transcript.avg_logprob < SECOND_LOOK_BELOW,
        "near": abs((score.total or 0.0) - PASS_MARK) <= NEAR_MARK,
        "off-script": score.off_script,
        "missed": any(e.required for e in score.with_verdict(Verdict.MISSED)),
    }
    return {reason: DOUBTS[reason] * times for reason, times in found.items() if times}
