"""Conversion of records to rows and back, and the derived rows for search and statistics."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from practice.records.attempt import Assessment, Attempt, SessionContext, Take, Trainee
from practice.records.review import Review
from practice.records.scenario import Line
from practice.records.score import Score
from practice.scoring.review import doubts, final_score, numbered, trainers_verdicts
from practice.store.database import now
from practice.store.schema import attempts, element_results, reviews, scores, standings, trainees

LINE = TypeAdapter(Line)
ASSESSMENT = TypeAdapter(Assessment)
REVIEW = TypeAdapter(Review)
SETTING = TypeAdapter(SessionContext)


def insert_attempt(db: sa.Connection, take: Take, received_at: str | None = None) -> None:
    """Insert the row of an attempt, and its trainee if new.

    Args:
        db: A writing transaction.
        take: The attempt.
        received_at: Time of the import, ISO 8601 in UTC; None if the attempt was recorded here.
    """
    db.execute(
        attempts.insert().values(
            id=take.id,
            session=take.session,
            created_at=take.created_at,
            trainee_id=trainee_id(db, take.trainee),
            scenario=take.scenario,
            title=take.title,
            prompt_sha256=take.prompt_sha256,
            line=take.line,
            take=take.take,
            spec=LINE.dump_json(take.spec).decode(),
            audio=take.audio,
            source=take.source,
            device=take.device,
            overflows=take.overflows,
            setting=SETTING.dump_json(take.setting).decode() if take.setting else None,
            received_at=received_at,
        )
    )


def trainee_id(db: sa.Connection, trainee: Trainee) -> int:
    """Return the ID of a trainee, who is inserted if new."""
    query = sa.select(trainees.c.id).where(
        trainees.c.name == trainee.name, trainees.c.group_name == trainee.group
    )
    found = db.execute(query).scalar()
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
            assessment=ASSESSMENT.dump_json(assessment).decode(),
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
            review=REVIEW.dump_json(review).decode(),
        )
    )


def hold(db: sa.Connection, attempt_id: str) -> None:
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
    text = db.execute(
        sa.select(reviews.c.review)
        .where(reviews.c.attempt_id == attempt_id)
        .order_by(reviews.c.created_at.desc(), reviews.c.id.desc())
        .limit(1)
    ).scalar()
    return None if text is None else REVIEW.validate_json(text)


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


def seen_score(db: sa.Connection, attempt_id: str, review: Review) -> Score:
    """Return the machine's score that the trainer reviewed."""
    text = db.execute(
        sa.select(scores.c.assessment).where(
            scores.c.attempt_id == attempt_id,
            scores.c.number == seen_number(attempt_id, review.created_at),
        )
    ).scalar_one()
    return ASSESSMENT.validate_json(text).score


def take_of(row: sa.RowMapping) -> Take:
    """Convert a row of ``attempts`` with the trainee's name and group to a ``Take``."""
    return Take(
        id=row["id"],
        session=row["session"],
        created_at=row["created_at"],
        trainee=Trainee(row["name"], row["group_name"]),
        scenario=row["scenario"],
        title=row["title"],
        prompt_sha256=row["prompt_sha256"],
        line=row["line"],
        take=row["take"],
        spec=LINE.validate_json(row["spec"]),
        audio=row["audio"],
        source=row["source"],
        device=row["device"],
        overflows=row["overflows"],
        setting=None if row["setting"] is None else SETTING.validate_json(row["setting"]),
    )


def attempt_of(row: sa.RowMapping) -> Attempt:
    """Convert a row of ``select_attempts`` to an ``Attempt``."""
    review = None if row["review"] is None else REVIEW.validate_json(row["review"])
    return Attempt(take_of(row), ASSESSMENT.validate_json(row["assessment"]), review)


def select_attempts() -> sa.Select[Any]:
    """Return a query for attempts with trainee, newest assessment, and newest review.

    ``attempt_of`` converts its rows.
    """
    newest = sa.and_(
        scores.c.attempt_id == standings.c.attempt_id, scores.c.number == standings.c.score_number
    )
    return (
        sa.select(
            attempts, trainees.c.name, trainees.c.group_name, scores.c.assessment, reviews.c.review
        )
        .join(standings, standings.c.attempt_id == attempts.c.id)
        .join(trainees, trainees.c.id == attempts.c.trainee_id)
        .join(scores, newest)
        .outerjoin(reviews, reviews.c.id == standings.c.review_id)
    )


def result_of(score: Score) -> str:
    """Return the result of a score: passed, failed, open (needs review), or unscored."""
    if score.passed is None:
        return "open" if score.reason is None else "unscored"
    return "passed" if score.passed else "failed"


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
            sa.select(attempts, trainees.c.name, trainees.c.group_name)
            .join(trainees, trainees.c.id == attempts.c.trainee_id)
            .where(attempts.c.id == attempt_id)
        )
        .mappings()
        .one()
    )
    number, text = db.execute(
        sa.select(scores.c.number, scores.c.assessment)
        .where(scores.c.attempt_id == attempt_id)
        .order_by(scores.c.number.desc())
        .limit(1)
    ).one()
    review = newest_review(db, attempt_id)
    attempt = Attempt(take_of(row), ASSESSMENT.validate_json(text), review)
    machine, final = attempt.assessment.score, final_score(attempt)
    judged = attempt.judgement
    theirs = trainers_verdicts(seen_score(db, attempt_id, judged), judged) if judged else {}
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
            score_number=number,
            review_id=review.id if review else None,
            reviewed=judged is not None,
            result=result_of(final),
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
