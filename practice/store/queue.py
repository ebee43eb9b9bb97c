"""What a trainer has to listen to: a page of attempts, the doubtful first, and the counts."""

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
"""Attempts on a page."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many attempts a filter leaves: still to review, and already reviewed."""

    waiting: int
    done: int

    def of(self, only: Filter) -> int:
        """How many of them the filter itself shows."""
        if only.reviewed is None:
            return self.waiting + self.done
        return self.done if only.reviewed else self.waiting


class Queue:
    """Reads attempts in the order in which a trainer should hear them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, only: Filter, number: int = 1) -> list[Attempt]:
        """List a page of attempts, the most doubtful first, among equals the newest."""
        # The page is found in the narrow table first; only its rows are then read whole.
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
        """The attempt that follows one in the queue; the first where that one is not in it."""
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
        """Count what a filter leaves, reviewed or not."""
        query = _narrow(
            sa.select(sa.func.count(), sa.func.count(sa.case((standings.c.reviewed, 1)))),
            replace(only, reviewed=None),
        )
        with self._database.reading() as db:
            total, done = db.execute(query).one()
        return Counts(total - done, done)

    def trainees(self) -> list[tuple[str, str]]:
        """Who is in the records: group and name, in that order."""
        query = sa.select(trainees.c.group_name, trainees.c.name).order_by(
            trainees.c.group_name, trainees.c.name
        )
        with self._database.reading() as db:
            return [(group, name) for group, name in db.execute(query)]

    def scenarios(self) -> list[str]:
        """Which scenarios were practiced."""
        # One step along the index for each: DISTINCT would read all of it.
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
    """Apply a filter to a query over standings, joining only what the filter asks of."""
    if only.trainee is not None or only.group is not None:
        query = query.join(trainees, trainees.c.id == standings.c.trainee_id)
    if only.line is not None:
        query = query.join(attempts, attempts.c.id == standings.c.attempt_id)
    return query.where(*only.conditions())
