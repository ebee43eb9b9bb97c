"""Reviews: what a trainer says of an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# ---- scenarios -------------------------------------------------------------
from practice.records.score import (
    Verdict,
)


class Decision(StrEnum):
    """What a trainer makes of a take."""

    PASS = "pass"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Mark:
    """A trainer's verdict on an element, in place of the machine's.

    ``nth`` counts, from 1, the elements of that name in the line: an element keeps its
    mark when a later judgment finds another wording closer.
    """

    name: str
    nth: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a trainer saw, or did not see, of a body standard; no microphone hears it.

    ``by`` is who watched, where it was somebody else than the reviewer.
    """

    item: str
    seen: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A trainer's words on a take, on the whole of it or on a moment in the audio."""

    text: str
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A trainer's judgment of an attempt, which wins over the machine's.

    Reviews are appended, never overwritten, so that they tell who changed what; ``base``
    is the id of the review that the trainer had before them, None for the first. Elements
    without a mark keep the machine's verdict; without a ``decision`` they decide. ``watched_only``:
    somebody noted what they saw during the take, and nobody has judged it yet.
    """

    id: str
    created_at: str
    reviewer: str
    base: str | None = None
    decision: Decision | None = None
    marks: tuple[Mark, ...] = ()
    observations: tuple[Observation, ...] = ()
    comments: tuple[Comment, ...] = ()
    watched_only: bool = False
