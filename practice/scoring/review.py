"""What counts in the end: the machine's score with the trainer's review laid over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from practice.records.attempt import Attempt
from practice.records.recognition import Unscored
from practice.records.review import Decision, Mark, Observation, Review
from practice.records.score import ElementResult, Score, Verdict
from practice.scoring.score import PASS_MARK, SECOND_LOOK_BELOW, tally_of, with_total


def final_score(attempt: Attempt) -> Score:
    """The score that every total counts: the machine's, or where reviewed the trainer's."""
    score, review = attempt.assessment.score, attempt.judgement
    return score if review is None else reviewed(score, review)


def reviewed(score: Score, review: Review) -> Score:
    """Lay a review over a machine's score.

    Marks replace verdicts and the total follows them; a decision says whether the take
    passed, whatever the total. An unscored take has no text to count, so it gets no total.
    """
    marks = {(m.name, m.nth): m.verdict for m in review.marks}
    elements = tuple(
        replace(e, verdict=marks.get(place, e.verdict)) for place, e in numbered(score.elements)
    )
    result = replace(score, elements=elements)
    if score.reason is None:
        result = with_total(result)
    if review.decision is not None:
        result = replace(result, passed=review.decision is Decision.PASS)
    return result


def numbered(
    elements: tuple[ElementResult, ...],
) -> Iterator[tuple[tuple[str, int], ElementResult]]:
    """Each element with its name and which of that name it is: how marks refer to it."""
    seen: Counter[str] = Counter()
    for element in elements:
        seen[element.name] += 1
        yield (element.name, seen[element.name]), element


def trainers_verdicts(seen: Score, review: Review) -> dict[tuple[str, int], Verdict]:
    """What a trainer says of each element: the marks, and what they left standing.

    ``seen`` is the machine's score that the trainer had before them. A later one may say
    something else of the elements without a mark, and then nobody has confirmed it.
    """
    left = {place: element.verdict for place, element in numbered(seen.elements)}
    return left | {(m.name, m.nth): m.verdict for m in review.marks}


def watchers(review: Review) -> dict[str, tuple[Observation, ...]]:
    """What was seen of the body standards, by who watched."""
    found: dict[str, tuple[Observation, ...]] = {}
    for seen in review.observations:
        who = seen.by or review.reviewer
        found[who] = (*found.get(who, ()), seen)
    return found


def changes(before: Review | None, after: Review) -> tuple[tuple[Mark, ...], bool, bool]:
    """What a review changed against the one before it: marks, the decision, the comments.

    A mark that was taken back is given with the verdict ``unscored``: the machine's
    stands again.
    """
    old = {(m.name, m.nth): m for m in before.marks} if before else {}
    new = {(m.name, m.nth): m for m in after.marks}
    changed = [m for place, m in new.items() if old.get(place) != m]
    changed += [replace(m, verdict=Verdict.UNSCORED) for p, m in old.items() if p not in new]
    decided = after.decision is not (before.decision if before else None)
    commented = after.comments != (before.comments if before else ())
    return tuple(changed), decided, commented


# ---- which takes need an ear first -------------------------------------------

DOUBTS: dict[str, float] = {
    "undecided": 4.0,  # elements that are unsure decide on the pass
    "banned": 3.0,  # a phrase never to be said was found, or may have been said
    "unsure": 2.0,  # for each element, three at the most
    "unlikely": 2.0,  # the recognizer doubts its own text
    "near": 1.5,  # the total is near the pass mark
    "off-script": 1.0,
    "missed": 1.0,  # somebody is accused
    "unscored": 1.0,  # there was sound, but it could not be judged
}
"""What makes an attempt doubtful, and how far up the queue it goes for that."""

NEAR_MARK = 8.0
"""Points about the pass mark in which one element more or less would have turned it."""


def doubts(attempt: Attempt) -> dict[str, float]:
    """Why an attempt should be heard by a person, with the points of each reason."""
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
        "near": abs(tally_of(score).deciding - PASS_MARK) <= NEAR_MARK,
        "off-script": score.off_script,
        "missed": any(e.required for e in score.with_verdict(Verdict.MISSED)),
    }
    return {reason: DOUBTS[reason] * times for reason, times in found.items() if times}
