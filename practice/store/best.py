"""Best results of a trainee, for all scenarios at once."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from practice.records.attempt import Trainee
from practice.store.database import Database
from practice.store.schema import attempts, standings, trainees


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
