"""The attempts: written once, judged by the machine and by trainers, never overwritten."""

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
from practice.store import rows
from practice.store.database import FILE, Database, now
from practice.store.schema import attempts, audio, reviews, scores, standings, trainees

BATCH = 500
"""Attempts that are read at once where all are wanted one after the other."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which attempts are meant; what is None does not narrow.

    ``since`` and ``until`` are moments as attempts have them (ISO 8601, UTC), the second
    one outside. ``result`` is passed, failed, open or unscored; ``reviewed`` asks for those
    that a trainer has judged, or has not.
    """

    trainee: str | None = None
    group: str | None = None
    scenario: str | None = None
    line: int | None = None
    since: str | None = None
    until: str | None = None
    result: str | None = None
    reviewed: bool | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As conditions on attempts, trainees and standings."""
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
    """Somebody else reviewed the attempt meanwhile; ``theirs`` is what they said."""

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
        """Open the records, making or migrating them. Raises StoreError.

        ``database`` is the address of a PostgreSQL database; without one the records are a
        file in the folder.
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
        """Whether there are records; asking makes none."""
        return database is not None or (folder / FILE).is_file()

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    # ---- writing ---------------------------------------------------------------

    def add(self, take: Take, assessment: Assessment) -> None:
        """Store an attempt with its first score, wholly or not at all.

        A shared database gets the recording as well, read from the folder.
        """
        sound = self._file(take) if self.database.is_shared else None
        with self.database.writing() as db:
            rows.insert_attempt(db, take)
            rows.insert_score(db, take.id, 1, assessment)
            if sound is not None:
                db.execute(audio.insert().values(attempt_id=take.id, data=sound))
            rows.refresh_summary(db, take.id, now())

    def add_score(self, attempt_id: str, assessment: Assessment) -> None:
        """Append a later judgment to an attempt; the earlier ones stay."""
        with self.database.writing() as db:
            rows.hold(db, attempt_id)
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

        Raises OvertakenError where ``review.base`` is not the newest one: somebody else was
        quicker, and the trainer should see what they said.
        """
        with self.database.writing() as db:
            rows.hold(db, attempt_id)
            newest = rows.newest_review(db, attempt_id)
            if newest is not None and newest.id != review.base:
                raise ReviewConflictError(newest)
            if newest is not None and newest.created_at >= review.created_at:
                review = replace(review, created_at=_now_after(newest.created_at))
            rows.insert_review(db, attempt_id, review)
            rows.refresh_summary(db, attempt_id, now())

    def agree(self, trainee: Trainee, words: str) -> None:
        """Keep that a trainee agreed to being recorded, and to which words."""
        with self.database.writing() as db:
            number = rows.trainee_id(db, trainee)
            db.execute(
                trainees.update()
                .where(trainees.c.id == number)
                .values(consent=words, consented_at=now())
            )

    # ---- reading ---------------------------------------------------------------

    def has(self, attempt_id: str) -> bool:
        """Whether an attempt is stored."""
        query = sa.select(attempts.c.id).where(attempts.c.id == attempt_id)
        with self.database.reading() as db:
            return db.execute(query).first() is not None

    def get(self, prefix: str) -> Attempt:
        """Find an attempt by its id or the beginning of it.

        Raises StoreError where none or several begin so.
        """
        found = self._select(
            sa.func.substr(attempts.c.id, 1, len(prefix)) == prefix.lower(), limit=2
        )
        if len(found) != 1:
            message = (
                _("No attempt ID starts with “{prefix}”. `practice history` lists the attempts.")
                if not found
                else _("Several attempt IDs start with “{prefix}”. Give more characters of the ID.")
            )
            raise StoreError(message.format(prefix=prefix))
        return found[0]

    def find(self, attempt_id: str) -> Attempt | None:
        """The attempt of an id, or None."""
        found = self._select(attempts.c.id == attempt_id, limit=1)
        return found[0] if found else None

    def latest(self, only: Filter, limit: int | None = None) -> list[Attempt]:
        """List attempts, the newest first."""
        return self._select(*only.conditions(), limit=limit)

    def stream(self, only: Filter) -> Iterator[Attempt]:
        """Read attempts one after the other, the newest first, however many there are.

        Each batch is a transaction of its own: a slow reader keeps nobody from writing.
        """
        after: list[sa.ColumnElement[bool]] = []
        while batch := self._select(*only.conditions(), *after, limit=BATCH):
            yield from batch
            last = batch[-1].take
            # The first condition alone says it to an index, the second one is exact.
            after = [
                standings.c.created_at <= last.created_at,
                sa.or_(standings.c.created_at < last.created_at, attempts.c.id > last.id),
            ]

    def scores_of(self, attempt_id: str) -> list[Assessment]:
        """List all judgments of an attempt by the machine, the first one first."""
        query = (
            sa.select(scores.c.assessment)
            .where(scores.c.attempt_id == attempt_id)
            .order_by(scores.c.number)
        )
        with self.database.reading() as db:
            return [rows.ASSESSMENT.validate_json(t) for t in db.execute(query).scalars()]

    def reviews_of(self, attempt_id: str) -> list[Review]:
        """List all reviews of an attempt, the first one first: who changed what, and when."""
        query = (
            sa.select(reviews.c.review)
            .where(reviews.c.attempt_id == attempt_id)
            .order_by(reviews.c.created_at, reviews.c.id)
        )
        with self.database.reading() as db:
            return [rows.REVIEW.validate_json(text) for text in db.execute(query).scalars()]

    def previous(self, take: Take) -> Attempt | None:
        """The last scored attempt of the same trainee at the same line before this one."""
        found = self.earlier(take, limit=1)
        return found[0] if found else None

    def earlier(self, take: Take, limit: int) -> list[Attempt]:
        """Scored attempts of the same trainee at the same line before this one, newest first."""
        only = Filter(take.trainee.name, take.trainee.group, take.scenario, take.line)
        return self._select(
            *only.conditions(),
            standings.c.created_at < take.created_at,
            scores.c.status == "scored",
            limit=limit,
        )

    def sound(self, take: Take) -> bytes | None:
        """The recording of a take as it was made, from the folder or the shared database."""
        found = self._file(take)
        if found is not None or not self.database.is_shared:
            return found
        query = sa.select(audio.c.data).where(audio.c.attempt_id == take.id)
        with self.database.reading() as db:
            data = db.execute(query).scalar()
        return None if data is None else bytes(data)

    def consent(self, trainee: Trainee) -> str | None:
        """The words that a trainee agreed to; None where they were not asked yet."""
        query = sa.select(trainees.c.consent).where(
            trainees.c.name == trainee.name, trainees.c.group_name == trainee.group
        )
        with self.database.reading() as db:
            return db.execute(query).scalar()

    def _file(self, take: Take) -> bytes | None:
        if take.audio is None:
            return None
        # Records may come from elsewhere: what they name is read only where takes lie.
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
        with self.database.reading() as db:
            return [rows.attempt_of(row) for row in db.execute(query).mappings()]

    def _refresh_summaries(self) -> None:
        with self.database.writing() as db:
            for attempt_id, created_at in db.execute(
                sa.select(attempts.c.id, attempts.c.created_at)
            ).all():
                rows.refresh_summary(db, attempt_id, created_at)


def _now_after(moment: str) -> str:
    """The present moment, or just after another where a clock runs behind.

    The newest judgment and the newest review count, in whichever store they meet.
    """
    later = datetime.fromisoformat(moment) + timedelta(milliseconds=1)
    return max(now(), later.isoformat(timespec="milliseconds"))
