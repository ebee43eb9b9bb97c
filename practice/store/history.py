"""A trainee's practice history: attempts and best results by line, and exams."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from practice.errors import StoreError
from practice.i18n import gettext as _
from practice.records.attempt import Attempt, LineAttempt, Mode, Trainee
from practice.records.score import Verdict
from practice.store import rows
from practice.store.database import Database
from practice.store.schema import attempts, element_results, standings, trainees


class PracticeHistory:
    """Practice histories; each method reads in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def line_attempts(self, trainee: Trainee) -> list[LineAttempt]:
        """Return all attempts of a trainee with their final verdicts, oldest first.

        Attempts that need review and those that could not be scored are left out, because their
        outcome is not known.
        """
        settled = (
            sa.select(standings.c.attempt_id)
            .join(trainees, trainees.c.id == standings.c.trainee_id)
            .where(*_is(trainee), standings.c.result.in_(("passed", "failed")))
        )
        query = (
            sa.select(
                attempts.c.id,
                attempts.c.created_at,
                attempts.c.scenario,
                attempts.c.line,
                attempts.c.spec,
                standings.c.result,
                standings.c.total,
            )
            .join(standings, standings.c.attempt_id == attempts.c.id)
            .where(attempts.c.id.in_(settled))
            .order_by(attempts.c.created_at, attempts.c.id)
        )
        elements = (
            sa.select(element_results.c.attempt_id, element_results.c.name)
            .where(
                element_results.c.attempt_id.in_(settled),
                element_results.c.required,
                element_results.c.final == Verdict.MISSED,
            )
            .order_by(element_results.c.attempt_id, element_results.c.place)
        )
        missed: dict[str, list[str]] = defaultdict(list)
        with self._database.reading() as db:
            for attempt_id, name in db.execute(elements):
                missed[attempt_id].append(name)
            return [
                LineAttempt(
                    row["created_at"],
                    row["scenario"],
                    row["line"],
                    rows.LINE.validate_json(row["spec"]),
                    row["result"] == "passed",
                    row["total"],
                    tuple(missed.get(row["id"], ())),
                )
                for row in db.execute(query).mappings()
            ]

    def exam(self, prefix: str) -> list[Attempt]:
        """Return the attempts of an exam in order.

        Args:
            prefix: Session ID of the exam, or the start of it.

        Raises:
            StoreError: No exam or several exams match.
        """
        begins = sa.func.substr(attempts.c.session, 1, len(prefix)) == prefix.lower()
        query = (
            rows.select_attempts()
            .where(begins, _is_exam())
            .order_by(standings.c.created_at, attempts.c.id)
        )
        with self._database.reading() as db:
            found = [rows.attempt_of(row) for row in db.execute(query).mappings()]
        sessions = {attempt.take.session for attempt in found}
        if len(sessions) != 1:
            message = (
                _(
                    "No exam ID starts with “{prefix}”. `practice history --json` shows the "
                    "IDs (session)."
                )
                if not found
                else _("Several exam IDs start with “{prefix}”. Give more characters of the ID.")
            )
            raise StoreError(message.format(prefix=prefix))
        return found

    def sitting(self, trainee: Trainee, book: str, session: str) -> int:
        """Return the position of an exam among the trainee's exams of the same book, from 1.

        Args:
            trainee: The trainee.
            book: Name of the exam book.
            session: Session ID of the exam, which must be stored.
        """
        begun = sa.func.min(attempts.c.created_at)
        query = (
            sa.select(attempts.c.session)
            .join(trainees, trainees.c.id == attempts.c.trainee_id)
            .where(*_is(trainee), _is_exam(book))
            .group_by(attempts.c.session)
            .order_by(begun, attempts.c.session)
        )
        with self._database.reading() as db:
            return list(db.execute(query).scalars()).index(session) + 1


def _is(trainee: Trainee) -> tuple[sa.ColumnElement[bool], ...]:
    return (trainees.c.name == trainee.name, trainees.c.group_name == trainee.group)


def _is_exam(book: str | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that an attempt belongs to an exam, optionally of one book.

    It compares the start of the JSON in ``setting`` and so depends on the order of its fields.
    """
    beginning = f'{{"mode":"{Mode.EXAM}",'
    if book is not None:
        beginning += f'"name":{json.dumps(book, ensure_ascii=False)},'
    return sa.func.substr(attempts.c.setting, 1, len(beginning)) == beginning


@dataclass(frozen=True, slots=True)
class BestOfLine:
    """The best final results of a trainee's attempts at one line.

    Attributes:
        passed: At least one attempt passed.
        total: Highest score; None if no attempt has one.
    """

    line: int
    passed: bool
    total: float | None


def best_of_lines(database: Database, trainee: Trainee) -> dict[str, list[BestOfLine]]:
    """Return the best results of a trainee at each practiced line.

    Returns:
        Results in line order, by scenario ID.
    """
    passed = sa.func.max(sa.case((standings.c.result == "passed", 1), else_=0))
    query = (
        sa.select(standings.c.scenario, attempts.c.line, passed, sa.func.max(standings.c.total))
        .join(attempts, attempts.c.id == standings.c.attempt_id)
        .join(trainees, trainees.c.id == standings.c.trainee_id)
        .where(trainees.c.name == trainee.name, trainees.c.group_name == trainee.group)
        .group_by(standings.c.scenario, attempts.c.line)
        .order_by(standings.c.scenario, attempts.c.line)
    )
    found: dict[str, list[BestOfLine]] = {}
    with database.reading() as db:
        for scenario, line, has_passed, total in db.execute(query):
            found.setdefault(scenario, []).append(BestOfLine(line, bool(has_passed), total))
    return found
