"""Statistics about trainees, and about the agreement of trainer and machine.

All results are final: the verdicts of a trainer override those of the machine.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from practice.records.attempt import Trainee
from practice.records.kinds import Kind
from practice.records.review import Decision
from practice.records.score import Result, Verdict
from practice.scoring.trend import ElementCount, Progress, TrendPoint, progress_of
from practice.store import rows
from practice.store.database import Database, day_of
from practice.store.schema import attempts, element_results, reviews, scores, standings, trainees

MISSED_MOST = 10
"""Maximum number of missed elements in a trainee's progress."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A trainee's attempts, counted by final result.

    Attributes:
        last_practised: Time of the last attempt, ISO 8601 in UTC; None without attempts.
        redo: IDs of the attempts that a trainer sent back and that were not repeated since,
            newest first.
    """

    trainee_id: int
    group: str
    name: str
    attempts: int
    passed: int
    failed: int
    open: int
    unscored: int
    last_practised: str | None
    redo: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A trainee with their database ID; a column of a heat map."""

    trainee_id: int
    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One trainee's final verdicts on one element, counted; all zero if never practiced."""

    heard: int = 0
    missed: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class HeatRow:
    """The cells of an element, one for each person of the heat map and in that order."""

    name: str
    kind: Kind | None
    cells: tuple[Cell, ...]

    @property
    def missed(self) -> int:
        """Number of times that the element was missed, over all trainees."""
        return sum(cell.missed for cell in self.cells)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Required elements by trainee, the most missed element first."""

    people: tuple[Person, ...]
    elements: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The machine's verdicts on an element compared with the trainer's, counted.

    Attributes:
        heard: Both say heard.
        missed: Both say missed.
        credited: The machine heard what the trainer says was missed.
        accused: The machine missed what the trainer heard.
        settled_heard: The machine was unsure and the trainer heard it.
        settled_missed: The machine was unsure and the trainer says it was missed.
        left_open: The trainer could not tell either, or did not decide.
    """

    name: str
    kind: Kind | None
    heard: int
    missed: int
    credited: int
    accused: int
    settled_heard: int
    settled_missed: int
    left_open: int

    @property
    def total(self) -> int:
        """Number of compared verdicts."""
        decided = self.heard + self.missed + self.credited + self.accused
        return decided + self.settled_heard + self.settled_missed + self.left_open


class People:
    """Statistics about trainees; each query is a transaction of its own.

    Methods with the argument ``group`` report on the trainees of that group, or on all if None.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def groups(self) -> list[str]:
        """Return the groups that have trainees, sorted."""
        group = trainees.c.group_name
        return self._database.column(sa.select(group).distinct().order_by(group))

    def groups_of(self, name: str) -> list[str]:
        """Return the groups that have a trainee of this name, sorted."""
        query = sa.select(trainees.c.group_name).where(trainees.c.name == name)
        return self._database.column(query.order_by(trainees.c.group_name))

    def names(self) -> list[str]:
        """Return the names of all trainees, sorted."""
        name = trainees.c.name
        return self._database.column(sa.select(name).distinct().order_by(name))

    def all(self, group: str | None = None) -> list[Person]:
        """Return the trainees, sorted by group and name."""
        query = _select_people().where(rows.of_group(trainees.c.id, group))
        return [Person(*row) for row in self._database.rows(query)]

    def person(self, trainee_id: int) -> Person | None:
        """Return the trainee with this ID, or None."""
        found = self._database.rows(_select_people().where(trainees.c.id == trainee_id))
        return Person(*found[0]) if found else None

    def number_of(self, trainee: Trainee) -> int:
        """Return the ID of a trainee, who must be in the records."""
        (number,) = self._database.column(sa.select(trainees.c.id).where(rows.is_trainee(trainee)))
        return int(number)

    def summaries(self, group: str | None = None) -> list[Summary]:
        """Return a summary of each trainee, sorted by group and name."""
        query = (
            _select_people()
            .add_columns(
                sa.func.count(standings.c.attempt_id),
                *(sa.func.count().filter(standings.c.result == result) for result in Result),
                sa.func.max(standings.c.created_at),
            )
            .select_from(trainees.outerjoin(standings))
            .where(rows.of_group(trainees.c.id, group))
            .group_by(trainees.c.id)
        )
        redo = self._to_redo(group)
        return [Summary(*(*row, tuple(redo[row.id]))) for row in self._database.rows(query)]

    def _to_redo(self, group: str | None) -> dict[int, list[str]]:
        """Return the IDs of attempts sent back and not repeated since, by trainee ID."""
        later = attempts.alias()
        tried_again = sa.exists().where(
            later.c.trainee_id == attempts.c.trainee_id,
            later.c.scenario == attempts.c.scenario,
            later.c.line == attempts.c.line,
            later.c.created_at > attempts.c.created_at,
        )
        query = (
            sa.select(attempts.c.trainee_id, attempts.c.id, reviews.c.review)
            .select_from(rows.RECORDS)
            # Attempts that were sent back have failed, so only failed ones need their review read.
            .where(
                standings.c.result == Result.FAILED,
                standings.c.reviewed,
                rows.of_group(standings.c.trainee_id, group),
                sa.not_(tried_again),
            )
            .order_by(standings.c.created_at.desc(), standings.c.attempt_id)
        )
        found: dict[int, list[str]] = defaultdict(list)
        for trainee_id, attempt_id, review in self._database.rows(query):
            if review.decision is Decision.REDO:
                found[trainee_id].append(attempt_id)
        return found

    def trend(self, trainee_id: int) -> list[TrendPoint]:
        """Return a trainee's attempts with their final results, oldest first."""
        query = (
            sa.select(
                standings.c.attempt_id,
                standings.c.created_at,
                standings.c.scenario,
                attempts.c.line,
                standings.c.total,
                standings.c.accuracy,
                standings.c.result,
                attempts.c.title,
            )
            .select_from(rows.SUMMARIES)
            .where(standings.c.trainee_id == trainee_id)
            .order_by(standings.c.created_at, standings.c.attempt_id)
        )
        return [TrendPoint(*row) for row in self._database.rows(query)]

    def paces(self, trainee_id: int) -> dict[str, float]:
        """Return a trainee's articulation rates in characters per second, by attempt ID.

        Attempts whose rate is unavailable are left out.
        """
        query = (
            sa.select(standings.c.attempt_id, scores.c.assessment)
            .select_from(rows.RECORDS)
            .where(standings.c.trainee_id == trainee_id, scores.c.status == "scored")
        )
        return {
            attempt_id: assessment.delivery.articulation_cps
            for attempt_id, assessment in self._database.rows(query)
            if assessment.delivery and assessment.delivery.articulation_cps is not None
        }

    def progress(self, trainee: Trainee, today: date) -> Progress:
        """Return the progress of a trainee.

        Args:
            trainee: Must be in the records.
            today: The day up to which the current streak is counted.
        """
        trainee_id = self.number_of(trainee)
        return progress_of(
            trainee,
            self.trend(trainee_id),
            self.paces(trainee_id),
            self.missed_most(trainee_id, MISSED_MOST),
            day_of,
            today,
        )

    def missed_most(self, trainee_id: int, limit: int) -> list[ElementCount]:
        """Return the required elements that a trainee missed, the most missed first."""
        heard, missed, unsure = _COUNTS
        query = (
            _count_by_element(heard, missed, unsure)
            .where(element_results.c.trainee_id == trainee_id, element_results.c.required)
            .having(missed > 0)
            .order_by(missed.desc(), heard, element_results.c.name)
            .limit(limit)
        )
        return [ElementCount(*row) for row in self._database.rows(query)]

    def heat_map(self, group: str | None = None) -> HeatMap:
        """Count the verdicts on required elements for each trainee."""
        query = (
            _count_by_element(*_COUNTS, element_results.c.trainee_id)
            .where(
                element_results.c.required,
                element_results.c.final != Verdict.UNSCORED,
                rows.of_group(element_results.c.trainee_id, group),
            )
            .group_by(element_results.c.trainee_id)
        )
        cells: dict[tuple[str, Kind | None], dict[int, Cell]] = defaultdict(dict)
        for name, kind, *counts, trainee_id in self._database.rows(query):
            cells[name, kind][trainee_id] = Cell(*counts)
        practised = {trainee_id for of_element in cells.values() for trainee_id in of_element}
        shown = tuple(p for p in self.all(group) if p.trainee_id in practised)
        elements = [
            HeatRow(name, kind, tuple(of.get(p.trainee_id, Cell()) for p in shown))
            for (name, kind), of in cells.items()
        ]
        elements.sort(key=lambda row: (-row.missed, row.name, row.kind or ""))
        return HeatMap(shown, tuple(elements))

    def agreement(self, group: str | None = None) -> list[Agreement]:
        """Compare machine and trainer on each element of the reviewed attempts.

        A verdict that the trainer left unchanged counts as agreement. Not counted are verdicts that
        the machine changed after the review and the trainer had not marked, because no trainer saw
        them, and elements that the machine did not score.

        Returns:
            The counts of each element, the one with the most comparisons first.
        """
        machine, final = element_results.c.machine, element_results.c.final

        def pair(first: Verdict, second: Verdict) -> sa.ColumnElement[int]:
            return sa.func.count().filter(machine == first, final == second)

        query = (
            _count_by_element(
                pair(Verdict.HEARD, Verdict.HEARD),
                pair(Verdict.MISSED, Verdict.MISSED),
                pair(Verdict.HEARD, Verdict.MISSED),
                pair(Verdict.MISSED, Verdict.HEARD),
                pair(Verdict.UNSURE, Verdict.HEARD),
                pair(Verdict.UNSURE, Verdict.MISSED),
                sa.func.count().filter(final == Verdict.UNSURE),
            )
            .where(
                element_results.c.reviewed,
                machine != Verdict.UNSCORED,
                final != Verdict.UNSCORED,
                rows.of_group(element_results.c.trainee_id, group),
            )
            .order_by(sa.func.count().desc(), element_results.c.name)
        )
        return [Agreement(*row) for row in self._database.rows(query)]


_COUNTS = tuple(
    sa.func.count().filter(element_results.c.final == verdict)
    for verdict in (Verdict.HEARD, Verdict.MISSED, Verdict.UNSURE)
)
"""Numbers of final verdicts: heard, missed, unsure."""


def _select_people() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(trainees.c.id, trainees.c.group_name, trainees.c.name).order_by(
        trainees.c.group_name, trainees.c.name
    )


def _count_by_element(*columns: sa.ColumnElement[int]) -> sa.Select[*tuple[Any, ...]]:
    element = (element_results.c.name, element_results.c.kind)
    return sa.select(*element, *columns).group_by(*element)
