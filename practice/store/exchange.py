"""Export of records to bundles and their import.

Imports are commutative and idempotent: stores with the same records agree, in whatever order and
however often the bundles arrive. Assessments are ordered by time and the newest is in force; the
same holds for reviews. Imported records do not count as unsent, so that bundles have no echo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, ClassVar

import sqlalchemy as sa
from pydantic import ConfigDict, TypeAdapter

from practice.records.attempt import Assessment, Take
from practice.records.limits import Limit, Moment
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

_TAKES = sa.select(attempts, trainees.c.name, trainees.c.group_name).join(
    trainees, trainees.c.id == attempts.c.trainee_id
)


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """An assessment of an attempt, with the time at which it was made."""

    created_at: Moment
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Record:
    """An attempt with all its assessments and reviews, oldest first, as bundles carry it."""

    # Applies to all records in it.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    take: Take
    judgements: Annotated[tuple[ScoreRecord, ...], Limit("judgements", bool)]
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two reviews of an attempt whose trainers had not seen each other's.

    Attributes:
        counts: The review in force after the merge: the newest of all.
    """

    take: Take
    ours: Review
    theirs: Review
    counts: Review


@dataclass(frozen=True, slots=True)
class AttemptState:
    """The newest score and review of an attempt at a moment, to detect later changes."""

    attempt: str
    score: int
    review: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An attempt on its way into a bundle.

    Attributes:
        record: The exported record, without the path of the recording.
        take: The attempt with the path of the recording in this store.
        received: The attempt was imported from another store.
        state: State of the attempt when it was read.
    """

    record: Record
    take: Take
    received: bool
    state: AttemptState


@dataclass(slots=True)
class ImportResult:
    """The result of an import, added up attempt by attempt.

    Attributes:
        new: Number of attempts that were not in the store.
        present: Number of attempts that were already in the store.
        forgotten: Number of attempts that were deleted from the store, and stay deleted.
        judgements: Number of assessments added, except the first one of each new attempt.
        reviews: Number of reviews added.
        recordings: Number of recordings added.
        refused: Ids of the attempts whose recordings cannot be played.
        differing: Attempts that differ from the store's, which keeps its own data.
        conflicts: Reviews of an attempt by trainers who had not seen each other's review.
    """

    new: int = 0
    present: int = 0
    forgotten: int = 0
    judgements: int = 0
    reviews: int = 0
    recordings: int = 0
    refused: list[str] = field(default_factory=list)
    differing: list[Take] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


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

    def last_bundle(self) -> str | None:
        """Return the time of the last export, ISO 8601 in UTC, or None."""
        with self._database.reading() as db:
            return db.execute(sa.select(sa.func.max(packs.c.created_at))).scalar()

    def first_bundle(self) -> str | None:
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

    def record_bundle(self, bundle_id: str, created_at: str, sent: Sequence[AttemptState]) -> None:
        """Record a completely written bundle and mark its attempts as sent.

        Attempts that changed in the meantime remain unsent.

        Args:
            bundle_id: ID of the bundle.
            created_at: Time of the export, ISO 8601 in UTC.
            sent: State of the attempts as they were exported.
        """
        same = (
            standings.c.attempt_id == sa.bindparam("attempt"),
            standings.c.score_number == sa.bindparam("score"),
            standings.c.review_id.is_not_distinct_from(sa.bindparam("review")),
        )
        mark_sent = standings.update().where(*same).values(unsent=False)
        with self._database.writing() as db:
            db.execute(packs.insert().values(id=bundle_id, created_at=created_at))
            db.execute(mark_sent, [asdict(state) for state in sent])

    def _ids(self, *conditions: sa.ColumnElement[bool]) -> list[str]:
        query = sa.select(standings.c.attempt_id).where(*conditions)
        with self._database.reading() as db:
            found = db.execute(query.order_by(standings.c.created_at, standings.c.attempt_id))
            return list(found.scalars())

    # ---- import ------------------------------------------------------------------

    def wants_recording(self, attempt_id: str) -> bool:
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
    """Import of records, one by one, within a transaction; ``result`` adds up what is new."""

    def __init__(self, db: sa.Connection, received_at: str) -> None:
        self._db = db
        self._received_at = received_at
        self.result = ImportResult()

    def merge(self, record: Record, audio_name: str | None, recording: bytes | None) -> None:
        """Import what is new in an attempt.

        Args:
            record: The imported record.
            audio_name: Path of the recording relative to the recordings folder; None if it is not
                imported.
            recording: Content of the recording for a shared database, otherwise None.
        """
        db, take, result = self._db, record.take, self.result
        if _is_forgotten(db, take.id):
            result.forgotten += 1
            return
        rows.lock_attempt(db, take.id)
        found = db.execute(_TAKES.where(attempts.c.id == take.id)).mappings().first()
        ours = None if found is None else rows.take_of(found)
        if ours is None:
            result.new += 1
            rows.insert_attempt(db, replace(take, audio=audio_name), self._received_at)
        else:
            result.present += 1
            if replace(ours, audio=None) != take:
                result.differing.append(take)
                return
        if audio_name is not None and (ours is None or ours.audio is None):
            result.recordings += 1
            if ours is not None:
                same = attempts.c.id == take.id
                db.execute(attempts.update().where(same).values(audio=audio_name))
            if recording is not None:
                db.execute(audio.insert().values(attempt_id=take.id, data=recording))
        assessed = _merge_assessments(db, take.id, record.judgements)
        result.judgements += assessed - (ours is None)
        reviewed = self._merge_reviews(take, record.reviews)
        if ours is None or assessed or reviewed:
            self._refresh_summary(take)

    def _merge_reviews(self, take: Take, given: tuple[Review, ...]) -> int:
        """Append the reviews that are not stored yet, and return how many are new."""
        if not given:
            return 0
        same_id = reviews.c.id.in_([review.id for review in given])
        known = _reviews(self._db, sa.or_(reviews.c.attempt_id == take.id, same_id))
        ours = {review.id: review for owner, review in known if owner == take.id}
        known_ids = {review.id for _owner, review in known}
        new = [review for review in given if review.id not in known_ids]
        for review in new:
            rows.insert_review(self._db, take.id, review)
        self.result.reviews += len(new)
        if any(r.id in known_ids and ours.get(r.id) != r for r in given):
            self.result.differing.append(take)
        conflict = _find_conflict(take, list(ours.values()), new)
        if conflict is not None:
            self.result.conflicts.append(conflict)
        return len(new)

    def _refresh_summary(self, take: Take) -> None:
        """Recompute the summary; imported records do not count as a change to send."""
        before = self._db.execute(
            sa.select(standings.c.changed_at, standings.c.unsent).where(
                standings.c.attempt_id == take.id
            )
        ).first()
        changed_at, unsent = before or (take.created_at, False)
        rows.refresh_summary(self._db, take.id, changed_at, unsent=unsent)


def _merge_assessments(db: sa.Connection, attempt_id: str, given: tuple[ScoreRecord, ...]) -> int:
    """Append new assessments, number all by time, and return how many are new."""
    ours = [record for _owner, record in _assessments(db, [attempt_id])]
    new: list[ScoreRecord] = []
    for record in given:
        if record not in (*ours, *new):
            new.append(record)
    if not new:
        return 0
    db.execute(scores.delete().where(scores.c.attempt_id == attempt_id))
    for number, record in enumerate(sorted([*ours, *new], key=_assessment_age), 1):
        rows.insert_score(db, attempt_id, number, record.assessment, record.created_at)
    return len(new)


def _assessment_age(record: ScoreRecord) -> tuple[str, bytes]:
    # The order within a millisecond does not matter, but all stores must agree on it.
    return record.created_at, _ASSESSMENT.dump_json(record.assessment)


def _find_conflict(take: Take, ours: list[Review], theirs: list[Review]) -> Conflict | None:
    """Return the conflict between imported reviews and the one in force here, if any.

    A review that another one is based on is settled, on either side: the later trainer had
    seen it.

    Args:
        take: The attempt that was reviewed.
        ours: Reviews in this store before the import.
        theirs: Imported reviews that were not in this store.
    """
    settled = {review.base for review in (*ours, *theirs)}
    open_ones = [review for review in theirs if review.id not in settled]
    if not ours or not open_ones or _newest(ours).id in settled:
        return None
    return Conflict(take, _newest(ours), _newest(open_ones), _newest((*ours, *theirs)))


def _newest(reviews: Iterable[Review]) -> Review:
    """Return the review in force; stores with the same reviews agree on it."""
    return max(reviews, key=lambda review: (review.created_at, review.id))


def _is_forgotten(db: sa.Connection, attempt_id: str) -> bool:
    query = sa.select(forgotten.c.attempt_id).where(forgotten.c.attempt_id == attempt_id)
    return db.execute(query).first() is not None


def _read(db: sa.Connection, ids: Sequence[str]) -> Iterator[Outgoing]:
    """Read attempts with all their assessments and reviews."""
    assessed: dict[str, list[ScoreRecord]] = defaultdict(list)
    reviewed: dict[str, list[Review]] = defaultdict(list)
    for attempt_id, record in _assessments(db, ids):
        assessed[attempt_id].append(record)
    for attempt_id, review in _reviews(db, reviews.c.attempt_id.in_(ids)):
        reviewed[attempt_id].append(review)
    query = (
        _TAKES.add_columns(standings.c.score_number, standings.c.review_id)
        .join(standings, standings.c.attempt_id == attempts.c.id)
        .where(attempts.c.id.in_(ids))
    )
    for row in db.execute(query).mappings():
        take = rows.take_of(row)
        yield Outgoing(
            Record(replace(take, audio=None), tuple(assessed[take.id]), tuple(reviewed[take.id])),
            take,
            row["received_at"] is not None,
            AttemptState(take.id, row["score_number"], row["review_id"]),
        )


def _assessments(db: sa.Connection, ids: Sequence[str]) -> Iterator[tuple[str, ScoreRecord]]:
    """Yield the assessments of attempts, oldest first, each with the ID of its attempt."""
    query = sa.select(scores).where(scores.c.attempt_id.in_(ids)).order_by(scores.c.number)
    for row in db.execute(query):
        assessment = row.assessment
        yield row.attempt_id, ScoreRecord(row.created_at, assessment)


def _reviews(db: sa.Connection, condition: sa.ColumnElement[bool]) -> list[tuple[str, Review]]:
    """Return the selected reviews, oldest first, each with the ID of its attempt."""
    query = sa.select(reviews).where(condition).order_by(reviews.c.created_at, reviews.c.id)
    return [(row.attempt_id, row.review) for row in db.execute(query)]
