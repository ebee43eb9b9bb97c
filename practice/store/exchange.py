"""What goes out with a pack and comes in with one: the records' side of it.

Whatever the order in which packs come, and however often, stores with the same records
hold the same: judgments are ordered by time and the newest counts, and so it is with
reviews. What came with a pack is not new here, so that packs have no echo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto

import sqlalchemy as sa

from practice.records.attempt import Take
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

_AT_ONCE = 200
"""Attempts that are read with one query."""

# Any number will do, as long as it is always the same: it stands for "merging a pack".
_MERGE_LOCK = 5_310_175


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of an attempt at a moment, by which a later change is noticed."""

    attempt_id: str
    score_number: int
    review_id: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An attempt on its way into a pack.

    ``take`` says where its sound is here, ``received`` that it came from another store.
    """

    record: Record
    take: Take
    received: bool
    standing: Standing


class Fate(Enum):
    """What became of an attempt that came."""

    NEW = auto()
    PRESENT = auto()
    FORGOTTEN = auto()  # it was removed here, and stays away


@dataclass(frozen=True, slots=True)
class Merged:
    """What an attempt brought. ``differs``: something of it is otherwise here, and stays so."""

    fate: Fate
    judgements: int = 0
    reviews: int = 0
    sound: bool = False
    differs: bool = False
    conflict: Conflict | None = None


class Exchange:
    """The records on their way out and in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- out ---------------------------------------------------------------------

    def everything(self) -> list[str]:
        """All attempts, the oldest first."""
        return self._ids()

    def unsent(self) -> list[str]:
        """Attempts to which something came that no pack has taken along."""
        return self._ids(standings.c.unsent.is_(True))

    def changed_since(self, moment: str) -> list[str]:
        """Attempts to which something came from a moment on."""
        return self._ids(standings.c.changed_at >= moment)

    def last_pack(self) -> str | None:
        """When the last pack was made; None where none was."""
        with self._database.reading() as db:
            return db.execute(sa.select(sa.func.max(packs.c.created_at))).scalar()

    def first_pack(self) -> str | None:
        """The id of the first pack, which no other store has."""
        query = sa.select(packs.c.id).order_by(packs.c.created_at, packs.c.id).limit(1)
        with self._database.reading() as db:
            return db.execute(query).scalar()

    def outgoing(self, ids: Sequence[str]) -> Iterator[Outgoing]:
        """Read attempts whole, in the order of their ids; those that went meanwhile are not."""
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            with self._database.reading() as db:
                found = {out.take.id: out for out in _read(db, some)}
            yield from (found[i] for i in some if i in found)

    def record_pack(self, pack_id: str, created_at: str, sent: Sequence[Standing]) -> None:
        """Remember a pack that is wholly written; what changed meanwhile stays unsent."""
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

    # ---- in ----------------------------------------------------------------------

    def wants_sound(self, attempt_id: str) -> bool:
        """Whether a recording of an attempt would be taken over: it is not here, nor forgotten."""
        with self._database.reading() as db:
            if _is_forgotten(db, attempt_id):
                return False
            query = sa.select(attempts.c.audio).where(attempts.c.id == attempt_id)
            found = db.execute(query).first()
            return found is None or found.audio is None

    @contextmanager
    def merging(self) -> Iterator[Merger]:
        """A transaction that merges records, wholly or not at all."""
        with self._database.writing() as db:
            lock_merging(db)
            yield Merger(db, now())


def lock_merging(db: sa.Connection) -> None:
    """Let no other pack come in until this transaction ends; SQLite has one writer anyhow."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_MERGE_LOCK)))


class Merger:
    """Merges records into the store, one by one."""

    def __init__(self, db: sa.Connection, received_at: str) -> None:
        self._db = db
        self._received_at = received_at

    def merge(self, record: Record, audio_name: str | None, sound: bytes | None) -> Merged:
        """Take over what is new of an attempt.

        ``audio_name`` is where its recording lies in the folder, ``sound`` the recording
        itself where a shared database is to hold it; None where none came.
        """
        db, take = self._db, record.take
        if _is_forgotten(db, take.id):
            return Merged(Fate.FORGOTTEN)
        rows.hold(db, take.id)
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
        """Append the reviews that are not here.

        Gives those that were, those that came, and whether one of them is otherwise here.
        """
        if not given:
            return [], [], False
        query = sa.select(reviews.c.attempt_id, reviews.c.review).where(
            sa.or_(reviews.c.attempt_id == attempt_id, reviews.c.id.in_([r.id for r in given]))
        )
        known = [
            (row.attempt_id, rows.REVIEW.validate_json(row.review))
            for row in self._db.execute(query)
        ]
        ours = {review.id: review for owner, review in known if owner == attempt_id}
        taken = {review.id for _owner, review in known}
        new = [review for review in given if review.id not in taken]
        for review in new:
            rows.insert_review(self._db, attempt_id, review)
        differs = any(r.id in taken and ours.get(r.id) != r for r in given)
        return list(ours.values()), new, differs

    def _refresh_summary(self, take: Take) -> None:
        """Read off anew what is searched; what came with a pack is no news for the next one."""
        before = self._db.execute(
            sa.select(standings.c.changed_at, standings.c.unsent).where(
                standings.c.attempt_id == take.id
            )
        ).first()
        changed_at, unsent = before or (take.created_at, False)
        rows.refresh_summary(self._db, take.id, changed_at, unsent=unsent)


def _merge_judgements(db: sa.Connection, attempt_id: str, given: tuple[ScoreRecord, ...]) -> int:
    """Append the judgments that are not here, and number all by time; say how many came."""
    query = sa.select(scores).where(scores.c.attempt_id == attempt_id).order_by(scores.c.number)
    ours = [
        ScoreRecord(row.created_at, rows.ASSESSMENT.validate_json(row.assessment))
        for row in db.execute(query)
    ]
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
    # Of two from the same millisecond it matters only that every store takes the same.
    return judgement.created_at, rows.ASSESSMENT.dump_json(judgement.assessment)


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
    """Read some attempts with all that was said of them."""
    judgements: dict[str, list[ScoreRecord]] = {}
    for row in db.execute(
        sa.select(scores).where(scores.c.attempt_id.in_(ids)).order_by(scores.c.number)
    ):
        judgement = ScoreRecord(row.created_at, rows.ASSESSMENT.validate_json(row.assessment))
        judgements.setdefault(row.attempt_id, []).append(judgement)
    reviewed: dict[str, list[Review]] = {}
    for row in db.execute(
        sa.select(reviews)
        .where(reviews.c.attempt_id.in_(ids))
        .order_by(reviews.c.created_at, reviews.c.id)
    ):
        review = rows.REVIEW.validate_json(row.review)
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
            Standing(take.id, found["score_number"], found["review_id"]),
        )
