"""Export of records to bundles and their import.

Imports are commutative and idempotent: stores with the same records agree, in whatever order and
however often the bundles arrive. Assessments are ordered by time and the newest is in force; the
same holds for reviews. Imported records do not count as unsent, so that bundles have no echo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto

import sqlalchemy as sa
from pydantic import TypeAdapter

from practice.records.attempt import Assessment, Take
from practice.records.exchange import Conflict, Record, ScoreRecord, find_conflict
from practice.records.review import Review
from practice.store import rows
from practice.store.database import Database, now
from practice.store.schema import (
    attempts,
    audio,
    forgotten,
    packs,
    reviews,
    scores,
    standings,
    trainees,
)

_ASSESSMENT = TypeAdapter(Assessment)

_AT_ONCE = 200
"""Attempts read per query."""

# Key of the advisory lock for imports: arbitrary, but the same in all versions.
_MERGE_LOCK = 5_310_175


@dataclass(frozen=True, slots=True)
class AttemptState:
    """The newest score and review of an attempt at a moment, to detect later changes."""

    attempt_id: str
    score_number: int
    review_id: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An attempt on its way into a bundle.

    Attributes:
        record: The exported record, without the path of the recording.
        take: The attempt with the path of the recording in this store.
        received: The attempt was imported from another store.
        standing: State of the attempt when it was read.
    """

    record: Record
    take: Take
    received: bool
    standing: AttemptState


class Fate(Enum):
    """Outcome of the import of an attempt."""

    NEW = auto()
    PRESENT = auto()
    FORGOTTEN = auto()  # removed here earlier, so not imported


@dataclass(frozen=True, slots=True)
class Merged:
    """Result of the import of an attempt.

    Attributes:
        fate: Outcome for the attempt itself.
        judgements: Number of new assessments.
        reviews: Number of new reviews.
        sound: The recording was new.
        differs: An imported record contradicts the local one, which is kept.
        conflict: Conflict between an imported review and the local one.
    """

    fate: Fate
    judgements: int = 0
    reviews: int = 0
    sound: bool = False
    differs: bool = False
    conflict: Conflict | None = None


class Exchange:
    """The records of a store for export and import."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- export ------------------------------------------------------------------

    def everything(self) -> list[str]:
        """Return the IDs of all attempts, oldest first."""
        return self._ids()

    def unsent(self) -> list[str]:
        """Return the IDs of the attempts with changes that no bundle has, oldest first."""
        return self._ids(standings.c.unsent.is_(True))

    def changed_since(self, moment: str) -> list[str]:
        """Return the IDs of the attempts that changed at or after a moment, oldest first.

        Args:
            moment: ISO 8601, in UTC.
        """
        return self._ids(standings.c.changed_at >= moment)

    def last_pack(self) -> str | None:
        """Return the time of the last export, ISO 8601 in UTC, or None."""
        with self._database.reading() as db:
            return db.execute(sa.select(sa.func.max(packs.c.created_at))).scalar()

    def first_pack(self) -> str | None:
        """Return the ID of the first bundle, which no other store has, or None."""
        query = sa.select(packs.c.id).order_by(packs.c.created_at, packs.c.id).limit(1)
        with self._database.reading() as db:
            return db.execute(query).scalar()

    def outgoing(self, ids: Sequence[str]) -> Iterator[Outgoing]:
        """Yield attempts with all their records, in the order of ``ids``.

        Attempts that were removed in the meantime are left out.
        """
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            with self._database.reading() as db:
                found = {out.take.id: out for out in _read(db, some)}
            yield from (found[i] for i in some if i in found)

    def record_pack(self, pack_id: str, created_at: str, sent: Sequence[AttemptState]) -> None:
        """Record a completely written bundle and mark its attempts as sent.

        Attempts that changed in the meantime remain unsent.

        Args:
            pack_id: ID of the bundle.
            created_at: Time of the export, ISO 8601 in UTC.
            sent: State of the attempts as they were exported.
        """
        same = (
            standings.c.attempt_id == sa.bindparam("of_attempt"),
            standings.c.score_number == sa.bindparam("of_score"),
            standings.c.review_id.is_not_distinct_from(sa.bindparam("of_review")),
        )
        values = [
            {"of_attempt": s.attempt_id, "of_score": s.score_number, "of_review": s.review_id}
            for s in sent
        ]
        with self._database.writing() as db:
            db.execute(packs.insert().values(id=pack_id, created_at=created_at))
            db.execute(standings.update().where(*same).values(unsent=False), values)

    def _ids(self, *conditions: sa.ColumnElement[bool]) -> list[str]:
        query = sa.select(standings.c.attempt_id).where(*conditions)
        with self._database.reading() as db:
            found = db.execute(query.order_by(standings.c.created_at, standings.c.attempt_id))
            return list(found.scalars())

    # ---- import ------------------------------------------------------------------

    def wants_sound(self, attempt_id: str) -> bool:
        """Return whether the recording of an attempt would be imported.

        It would if the store has no recording of the attempt and the attempt was not removed.
        """
        with self._database.reading() as db:
            if _is_forgotten(db, attempt_id):
                return False
            query = sa.select(attempts.c.audio).where(attempts.c.id == attempt_id)
            found = db.execute(query).first()
            return found is None or found.audio is None

    @contextmanager
    def merging(self) -> Iterator[Merger]:
        """Open a transaction that imports records as a whole or not at all."""
        with self._database.writing() as db:
            lock_merging(db)
            yield Merger(db, now())


def lock_merging(db: sa.Connection) -> None:
    """Block other imports until the transaction ends; SQLite has one writer in any case."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_MERGE_LOCK)))


class Merger:
    """Import of records, one by one, within a transaction."""

    def __init__(self, db: sa.Connection, received_at: str) -> None:
        self._db = db
        self._received_at = received_at

    def merge(self, record: Record, audio_name: str | None, sound: bytes | None) -> Merged:
        """Import what is new in an attempt.

        Args:
            record: The imported record.
            audio_name: Path of the recording relative to the recordings folder; None if it is not
                imported.
            sound: Content of the recording for a shared database, otherwise None.
        """
        db, take = self._db, record.take
        if _is_forgotten(db, take.id):
            return Merged(Fate.FORGOTTEN)
        rows.lock_attempt(db, take.id)
        ours = _take(db, take.id)
        if ours is None:
            rows.insert_attempt(db, replace(take, audio=audio_name), self._received_at)
        elif replace(ours, audio=None) != take:
            return Merged(Fate.PRESENT, differs=True)
        elif ours.audio is None and audio_name is not None:
            found = attempts.update().where(attempts.c.id == take.id)
            db.execute(found.values(audio=audio_name))
        is_heard = audio_name is not None and (ours is None or ours.audio is None)
        if is_heard and sound is not None:
            db.execute(audio.insert().values(attempt_id=take.id, data=sound))
        judged = _merge_judgements(db, take.id, record.judgements)
        earlier, new, differs = self._merge_reviews(take.id, record.reviews)
        if ours is None or judged or new:
            self._refresh_summary(take)
        return Merged(
            Fate.NEW if ours is None else Fate.PRESENT,
            judged,
            len(new),
            is_heard,
            differs,
            find_conflict(take, earlier, new),
        )

    def _merge_reviews(
        self, attempt_id: str, given: tuple[Review, ...]
    ) -> tuple[list[Review], list[Review], bool]:
        """Append the reviews that are not stored yet.

        Returns:
            The reviews stored before, the new reviews, and whether a given review differs from the
            stored one of the same ID.
        """
        if not given:
            return [], [], False
        query = sa.select(reviews.c.attempt_id, reviews.c.review).where(
            sa.or_(reviews.c.attempt_id == attempt_id, reviews.c.id.in_([r.id for r in given]))
        )
        known = [(row.attempt_id, row.review) for row in self._db.execute(query)]
        ours = {review.id: review for owner, review in known if owner == attempt_id}
        taken = {review.id for _owner, review in known}
        new = [review for review in given if review.id not in taken]
        for review in new:
            rows.insert_review(self._db, attempt_id, review)
        differs = any(r.id in taken and ours.get(r.id) != r for r in given)
        return list(ours.values()), new, differs

    def _refresh_summary(self, take: Take) -> None:
        """Recompute the summary; imported records do not count as a change to send."""
        before = self._db.execute(
            sa.select(standings.c.changed_at, standings.c.unsent).where(
                standings.c.attempt_id == take.id
            )
        ).first()
        changed_at, unsent = before or (take.created_at, False)
        rows.refresh_summary(self._db, take.id, changed_at, unsent=unsent)


def _merge_judgements(db: sa.Connection, attempt_id: str, given: tuple[ScoreRecord, ...]) -> int:
    """Append new assessments, number all by time, and return how many are new."""
    query = sa.select(scores).where(scores.c.attempt_id == attempt_id).order_by(scores.c.number)
    ours = [ScoreRecord(row.created_at, row.assessment) for row in db.execute(query)]
    new: list[ScoreRecord] = []
    for judgement in given:
        if judgement not in (*ours, *new):
            new.append(judgement)
    if not new:
        return 0
    db.execute(scores.delete().where(scores.c.attempt_id == attempt_id))
    for number, judgement in enumerate(sorted([*ours, *new], key=_age), 1):
        rows.insert_score(db, attempt_id, number, judgement.assessment, judgement.created_at)
    return len(new)


def _age(judgement: ScoreRecord) -> tuple[str, bytes]:
    # The order within a millisecond does not matter, but all stores must agree on it.
    return judgement.created_at, _ASSESSMENT.dump_json(judgement.assessment)


def _is_forgotten(db: sa.Connection, attempt_id: str) -> bool:
    query = sa.select(forgotten.c.attempt_id).where(forgotten.c.attempt_id == attempt_id)
    return db.execute(query).first() is not None


def _take(db: sa.Connection, attempt_id: str) -> Take | None:
    query = (
        sa.select(attempts, trainees.c.name, trainees.c.group_name)
        .join(trainees, trainees.c.id == attempts.c.trainee_id)
        .where(attempts.c.id == attempt_id)
    )
    row = db.execute(query).mappings().first()
    return None if row is None else rows.take_of(row)


def _read(db: sa.Connection, ids: Sequence[str]) -> Iterator[Outgoing]:
    """Read attempts with all their assessments and reviews."""
    judgements: dict[str, list[ScoreRecord]] = {}
    for row in db.execute(
        sa.select(scores).where(scores.c.attempt_id.in_(ids)).order_by(scores.c.number)
    ):
        judgement = ScoreRecord(row.created_at, row.assessment)
        judgements.setdefault(row.attempt_id, []).append(judgement)
    reviewed: dict[str, list[Review]] = {}
    for row in db.execute(
        sa.select(reviews)
        .where(reviews.c.attempt_id.in_(ids))
        .order_by(reviews.c.created_at, reviews.c.id)
    ):
        review = row.review
        reviewed.setdefault(row.attempt_id, []).append(review)
    query = (
        sa.select(
            attempts,
            trainees.c.name,
            trainees.c.group_name,
            standings.c.score_number,
            standings.c.review_id,
        )
        .join(trainees, trainees.c.id == attempts.c.trainee_id)
        .join(standings, standings.c.attempt_id == attempts.c.id)
        .where(attempts.c.id.in_(ids))
    )
    for found in db.execute(query).mappings():
        take = rows.take_of(found)
        record = Record(
            replace(take, audio=None),
            tuple(judgements[take.id]),
            tuple(reviewed.get(take.id, ())),
        )
        yield Outgoing(
            record,
            take,
            found["received_at"] is not None,
            AttemptState(take.id, found["score_number"], found["review_id"]),
        )
