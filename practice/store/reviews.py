"""Attempts by review state: the queue, the most doubtful first, and the reviewed ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from practice.records.attempt import Assessment, Attempt
from practice.records.review import Review
from practice.records.score import Score
from practice.store import rows
from practice.store.database import Database
from practice.store.schema import attempts, reviews, scores, standings, trainees
from practice.store.store import Filter

PAGE = 25
"""Attempts per page."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of attempts that match a filter.

    Attributes:
        waiting: Attempts to review.
        done: Reviewed attempts.
    """

    waiting: int
    done: int

    def of(self, only: Filter) -> int:
        """Return the number of attempts that the filter shows, given its ``reviewed``."""
        if only.reviewed is None:
            return self.waiting + self.done
        return self.done if only.reviewed else self.waiting


class Queue:
    """Attempts in the order in which a trainer should hear them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, only: Filter, number: int = 1) -> list[Attempt]:
        """Return a page of attempts, the most doubtful first and the newest first among equals.

        Args:
            only: Filter for the attempts.
            number: Number of the page, counted from 1.
        """
        # Find the page in the narrow table first, then read the complete records of that page.
        ids = (
            _narrow(sa.select(standings.c.attempt_id), only)
            .order_by(*_ORDER)
            .offset((number - 1) * PAGE)
            .limit(PAGE)
            .subquery()
        )
        query = (
            rows.select_attempts().join(ids, ids.c.attempt_id == attempts.c.id).order_by(*_ORDER)
        )
        return rows.read_attempts(self._database, query)

    def next_after(self, only: Filter, attempt_id: str) -> str | None:
        """Return the ID of the attempt that follows another in the queue.

        Args:
            only: Filter for the attempts.
            attempt_id: ID of the other attempt, which need not match the filter.

        Returns:
            The first attempt of the queue if the other one is the last or unknown; None if no other
            attempt matches the filter.
        """
        with self._database.reading() as db:
            at = db.execute(
                sa.select(standings.c.doubt, standings.c.created_at).where(
                    standings.c.attempt_id == attempt_id
                )
            ).first()
            query = _narrow(sa.select(standings.c.attempt_id), only).where(
                standings.c.attempt_id != attempt_id
            )
            following = query
            if at is not None:
                doubt, created_at = at
                following = query.where(
                    sa.or_(
                        standings.c.doubt < doubt,
                        sa.and_(standings.c.doubt == doubt, standings.c.created_at < created_at),
                        sa.and_(
                            standings.c.doubt == doubt,
                            standings.c.created_at == created_at,
                            standings.c.attempt_id > attempt_id,
                        ),
                    )
                )
            found: str | None = db.scalar(following.order_by(*_ORDER).limit(1)) or db.scalar(
                query.order_by(*_ORDER).limit(1)
            )
            return found

    def counts(self, only: Filter) -> Counts:
        """Count the attempts that match a filter, regardless of its ``reviewed``."""
        query = _narrow(
            sa.select(sa.func.count(), sa.func.count().filter(standings.c.reviewed)),
            replace(only, reviewed=None),
        )
        ((total, done),) = self._database.rows(query)
        return Counts(total - done, done)

    def trainees(self) -> list[tuple[str, str]]:
        """Return the group and name of each trainee, sorted."""
        columns = (trainees.c.group_name, trainees.c.name)
        return [
            (group, name)
            for group, name in self._database.rows(sa.select(*columns).order_by(*columns))
        ]

    def scenarios(self) -> list[str]:
        """Return the IDs of all practiced scenarios."""
        # One index step per scenario (loose index scan): DISTINCT would read the whole index.
        first = sa.select(sa.func.min(standings.c.scenario).label("scenario")).cte(recursive=True)
        further = sa.select(
            sa.select(sa.func.min(standings.c.scenario))
            .where(standings.c.scenario > first.c.scenario)
            .scalar_subquery()
        ).where(first.c.scenario.is_not(None))
        every = first.union_all(further)
        return self._database.column(
            sa.select(every.c.scenario).where(every.c.scenario.is_not(None))
        )


_ORDER = (standings.c.doubt.desc(), standings.c.created_at.desc(), standings.c.attempt_id)


def _narrow(query: sa.Select[*tuple[Any, ...]], only: Filter) -> sa.Select[*tuple[Any, ...]]:
    """Apply a filter to a query over ``standings``, joining only the tables that it needs."""
    if only.trainee is not None or only.group is not None:
        query = query.join(trainees, trainees.c.id == standings.c.trainee_id)
    if only.line is not None:
        query = query.join(attempts, attempts.c.id == standings.c.attempt_id)
    return query.where(*only.conditions())


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
        query = (
            sa.select(standings.c.attempt_id)
            .where(standings.c.reviewed, rows.of_group(standings.c.trainee_id, group))
            .order_by(standings.c.attempt_id)
        )
        self._ids: list[str] = database.column(query)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Reviewed]:
        for start in range(0, len(self._ids), _AT_ONCE):
            yield from self._read(self._ids[start : start + _AT_ONCE])

    def _read(self, ids: list[str]) -> list[Reviewed]:
        seen = scores.alias()
        is_seen = sa.and_(
            seen.c.attempt_id == standings.c.attempt_id,
            seen.c.number == rows.seen_number(standings.c.attempt_id, reviews.c.created_at),
        )
        # Mostly the reviewer saw the newest assessment; its text is not read twice then.
        other = sa.case((seen.c.number != scores.c.number, seen.c.assessment))
        query = (
            sa.select(standings.c.trainee_id, scores.c.assessment, other, reviews.c.review)
            .select_from(rows.RECORDS.join(seen, is_seen))
            .where(standings.c.attempt_id.in_(ids))
            .order_by(standings.c.attempt_id)
        )
        return [
            Reviewed(trainee_id, newest, (other_seen or newest).score, review)
            for trainee_id, newest, other_seen, review in self._database.rows(query)
        ]
