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
from practice.store import Store, recordings, rows
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
class Before:
    """The attempts before a moment (ISO 8601, UTC), of one group or of all."""

    moment: str
    group: str | None = None


Selection = Trainee | Before
"""What to remove: a trainee with all their data, or old attempts."""


@dataclass(frozen=True, slots=True)
class RecordingCount:
    """Recordings, counted; ``size`` is their total size in bytes."""

    number: int
    size: int


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


@dataclass(frozen=True, slots=True)
class Plan:
    """Preview of a removal.

    Attributes:
        interrupted: Attempts that were recorded but never assessed.
        remembered: The trainee is the one that this machine remembers in its settings.
    """

    selection: Selection
    extent: Extent
    recordings: RecordingCount
    interrupted: tuple[Take, ...]
    remembered: bool

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to remove; a trainee always is something."""
        found = self.extent.attempts + len(self.interrupted)
        return not isinstance(self.selection, Trainee) and not found


class Remover:
    """Removal of trainees and old attempts from the records, the folder, and the settings."""

    def __init__(self, store: Store, settings_file: Path, default_group: str) -> None:
        self._store = store
        self._settings = settings_file
        name = settings.remembered(settings_file, "trainee")
        group = settings.remembered(settings_file, "group") or default_group
        self._remembered = Trainee(name, group) if name else None

    def groups_of(self, name: str) -> list[str]:
        """Return the groups with any data under this name, sorted."""
        pending = {take.trainee for take in recordings.interrupted(self._store.folder)}
        known = {t.group for t in pending | {self._remembered} if t and t.name == name}
        return sorted({*known, *People(self._store.database).groups_of(name)})

    def plan(self, selection: Selection) -> Plan:
        """Return what would be removed."""
        with self._store.database.reading() as db:
            extent = _extent(db, selection)
        return Plan(
            selection,
            extent,
            self._recordings(selection),
            tuple(self._interrupted(selection)),
            remembered=selection == self._remembered,
        )

    def carry_out(self, plan: Plan) -> Extent:
        """Remove what was planned, including what was added in the meantime.

        Raises:
            PracticeError: The trainee is practicing now, or a file cannot be deleted.
        """
        folder, selection = self._store.folder, plan.selection
        if isinstance(selection, Trainee) and any(
            take.trainee == selection for take in recordings.in_progress(folder)
        ):
            raise PracticeError(
                _("{name} is practicing now. Wait until the attempt is finished.").format(
                    name=selection.name
                )
            )
        extent = remove_records(self._store.database, selection)
        try:
            for take in self._interrupted(selection):
                recordings.discard(folder, take, with_audio=True)
            if isinstance(selection, Trainee):
                recordings.discard_truncated(folder)  # it is unknown whose they were
            if selection == self._remembered:
                settings.forget(self._settings, "trainee")
            sweep(self._store)
        except OSError as error:
            raise _files_left([error]) from None
        finally:
            self._store.database.compact()
        return extent

    def _interrupted(self, selection: Selection) -> list[Take]:
        found = recordings.interrupted(self._store.folder)
        return [take for take in found if _is_selected(take, selection)]

    def _recordings(self, selection: Selection) -> RecordingCount:
        """Count the recordings in the folder, and those that only a shared database has."""
        query = (
            sa.select(attempts.c.audio, sa.func.length(audio.c.data))
            .select_from(attempts.outerjoin(audio))
            .where(_selected(selection), attempts.c.audio.is_not(None))
        )
        sizes = []
        for name, stored in self._store.database.rows(query):
            try:
                sizes.append((self._store.folder / name).stat().st_size)
            except OSError:
                if stored is not None:
                    sizes.append(stored)
        return RecordingCount(len(sizes), sum(sizes))


def sweep(store: Store) -> RecordingCount:
    """Delete the recordings of attempts that were removed from the records.

    Returns:
        The deleted recordings.

    Raises:
        PracticeError: A file cannot be deleted; the next sweep tries again.
    """
    removed = removed_ids(store.database)
    sizes: list[int] = []
    failed: list[OSError] = []
    for attempt_id, path in recordings.recorded_files(store.folder) if removed else ():
        if attempt_id not in removed:
            continue
        try:
            size = path.stat().st_size
            path.unlink()
            sizes.append(size)
        except OSError as error:
            failed.append(error)
    if failed:
        raise _files_left(failed)
    return RecordingCount(len(sizes), sum(sizes))


def removed_ids(database: Database) -> set[str]:
    """Return the IDs of all removed attempts."""
    return set(database.column(sa.select(forgotten.c.attempt_id)))


def remove_records(database: Database, selection: Selection) -> Extent:
    """Remove the selection from the records in one transaction and return what was removed."""
    gone = sa.select(attempts.c.id).where(_selected(selection))
    with database.writing() as db:
        # From here on, nothing can be added to these attempts or to this trainee.
        lock_merging(db)
        if isinstance(selection, Trainee):
            owner = sa.select(trainees.c.id).where(rows.is_trainee(selection))
            db.execute(owner.with_for_update())
        db.execute(gone.with_for_update())
        extent = _extent(db, selection)
        ids = rows.insert_for(db)(forgotten).from_select(["attempt_id"], gone)
        db.execute(ids.on_conflict_do_nothing())
        _remove_with_references(db, attempts.c.id, gone)
        if isinstance(selection, Trainee):
            _remove_with_references(db, trainees.c.id, owner)
    return extent


def _files_left(errors: list[OSError]) -> PracticeError:
    return PracticeError(
        _(
            "Files that could not be removed: {n}, for example {path} ({why}). Their records "
            "are deleted. Close the programs that use the files, then run the command again."
        ).format(n=len(errors), path=errors[0].filename, why=system_reason(errors[0]))
    )


def _is_selected(take: Take, selection: Selection) -> bool:
    if isinstance(selection, Trainee):
        return take.trainee == selection
    return take.created_at < selection.moment and selection.group in (None, take.trainee.group)


def _selected(selection: Selection) -> sa.ColumnElement[bool]:
    """Return the condition on ``attempts`` that selects what to remove."""
    if isinstance(selection, Trainee):
        owner = sa.select(trainees.c.id).where(rows.is_trainee(selection))
        return attempts.c.trainee_id.in_(owner)
    return sa.and_(
        attempts.c.created_at < selection.moment,
        rows.of_group(attempts.c.trainee_id, selection.group),
    )


def _remove_with_references(
    db: sa.Connection, key: sa.Column[Any], gone: sa.Select[tuple[Any]]
) -> None:
    """Delete rows by their primary key, and first the rows of all tables that refer to them.

    The tables follow from the foreign keys of the schema, so that a new table is not overlooked.
    """
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.references(key):
                db.execute(table.delete().where(column.in_(gone)))
    db.execute(key.table.delete().where(key.in_(gone)))


def _extent(db: sa.Connection, selection: Selection) -> Extent:
    is_selected = _selected(selection)
    number, unreviewed, oldest, newest = db.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(sa.not_(standings.c.reviewed)),
            sa.func.min(standings.c.created_at),
            sa.func.max(standings.c.created_at),
        )
        .select_from(standings.join(attempts))
        .where(is_selected)
    ).one()
    given = sa.select(sa.func.count()).select_from(reviews.join(attempts)).where(is_selected)
    logins = 0
    if isinstance(selection, Trainee):
        query = sa.select(sa.func.count()).select_from(accounts.join(trainees))
        logins = db.execute(query.where(rows.is_trainee(selection))).scalar_one()
    return Extent(number, unreviewed, db.execute(given).scalar_one(), logins, oldest, newest)
