"""Conversion of records to rows and back, and the derived rows for search and statistics."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from practice.records.attempt import Assessment, Attempt, Take, Trainee
from practice.records.review import Review
from practice.records.score import Score
from practice.scoring.review import doubts, final_score, numbered, trainers_verdicts
from practice.store.database import Database, now
from practice.store.schema import attempts, element_results, reviews, scores, standings, trainees

SUMMARIES = standings.join(attempts).join(trainees)
"""All attempts with trainee and summary, to select from."""

RECORDS = SUMMARIES.join(
    scores,
    sa.and_(
        scores.c.attempt_id == standings.c.attempt_id, scores.c.number == standings.c.score_number
    ),
).outerjoin(reviews, reviews.c.id == standings.c.review_id)
"""The same with the newest assessment and the newest review."""

_TAKE_COLUMNS = tuple(field.name for field in fields(Take) if field.name != "trainee")


# ---- conditions --------------------------------------------------------------


def is_trainee(trainee: Trainee) -> sa.ColumnElement[bool]:
    """Return the condition on ``trainees`` that selects a trainee."""
    return sa.and_(trainees.c.name == trainee.name, trainees.c.group_name == trainee.group)


def of_group(trainee_id: sa.ColumnElement[int], group: str | None) -> sa.ColumnElement[bool]:
    """Return the condition that a column has the ID of a trainee of a group; None for all."""
    if group is None:
        return sa.true()
    return trainee_id.in_(sa.select(trainees.c.id).where(trainees.c.group_name == group))


def starts_with(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a text starts with another; unlike LIKE, case matters."""
    return sa.func.substr(column, 1, len(text)) == text


# ---- writing -----------------------------------------------------------------


def insert_attempt(db: sa.Connection, take: Take, received_at: str | None = None) -> None:
    """Insert the row of an attempt, and its trainee if new.

    Args:
        db: A writing transaction.
        take: The attempt.
        received_at: Time of the import, ISO 8601 in UTC; None if the attempt was recorded here.
    """
    values = {name: getattr(take, name) for name in _TAKE_COLUMNS}
    owner = trainee_id(db, take.trainee)
    db.execute(attempts.insert().values(**values, trainee_id=owner, received_at=received_at))


def trainee_id(db: sa.Connection, trainee: Trainee) -> int:
    """Return the ID of a trainee, who is inserted if new."""
    query = sa.select(trainees.c.id).where(is_trainee(trainee))
    found = db.scalar(query)
    if found is None:
        values = {"name": trainee.name, "group_name": trainee.group}
        insert = insert_for(db)(trainees).values(**values).on_conflict_do_nothing()
        db.execute(insert)  # another machine may have inserted it first
        found = db.execute(query).scalar_one()
    return int(found)


def insert_for(db: sa.Connection) -> Any:
    """Return the ``insert`` of the connection's dialect, which supports ``ON CONFLICT``."""
    if db.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as of_postgresql

        return of_postgresql
    from sqlalchemy.dialects.sqlite import insert as of_sqlite

    return of_sqlite


def insert_score(
    db: sa.Connection,
    attempt_id: str,
    number: int,
    assessment: Assessment,
    created_at: str | None = None,
) -> None:
    """Append an assessment to an attempt.

    Args:
        db: A writing transaction.
        attempt_id: ID of the attempt.
        number: Position among the assessments of the attempt, counted from 1.
        assessment: The assessment.
        created_at: ISO 8601 in UTC; None for now.
    """
    score = assessment.score
    db.execute(
        scores.insert().values(
            attempt_id=attempt_id,
            number=number,
            created_at=created_at or now(),
            status=score.status,
            reason=score.reason,
            passed=score.passed,
            total=score.total,
            model=assessment.model.name if assessment.model else None,
            scorer=assessment.scorer,
            assessment=assessment,
        )
    )


def insert_review(db: sa.Connection, attempt_id: str, review: Review) -> None:
    """Append a review to an attempt."""
    db.execute(
        reviews.insert().values(
            id=review.id,
            attempt_id=attempt_id,
            created_at=review.created_at,
            reviewer=review.reviewer,
            review=review,
        )
    )


def lock_attempt(db: sa.Connection, attempt_id: str) -> None:
    """Lock an attempt against other writers until the transaction ends."""
    db.execute(
        sa.select(standings.c.attempt_id)
        .where(standings.c.attempt_id == attempt_id)
        .with_for_update()
    )


def newest_review(db: sa.Connection, attempt_id: str) -> Review | None:
    """Return the review in force: the last by time, then by ID.

    Stores with the same reviews agree on it.
    """
    query = sa.select(reviews.c.review).where(reviews.c.attempt_id == attempt_id)
    newest_first = query.order_by(reviews.c.created_at.desc(), reviews.c.id.desc())
    return db.scalar(newest_first.limit(1))


def seen_number(
    attempt_id: sa.ColumnElement[str] | str, reviewed_at: sa.ColumnElement[str] | str
) -> sa.ScalarSelect[Any]:
    """Return a subquery for the number of the score that a reviewer saw.

    This is the newest score at the time of the review. Both arguments may be columns.

    Args:
        attempt_id: ID of the attempt.
        reviewed_at: Time of the review, ISO 8601 in UTC.
    """
    table = scores.alias()
    # At least the first score, even if the clocks of two machines disagree.
    there = sa.or_(table.c.number == 1, table.c.created_at <= reviewed_at)
    query = sa.select(sa.func.max(table.c.number)).where(table.c.attempt_id == attempt_id, there)
    return query.scalar_subquery()


# ---- reading -----------------------------------------------------------------


def take_of(row: sa.RowMapping) -> Take:
    """Convert a row of ``attempts`` with the trainee's name and group to a ``Take``."""
    values = {name: row[name] for name in _TAKE_COLUMNS}
    return Take(**values, trainee=Trainee(row["name"], row["group_name"]))


def select_attempts() -> sa.Select[*tuple[Any, ...]]:
    """Return a query for ``read_attempts``, to which conditions and an order can be added."""
    return sa.select(
        attempts, trainees.c.name, trainees.c.group_name, scores.c.assessment, reviews.c.review
    ).select_from(RECORDS)


def read_attempts(database: Database, query: sa.Select[*tuple[Any, ...]]) -> list[Attempt]:
    """Read the attempts of a query made from ``select_attempts``."""
    return [
        Attempt(take_of(row._mapping), row.assessment, row.review) for row in database.rows(query)
    ]


# ---- derived rows ------------------------------------------------------------


def refresh_summary(
    db: sa.Connection, attempt_id: str, changed_at: str, *, unsent: bool = True
) -> None:
    """Recompute the rows of an attempt in ``standings`` and ``element_results``.

    Must be called in every transaction that adds something to the attempt.

    Args:
        db: A writing transaction.
        attempt_id: ID of the attempt.
        changed_at: Time of the last change in this store, ISO 8601 in UTC.
        unsent: Include the attempt in the next bundle.
    """
    row = (
        db.execute(
            sa.select(
                attempts,
                trainees.c.name,
                trainees.c.group_name,
                scores.c.number,
                scores.c.assessment,
            )
            .select_from(attempts.join(trainees).join(scores))
            .where(attempts.c.id == attempt_id)
            .order_by(scores.c.number.desc())
            .limit(1)
        )
        .mappings()
        .one()
    )
    attempt = Attempt(take_of(row), row["assessment"], newest_review(db, attempt_id))
    machine, final = attempt.assessment.score, final_score(attempt)
    review, theirs = attempt.judgement, {}
    if review is not None:
        theirs = trainers_verdicts(_seen_score(db, attempt_id, review), review)
    for table in (standings, element_results):
        db.execute(table.delete().where(table.c.attempt_id == attempt_id))
    db.execute(
        standings.insert().values(
            attempt_id=attempt_id,
            trainee_id=row["trainee_id"],
            scenario=row["scenario"],
            created_at=row["created_at"],
            changed_at=changed_at,
            unsent=unsent,
            score_number=row["number"],
            review_id=attempt.review.id if attempt.review else None,
            reviewed=review is not None,
            result=final.result,
            total=final.total,
            accuracy=final.counts.accuracy if final.reason is None else None,
            doubt=sum(doubts(attempt).values()),
        )
    )
    elements = [
        {
            "attempt_id": attempt_id,
            "place": nth,
            "trainee_id": row["trainee_id"],
            "name": ours.name,
            "kind": ours.kind,
            "required": ours.required,
            "machine": ours.verdict,
            "final": counts.verdict,
            "reviewed": theirs.get(place) is counts.verdict,
        }
        for nth, (ours, (place, counts)) in enumerate(
            zip(machine.elements, numbered(final.elements), strict=True)
        )
    ]
    if elements:
        db.execute(element_results.insert(), elements)


def _seen_score(db: sa.Connection, attempt_id: str, review: Review) -> Score:
    """Return the machine's score that the trainer reviewed."""
    query = sa.select(scores.c.assessment).where(
        scores.c.attempt_id == attempt_id,
        scores.c.number == seen_number(attempt_id, review.created_at),
    )
    seen: Assessment = db.execute(query).scalar_one()
    return seen.score
