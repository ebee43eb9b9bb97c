"""Reviewed attempts with the score that their reviewer saw, as data to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from practice.records.attempt import Assessment
from practice.records.review import Review
from practice.records.score import Score
from practice.store import rows
from practice.store.database import Database
from practice.store.schema import reviews, scores, standings, trainees

_AT_ONCE = 200
"""Attempts read per transaction, so that other machines can write in between."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A reviewed attempt.

    Attributes:
        assessment: The newest assessment.
        seen: The machine's score that the trainer reviewed.
        review: The newest review.
    """

    trainee_id: int
    assessment: Assessment
    seen: Score
    review: Review


class ReviewedAttempts:
    """The reviewed attempts of a group, or of all groups if ``group`` is None.

    The IDs are read on construction, the records during iteration.
    """

    def __init__(self, database: Database, group: str | None) -> None:
        self._database = database
        query = sa.select(standings.c.attempt_id).where(standings.c.reviewed)
        if group is not None:
            query = query.join(trainees, trainees.c.id == standings.c.trainee_id).where(
                trainees.c.group_name == group
            )
        with database.reading() as db:
            self._ids = list(db.execute(query.order_by(standings.c.attempt_id)).scalars())

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Reviewed]:
        for start in range(0, len(self._ids), _AT_ONCE):
            yield from self._read(self._ids[start : start + _AT_ONCE])

    def _read(self, ids: list[str]) -> list[Reviewed]:
        newest, seen = scores.alias(), scores.alias()
        # Mostly the reviewer saw the newest assessment; its text is not read twice then.
        other = sa.case((seen.c.number != newest.c.number, seen.c.assessment))
        query = (
            sa.select(
                standings.c.trainee_id, newest.c.assessment, reviews.c.review, other.label("other")
            )
            .join(reviews, reviews.c.id == standings.c.review_id)
            .join(
                newest,
                sa.and_(
                    newest.c.attempt_id == standings.c.attempt_id,
                    newest.c.number == standings.c.score_number,
                ),
            )
            .join(
                seen,
                sa.and_(
                    seen.c.attempt_id == standings.c.attempt_id,
                    seen.c.number == rows.seen_number(standings.c.attempt_id, reviews.c.created_at),
                ),
            )
            .where(standings.c.attempt_id.in_(ids))
            .order_by(standings.c.attempt_id)
        )
        found = []
        with self._database.reading() as db:
            for trainee_id, text, review, other_text in db.execute(query):
                assessment = rows.ASSESSMENT.validate_json(text)
                seen_score = assessment.score
                if other_text is not None:
                    seen_score = rows.ASSESSMENT.validate_json(other_text).score
                review_of = rows.REVIEW.validate_json(review)
                found.append(Reviewed(trainee_id, assessment, seen_score, review_of))
        return found
