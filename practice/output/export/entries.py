"""Content of a trainee's report: each attempt, and a summary of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from practice.output.wording import element_name
from practice.records.attempt import Attempt
from practice.records.score import Chunk, ElementResult, Op, Score, Verdict
from practice.scoring.columns import Column, columns
from practice.scoring.review import final_score, numbered

MOST_MISSED = 5
"""Number of elements listed as missed most."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An element with the machine's verdict, and the trainer's verdict if it differs."""

    element: ElementResult
    trainer: Verdict | None
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An attempt as the report shows it."""

    attempt: Attempt
    machine: Score
    final: Score
    elements: tuple[Judged, ...]
    columns: tuple[Column, ...]
    differences: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """Number of times an element was missed, out of the times it was judged heard or missed."""

    name: str
    missed: int
    judged: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Attempts counted by final result, and the elements missed most."""

    takes: int
    passed: int
    failed: int
    undecided: int
    unscored: int
    missed: tuple[Missed, ...]


def entry_of(attempt: Attempt) -> Entry:
    """Collect everything that the report shows of an attempt, except its recording."""
    machine, final = attempt.assessment.score, final_score(attempt)
    marks = {(m.name, m.nth): m for m in attempt.review.marks} if attempt.review else {}
    elements = tuple(
        Judged(
            element,
            marks[place].verdict if place in marks else None,
            marks[place].reason if place in marks else "",
        )
        for place, element in numbered(machine.elements)
    )
    return Entry(
        attempt,
        machine,
        final,
        elements,
        tuple(columns(machine.chunks)),
        tuple(chunk for chunk in machine.chunks if chunk.op is not Op.EQUAL),
    )


def summary_of(attempts: Collection[Attempt]) -> Summary:
    """Count attempts and missed required elements by their final results and verdicts."""
    results: Counter[str] = Counter()
    verdicts: Counter[tuple[str, Verdict]] = Counter()
    for final in map(final_score, attempts):
        if final.passed is None:
            results["unscored" if final.reason else "undecided"] += 1
        else:
            results["passed" if final.passed else "failed"] += 1
        verdicts.update((element_name(e), e.verdict) for e in final.elements if e.required)
    missed = [
        Missed(name, times, times + verdicts[name, Verdict.HEARD])
        for (name, verdict), times in verdicts.items()
        if verdict is Verdict.MISSED
    ]
    missed.sort(key=lambda m: (-m.missed, m.judged))
    return Summary(
        takes=len(attempts),
        passed=results["passed"],
        failed=results["failed"],
        undecided=results["undecided"],
        unscored=results["unscored"],
        missed=tuple(missed[:MOST_MISSED]),
    )
