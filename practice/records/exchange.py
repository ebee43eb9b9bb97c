"""What travels between two stores: an attempt with everything that was said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from practice.records.attempt import Assessment, Take
from practice.records.review import Review


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """A judgment of an attempt by the machine, and when it was made."""

    created_at: str
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Record:
    """An attempt with all its judgments and reviews, the first ones first."""

    take: Take
    judgements: tuple[ScoreRecord, ...]
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two trainers reviewed an attempt, neither having seen what the other said.

    ``counts`` is the review that counts now, the newest of all.
    """

    take: Take
    ours: Review
    theirs: Review
    counts: Review


def newest(reviews: Iterable[Review]) -> Review:
    """The review that counts. It is the same in every store that has the same reviews."""
    return max(reviews, key=_age)


def find_conflict(take: Take, ours: list[Review], theirs: list[Review]) -> Conflict | None:
    """Say whether reviews that came contradict the one that counted here.

    ``theirs`` are those that are new here. What somebody built upon is settled, on either
    side: they had it before them.
    """
    everything = {review.id: review for review in (*ours, *theirs)}
    settled = {review.base for review in everything.values()}
    open_ones = [review for review in theirs if review.id not in settled]
    if not ours or not open_ones or newest(ours).id in settled:
        return None
    return Conflict(take, newest(ours), newest(open_ones), newest(everything.values()))


def _age(review: Review) -> tuple[str, str]:
    return review.created_at, review.id
