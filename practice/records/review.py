"""Reviews: a trainer's findings on an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from practice.records.limits import Id, Moment, Observer, Reviewer
from practice.records.score import Verdict


class Decision(StrEnum):
    """The outcome of a review."""

    PASS = "pass"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Mark:
    """A trainer's verdict on an element, which replaces the machine's.

    Attributes:
        nth: Position among the elements of this name in the line, counted from 1. An element
            keeps its mark if a later assessment finds another wording closer.
    """

    name: str
    nth: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """A trainer's observation of a body standard, which no microphone can record.

    Attributes:
        by: The observer; empty if the reviewer watched.
    """

    item: str
    seen: bool
    by: Observer = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A trainer's comment on an attempt or, with ``at_s``, on a moment of its recording."""

    text: str
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A trainer's review of an attempt, which overrides the machine's assessment.

    Reviews are appended, never overwritten, so that they record who changed what.

    Attributes:
        base: ID of the review that the trainer built upon; None for the first one.
        decision: If None, the verdicts on the elements decide.
        marks: Elements without a mark keep the machine's verdict.
        watched_only: An observer noted what they saw during the attempt, and no trainer has
            reviewed it yet.
    """

    id: Id
    created_at: Moment
    reviewer: Reviewer
    base: Id | None = None
    decision: Decision | None = None
    marks: tuple[Mark, ...] = ()
    observations: tuple[Observation, ...] = ()
    comments: tuple[Comment, ...] = ()
    watched_only: bool = False
