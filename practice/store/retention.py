"""Permanent removal of attempts: their records, their recordings, and other traces of a name.

Records are removed first, in one transaction that keeps the IDs of the removed attempts; files
follow. If the machine stops in between, these IDs identify the orphaned files, and the next
removal deletes them. In the opposite order, an attempt stored in the meantime would leave its
recording behind without a trace in the records. The IDs also identify the files in the folders of
other machines that share the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from practice import settings
from practice.errors import PracticeError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Take, Trainee
from practice.store import Store, rows
from practice.store import recordings as takes
from practice.store.database import Database
from practice.store.exchange import lock_merging
from practice.store.people import People
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
class Sounds:
    """Recordings, counted.

    Attributes:
        number: Number of recordings.
        size: Total size in bytes.
    """

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Preview of a removal.

    Attributes:
        interrupted: Attempts that were recorded but never assessed.
        remembered: The trainee is the one that this machine remembers in its settings.
    """

    aim: Aim
    extent: Extent
    sounds: Sounds
    interrupted: tuple[Take, ...]
    remembered: bool

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to remove; a trainee always is something."""
        return not isinstance(self.aim, Trainee) and not self.extent.attempts + len(
            self.interrupted
        )


class Remover:
    """Removal of trainees and old attempts from the records, the folder, and the settings."""

    def __init__(self, store: Store, settings_file: Path, default_group: str) -> None:
        self._store = store
        self._records = Removal(store.database)
        self._settings = settings_file
        name = settings.remembered(settings_file, "trainee")
        group = settings.remembered(settings_file, "group") or default_group
        self._remembered = Trainee(name, group) if name else None

    def groups_of(self, name: str) -> list[str]:
        """Return the groups with any data under this name, sorted."""
        pending = {take.trainee for take in takes.interrupted(self._store.folder)}
        known = {t.group for t in pending | {self._remembered} if t and t.name == name}
        return sorted({*known, *People(self._store.database).groups_of(name)})

    def plan(self, aim: Aim) -> Plan:
        """Return what would be removed."""
        number = size = 0
        for path, stored in self._records.sounds(aim):
            length = _length(self._store.folder / path)
            length = stored if length is None else length
            if length is not None:
                number, size = number + 1, size + length
        return Plan(
            aim,
            self._records.extent(aim),
            Sounds(number, size),
            tuple(take for take in takes.interrupted(self._store.folder) if _is_meant(aim, take)),
            remembered=aim == self._remembered,
        )

    def carry_out(self, plan: Plan) -> Extent:
        """Remove what was planned, including what was added in the meantime.

        Raises:
            PracticeError: The trainee is practicing now, or a file cannot be deleted.
        """
        folder, aim = self._store.folder, plan.aim
        if isinstance(aim, Trainee) and any(t.trainee == aim for t in takes.under_way(folder)):
            raise PracticeError(
                _("{name} is practicing now. Wait until the attempt is finished.").format(
                    name=aim.name
                )
            )
        extent = self._records.remove(aim)
        try:
            for take in takes.interrupted(folder):
                if _is_meant(aim, take):
                    takes.discard(folder, take, with_audio=True)
            if isinstance(aim, Trainee):
                takes.discard_truncated(folder)  # it is unknown whose they were
            if aim == self._remembered:
                settings.forget(self._settings, "trainee")
            sweep(self._store)
        except OSError as error:
            raise PracticeError(_stuck(1, error)) from None
        finally:
            self._store.database.compact()
        return extent


def sweep(store: Store) -> Sounds:
    """Delete the recordings of attempts that were removed from the records.

    Returns:
        The deleted recordings.

    Raises:
        PracticeError: A file cannot be deleted; the next sweep tries again.
    """
    forgotten = Removal(store.database).forgotten()
    number = size = 0
    failed: list[OSError] = []
    for attempt_id, path in takes.sounds(store.folder) if forgotten else ():
        if attempt_id not in forgotten:
            continue
        try:
            length = path.stat().st_size
            path.unlink()
        except OSError as error:
            failed.append(error)
        else:
            number, size = number + 1, size + length
    if failed:
        raise PracticeError(_stuck(len(failed), failed[0]))
    return Sounds(number, size)


def _stuck(number: int, error: OSError) -> str:
    return _(
        "Files that could not be removed: {n}, for example {path} ({why}). Their records "
        "are deleted. Close the programs that use the files, then run the command again."
    ).format(n=number, path=error.filename, why=system_reason(error))


def _is_meant(aim: Aim, take: Take) -> bool:
    if isinstance(aim, Trainee):
        return take.trainee == aim
    return take.created_at < aim.moment and aim.group in (None, take.trainee.group)


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


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
