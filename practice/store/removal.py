"""Removal of attempts from the records; only the IDs of removed attempts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from practice.records.attempt import Trainee
from practice.store import rows
from practice.store.database import Database
from practice.store.exchange import lock_merging
from practice.store.schema import (
    accounts,
    attempts,
    audio,
    forgotten,
    metadata,
    reviews,
    standings,
    trainees,
)


@dataclass(frozen=True, slots=True)
class Before:
    """The attempts before a moment (ISO 8601, UTC), of one group or of all."""

    moment: str
    group: str | None = None


Aim = Trainee | Before
"""The selection to remove: a trainee with all their data, or old attempts."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Number of records that a removal affects.

    Attributes:
        oldest: Time of the oldest attempt, ISO 8601 in UTC; None without attempts.
        newest: Time of the newest attempt, likewise.
    """

    attempts: int
    unreviewed: int
    reviews: int
    accounts: int
    oldest: str | None
    newest: str | None


class Removal:
    """Removal of attempts with all rows that refer to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def extent(self, aim: Aim) -> Extent:
        """Count what a removal would affect."""
        with self._database.reading() as db:
            return _extent(db, aim)

    def sounds(self, aim: Aim) -> list[tuple[str, int | None]]:
        """List the recordings of the selected attempts.

        Returns:
            For each recording, its path relative to the recordings folder and its size in bytes in
            the shared database, or None if it is not stored there.
        """
        query = (
            sa.select(attempts.c.audio, sa.func.length(audio.c.data))
            .outerjoin(audio, audio.c.attempt_id == attempts.c.id)
            .where(_meant(aim), attempts.c.audio.is_not(None))
        )
        with self._database.reading() as db:
            return [(path, size) for path, size in db.execute(query)]

    def remove(self, aim: Aim) -> Extent:
        """Remove the selection in one transaction and return what was removed."""
        gone = sa.select(attempts.c.id).where(_meant(aim))
        whose = sa.select(trainees.c.id).where(_is(aim)) if isinstance(aim, Trainee) else None
        with self._database.writing() as db:
            # From here on, nothing can be added to these attempts or to this trainee.
            lock_merging(db)
            if whose is not None:
                db.execute(whose.with_for_update())
            db.execute(gone.with_for_update())
            extent = _extent(db, aim)
            ids = rows.insert_for(db)(forgotten).from_select(["attempt_id"], gone)
            db.execute(ids.on_conflict_do_nothing())
            _remove_what_refers(db, attempts.c.id, gone)
            db.execute(attempts.delete().where(_meant(aim)))
            if whose is not None and isinstance(aim, Trainee):
                _remove_what_refers(db, trainees.c.id, whose)
                db.execute(trainees.delete().where(_is(aim)))
        return extent

    def forgotten(self) -> set[str]:
        """Return the IDs of all removed attempts."""
        with self._database.reading() as db:
            return set(db.execute(sa.select(forgotten.c.attempt_id)).scalars())


def _is(trainee: Trainee) -> sa.ColumnElement[bool]:
    return sa.and_(trainees.c.name == trainee.name, trainees.c.group_name == trainee.group)


def _meant(aim: Aim) -> sa.ColumnElement[bool]:
    """Return the condition on ``attempts`` that selects what to remove."""
    whose = sa.select(trainees.c.id)
    if isinstance(aim, Trainee):
        return attempts.c.trainee_id.in_(whose.where(_is(aim)))
    old = attempts.c.created_at < aim.moment
    if aim.group is None:
        return old
    return sa.and_(old, attempts.c.trainee_id.in_(whose.where(trainees.c.group_name == aim.group)))


def _remove_what_refers(
    db: sa.Connection, column: sa.Column[Any], gone: sa.Select[tuple[Any]]
) -> None:
    """Delete the rows of all tables that refer to the given rows.

    The tables follow from the foreign keys of the schema, so that a new table is not overlooked.
    """
    for table in metadata.sorted_tables:
        for referring in table.columns:
            if referring.references(column):
                db.execute(table.delete().where(referring.in_(gone)))


def _extent(db: sa.Connection, aim: Aim) -> Extent:
    gone = sa.select(attempts.c.id).where(_meant(aim))
    number, reviewed, oldest, newest = db.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(sa.case((standings.c.reviewed, 1))),
            sa.func.min(standings.c.created_at),
            sa.func.max(standings.c.created_at),
        ).where(standings.c.attempt_id.in_(gone))
    ).one()
    given = sa.select(sa.func.count()).where(reviews.c.attempt_id.in_(gone))
    logins = 0
    if isinstance(aim, Trainee):
        logins = db.execute(
            sa.select(sa.func.count())
            .select_from(accounts.join(trainees, trainees.c.id == accounts.c.trainee_id))
            .where(_is(aim))
        ).scalar_one()
    return Extent(number, number - reviewed, db.execute(given).scalar_one(), logins, oldest, newest)
