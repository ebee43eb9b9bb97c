"""Records that a bundle carries between two stores: attempts with their full history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict

from practice.records.attempt import Assessment, Take
from practice.records.limits import Limit, Moment
from practice.records.review import Review


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """An assessment of an attempt, with the time at which it was made."""

    created_at: Moment
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Record:
    """An attempt with all its assessments and reviews, oldest first."""

    # Applies to all records in it.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    take: Take
    judgements: Annotated[tuple[ScoreRecord, ...], Limit("judgements", bool)]
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two reviews of an attempt whose trainers had not seen each other's.

    Attributes:
        counts: The review in force after the merge: the newest of all.
    """

    take: Take
    ours: Review
    theirs: Review
    counts: Review


def newest(reviews: Iterable[Review]) -> Review:
    """Return the review in force; stores with the same reviews agree on it."""
    return max(reviews, key=_age)


def find_conflict(take: Take, ours: list[Review], theirs: list[Review]) -> Conflict | None:
    """Return the conflict between imported reviews and the one in force here, if any.

    A review that another one is based on is settled, on either side: the later trainer had
    seen it.

    Args:
        take: The attempt that was reviewed.
        ours: Reviews in this store before the import.
        theirs: Imported reviews that were not in this store.
    """
    everything = {review.id: review for review in (*ours, *theirs)}
    settled = {review.base for review in everything.values()}
    open_ones = [review for review in theirs if review.id not in settled]
    if not ours or not open_ones or newest(ours).id in settled:
        return None
    return Conflict(take, newest(ours), newest(open_ones), newest(everything.values()))


def _age(review: Review) -> tuple[str, str]:
    return review.created_at, review.id
