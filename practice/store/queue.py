"""The review queue: pages of attempts, the most doubtful first, and counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from practice.records.attempt import Attempt
from practice.store import rows
from practice.store.database import Database
from practice.store.schema import attempts, standings, trainees
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
        with self._database.reading() as db:
            return [rows.attempt_of(row) for row in db.execute(query).mappings()]

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
            found = db.execute(following.order_by(*_ORDER).limit(1)).scalar()
            return found or db.execute(query.order_by(*_ORDER).limit(1)).scalar()

    def counts(self, only: Filter) -> Counts:
        """Count the attempts that match a filter, regardless of its ``reviewed``."""
        query = _narrow(
            sa.select(sa.func.count(), sa.func.count(sa.case((standings.c.reviewed, 1)))),
            replace(only, reviewed=None),
        )
        with self._database.reading() as db:
            total, done = db.execute(query).one()
        return Counts(total - done, done)

    def trainees(self) -> list[tuple[str, str]]:
        """Return the group and name of each trainee, sorted."""
        query = sa.select(trainees.c.group_name, trainees.c.name).order_by(
            trainees.c.group_name, trainees.c.name
        )
        with self._database.reading() as db:
            return [(group, name) for group, name in db.execute(query)]

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
        with self._database.reading() as db:
            return [s for s in db.execute(sa.select(every.c.scenario)).scalars() if s is not None]


_ORDER = (standings.c.doubt.desc(), standings.c.created_at.desc(), standings.c.attempt_id)


def _narrow(query: sa.Select[*tuple[Any, ...]], only: Filter) -> sa.Select[*tuple[Any, ...]]:
    """Apply a filter to a query over ``standings``, joining only the tables that it needs."""
    if only.trainee is not None or only.group is not None:
        query = query.join(trainees, trainees.c.id == standings.c.trainee_id)
    if only.line is not None:
        query = query.join(attempts, attempts.c.id == standings.c.attempt_id)
    return query.where(*only.conditions())
