"""A trainee's practice history: attempts and best results by line, and exams."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from practice.errors import StoreError
from practice.i18n import gettext as _
from practice.records.attempt import Attempt, LineAttempt, Mode, Trainee
from practice.records.score import Result, Verdict
from practice.store import rows
from practice.store.database import Database
from practice.store.schema import attempts, element_results, standings


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


class PracticeHistory:
    """Practice histories; each method reads in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def line_attempts(self, trainee: Trainee) -> list[LineAttempt]:
        """Return all attempts of a trainee with their final verdicts, oldest first.

        Attempts that need review and those that could not be scored are left out, because their
        outcome is not known.
        """
        missed = sa.and_(
            element_results.c.attempt_id == attempts.c.id,
            element_results.c.required,
            element_results.c.final == Verdict.MISSED,
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
                element_results.c.name,
            )
            .select_from(rows.SUMMARIES.outerjoin(element_results, missed))
            .where(rows.is_trainee(trainee), standings.c.result.in_((Result.PASSED, Result.FAILED)))
            .order_by(attempts.c.created_at, attempts.c.id, element_results.c.place)
        )
        found = []
        for _id, of_attempt in groupby(self._database.rows(query), lambda row: row.id):
            first, *others = of_attempt
            found.append(
                LineAttempt(
                    first.created_at,
                    first.scenario,
                    first.line,
                    first.spec,
                    first.result is Result.PASSED,
                    first.total,
                    tuple(row.name for row in (first, *others) if row.name is not None),
                )
            )
        return found

    def best_of_lines(self, trainee: Trainee) -> dict[str, list[BestOfLine]]:
        """Return the best results of a trainee at each practiced line.

        Returns:
            Results in line order, by scenario ID.
        """
        line = (attempts.c.scenario, attempts.c.line)
        passed = sa.func.count().filter(standings.c.result == Result.PASSED)
        query = (
            sa.select(*line, passed, sa.func.max(standings.c.total))
            .select_from(rows.SUMMARIES)
            .where(rows.is_trainee(trainee))
            .group_by(*line)
            .order_by(*line)
        )
        found: dict[str, list[BestOfLine]] = {}
        for scenario, number, times_passed, total in self._database.rows(query):
            found.setdefault(scenario, []).append(BestOfLine(number, times_passed > 0, total))
        return found

    def exam(self, prefix: str) -> list[Attempt]:
        """Return the attempts of an exam in order.

        Args:
            prefix: Session ID of the exam, or the start of it.

        Raises:
            StoreError: No exam or several exams match.
        """
        query = (
            rows.select_attempts()
            .where(rows.starts_with(attempts.c.session, prefix.lower()), _is_exam())
            .order_by(standings.c.created_at, attempts.c.id)
        )
        found = rows.read_attempts(self._database, query)
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
        query = (
            sa.select(attempts.c.session)
            .select_from(rows.SUMMARIES)
            .where(rows.is_trainee(trainee), _is_exam(book))
            .group_by(attempts.c.session)
            .order_by(sa.func.min(attempts.c.created_at), attempts.c.session)
        )
        return self._database.column(query).index(session) + 1


def _is_exam(book: str | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that an attempt belongs to an exam, optionally of one book.

    It compares the start of the JSON in ``setting`` and so depends on the order of its fields.
    """
    beginning = f'{{"mode":"{Mode.EXAM}",'
    if book is not None:
        beginning += f'"name":{json.dumps(book, ensure_ascii=False)},'
    return rows.starts_with(attempts.c.setting, beginning)
