"""The store of attempts with their assessments and reviews, which are never overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from practice.errors import StoreError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Assessment, Attempt, Take, Trainee
from practice.records.review import Review
from practice.records.score import Result
from practice.store import rows
from practice.store.database import FILE, Database, now
from practice.store.schema import attempts, audio, reviews, scores, standings, trainees

BATCH = 500
"""Attempts read per query when all are read in sequence."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A selection of attempts; a field that is None does not restrict it.

    Attributes:
        since: Start of the period, inclusive, ISO 8601 in UTC.
        until: End of the period, exclusive, likewise.
        reviewed: True for attempts that a trainer has reviewed, False for the others. Notes of an
            observer do not count as a review.
    """

    trainee: str | None = None
    group: str | None = None
    scenario: str | None = None
    line: int | None = None
    since: str | None = None
    until: str | None = None
    result: Result | None = None
    reviewed: bool | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the filter as conditions on attempts, trainees, and standings."""
        equal = (
            (trainees.c.name, self.trainee),
            (trainees.c.group_name, self.group),
            (standings.c.scenario, self.scenario),
            (attempts.c.line, self.line),
            (standings.c.result, self.result),
        )
        found = [column == value for column, value in equal if value is not None]
        if self.since is not None:
            found.append(standings.c.created_at >= self.since)
        if self.until is not None:
            found.append(standings.c.created_at < self.until)
        if self.reviewed is not None:
            found.append(standings.c.reviewed.is_(self.reviewed))
        return found


class ReviewConflictError(StoreError):
    """Another review, ``theirs``, was saved for the attempt in the meantime."""

    def __init__(self, theirs: Review) -> None:
        super().__init__(
            _(
                "{who} reviewed this attempt in the meantime. Read that review, then save again."
            ).format(who=theirs.reviewer)
        )
        self.theirs = theirs


class Store:
    """The attempts of a recordings folder, or of a database that several machines share."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        """Open the records, and create or migrate them if necessary.

        Args:
            folder: The recordings folder.
            database: URL of a PostgreSQL database; None for a SQLite file in the folder.

        Raises:
            StoreError: The folder or the database cannot be used.
        """
        self.folder = folder
        if folder.exists() and not folder.is_dir():
            raise StoreError(
                _("{folder} is a file. Choose a folder with --recordings.").format(folder=folder)
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                _(
                    "The folder {folder} cannot be created: {why}. Choose another with "
                    "--recordings."
                ).format(folder=folder, why=system_reason(error))
            ) from None
        self.database = Database(folder, database)
        if self.database.was_migrated_from == "0001":
            self._refresh_summaries()

    @staticmethod
    def exists(folder: Path, database: str | None = None) -> bool:
        """Return whether there are records, without creating any.

        A PostgreSQL database is assumed to have some.
        """
        return database is not None or (folder / FILE).is_file()

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    # ---- writing ---------------------------------------------------------------

    def add(self, take: Take, assessment: Assessment) -> None:
        """Store an attempt with its first assessment in one transaction.

        A shared database also gets the recording, read from the folder.
        """
        data = self._file(take) if self.database.is_shared else None
        with self.database.writing() as db:
            rows.insert_attempt(db, take)
            rows.insert_score(db, take.id, 1, assessment)
            if data is not None:
                db.execute(audio.insert().values(attempt_id=take.id, data=data))
            rows.refresh_summary(db, take.id, now())

    def add_score(self, attempt_id: str, assessment: Assessment) -> None:
        """Append a later assessment to an attempt; earlier ones are kept."""
        with self.database.writing() as db:
            rows.lock_attempt(db, attempt_id)
            number, last_at = db.execute(
                sa.select(scores.c.number, scores.c.created_at)
                .where(scores.c.attempt_id == attempt_id)
                .order_by(scores.c.number.desc())
                .limit(1)
            ).one()
            rows.insert_score(db, attempt_id, number + 1, assessment, _now_after(last_at))
            rows.refresh_summary(db, attempt_id, now())

    def add_review(self, attempt_id: str, review: Review) -> None:
        """Append a trainer's review.

        Raises:
            ReviewConflictError: ``review.base`` is not the newest review, so the trainer has not
                seen that one.
        """
        with self.database.writing() as db:
            rows.lock_attempt(db, attempt_id)
            newest = rows.newest_review(db, attempt_id)
            if newest is not None and newest.id != review.base:
                raise ReviewConflictError(newest)
            if newest is not None and newest.created_at >= review.created_at:
                review = replace(review, created_at=_now_after(newest.created_at))
            rows.insert_review(db, attempt_id, review)
            rows.refresh_summary(db, attempt_id, now())

    def agree(self, trainee: Trainee, words: str) -> None:
        """Record a trainee's consent to being recorded, with the text they agreed to."""
        with self.database.writing() as db:
            number = rows.trainee_id(db, trainee)
            db.execute(
                trainees.update()
                .where(trainees.c.id == number)
                .values(consent=words, consented_at=now())
            )

    # ---- reading ---------------------------------------------------------------

    def has(self, attempt_id: str) -> bool:
        """Return whether an attempt is stored."""
        query = sa.select(attempts.c.id).where(attempts.c.id == attempt_id)
        return self.database.value(query) is not None

    def get(self, prefix: str) -> Attempt:
        """Return the attempt whose ID starts with a prefix.

        Raises:
            StoreError: No attempt or several attempts match.
        """
        found = self._select(rows.starts_with(attempts.c.id, prefix.lower()), limit=2)
        if len(found) != 1:
            message = (
                _("No attempt ID starts with “{prefix}”. `practice history` lists the attempts.")
                if not found
                else _("Several attempt IDs start with “{prefix}”. Give more characters of the ID.")
            )
            raise StoreError(message.format(prefix=prefix))
        return found[0]

    def find(self, attempt_id: str) -> Attempt | None:
        """Return the attempt with this ID, or None."""
        found = self._select(attempts.c.id == attempt_id, limit=1)
        return found[0] if found else None

    def latest(self, only: Filter, limit: int | None = None) -> list[Attempt]:
        """Return attempts, newest first."""
        return self._select(*only.conditions(), limit=limit)

    def stream(self, only: Filter) -> Iterator[Attempt]:
        """Yield attempts, newest first, however many there are.

        Each batch is read in its own transaction, so that a slow reader does not block writers.
        """
        after: list[sa.ColumnElement[bool]] = []
        while batch := self._select(*only.conditions(), *after, limit=BATCH):
            yield from batch
            last = batch[-1].take
            # The first condition lets the database use an index; the second one is exact.
            after = [
                standings.c.created_at <= last.created_at,
                sa.or_(standings.c.created_at < last.created_at, attempts.c.id > last.id),
            ]

    def scores_of(self, attempt_id: str) -> list[Assessment]:
        """Return all assessments of an attempt, oldest first."""
        query = (
            sa.select(scores.c.assessment)
            .where(scores.c.attempt_id == attempt_id)
            .order_by(scores.c.number)
        )
        return self.database.column(query)

    def reviews_of(self, attempt_id: str) -> list[Review]:
        """Return all reviews of an attempt, oldest first: who changed what, and when."""
        query = (
            sa.select(reviews.c.review)
            .where(reviews.c.attempt_id == attempt_id)
            .order_by(reviews.c.created_at, reviews.c.id)
        )
        return self.database.column(query)

    def previous(self, take: Take) -> Attempt | None:
        """Return the trainee's last scored attempt at the same line before this one, or None."""
        found = self.earlier(take, limit=1)
        return found[0] if found else None

    def earlier(self, take: Take, limit: int) -> list[Attempt]:
        """Return the trainee's scored attempts at the same line before this one, newest first.

        Args:
            take: This attempt.
            limit: Maximum number of attempts.
        """
        only = Filter(take.trainee.name, take.trainee.group, take.scenario, take.line)
        return self._select(
            *only.conditions(),
            standings.c.created_at < take.created_at,
            scores.c.status == "scored",
            limit=limit,
        )

    def recording(self, take: Take) -> bytes | None:
        """Return the original recording of an attempt as the content of its file.

        It is read from the folder, otherwise from the shared database; None if neither has it.
        """
        found = self._file(take)
        if found is not None or not self.database.is_shared:
            return found
        data = self.database.value(sa.select(audio.c.data).where(audio.c.attempt_id == take.id))
        return None if data is None else bytes(data)

    def consent(self, trainee: Trainee) -> str | None:
        """Return the text that a trainee agreed to, or None if they were not asked yet."""
        return self.database.value(sa.select(trainees.c.consent).where(rows.is_trainee(trainee)))

    def _file(self, take: Take) -> bytes | None:
        if take.audio is None:
            return None
        # Records may come from other machines: read no file outside the folder of recordings.
        takes = (self.folder / "takes").resolve()
        try:
            path = (self.folder / take.audio).resolve()
            return path.read_bytes() if path.is_relative_to(takes) else None
        except (OSError, ValueError):
            return None

    def _select(self, *conditions: sa.ColumnElement[bool], limit: int | None) -> list[Attempt]:
        query = (
            rows.select_attempts()
            .where(*conditions)
            .order_by(standings.c.created_at.desc(), attempts.c.id)
            .limit(limit)
        )
        return rows.read_attempts(self.database, query)

    def _refresh_summaries(self) -> None:
        with self.database.writing() as db:
            for attempt_id, created_at in db.execute(
                sa.select(attempts.c.id, attempts.c.created_at)
            ).all():
                rows.refresh_summary(db, attempt_id, created_at)


def _now_after(moment: str) -> str:
    """Return the current time, or 1 ms after ``moment`` if the clock is behind.

    The newest assessment and review are in force in every store, so timestamps must increase.
    """
    later = datetime.fromisoformat(moment) + timedelta(milliseconds=1)
    return max(now(), later.isoformat(timespec="milliseconds"))
