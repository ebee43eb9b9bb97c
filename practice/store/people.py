"""Statistics about trainees, and about the agreement of trainer and machine.

All results are final: the verdicts of a trainer override those of the machine.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from practice.records.attempt import Trainee
from practice.records.kinds import Kind
from practice.records.review import Decision
from practice.records.score import Verdict
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
        return (
            self.heard
            + self.missed
            + self.credited
            + self.accused
            + self.settled_heard
            + self.settled_missed
            + self.left_open
        )


class People:
    """Statistics about trainees; each method except ``progress`` reads in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def groups(self) -> list[str]:
        """Return the groups that have trainees, sorted."""
        query = sa.select(trainees.c.group_name).distinct().order_by(trainees.c.group_name)
        with self._database.reading() as db:
            return list(db.execute(query).scalars())

    def summaries(self, group: str | None = None) -> list[Summary]:
        """Return a summary of each trainee, sorted by group and name.

        Args:
            group: Only the trainees of this group; None for all.
        """

        def having(result: str) -> sa.Label[int]:
            return sa.func.count(sa.case((standings.c.result == result, 1))).label(result)

        counted = (
            sa.select(
                standings.c.trainee_id,
                sa.func.count().label("attempts"),
                *(having(result) for result in ("passed", "failed", "open", "unscored")),
                sa.func.max(standings.c.created_at).label("last"),
            )
            .where(*_of_group(standings.c.trainee_id, group))
            .group_by(standings.c.trainee_id)
            .subquery()
        )
        query = (
            sa.select(trainees.c.id, trainees.c.group_name, trainees.c.name, counted)
            .outerjoin(counted, counted.c.trainee_id == trainees.c.id)
            .where(*_of_group(trainees.c.id, group))
            .order_by(trainees.c.group_name, trainees.c.name)
        )
        with self._database.reading() as db:
            redo = _to_redo(db, group)
            return [
                Summary(
                    row["id"],
                    row["group_name"],
                    row["name"],
                    row["attempts"] or 0,
                    row["passed"] or 0,
                    row["failed"] or 0,
                    row["open"] or 0,
                    row["unscored"] or 0,
                    row["last"],
                    tuple(redo.get(row["id"], ())),
                )
                for row in db.execute(query).mappings()
            ]

    def names(self) -> list[str]:
        """Return the names of all trainees, sorted."""
        query = sa.select(trainees.c.name).distinct().order_by(trainees.c.name)
        with self._database.reading() as db:
            return list(db.execute(query).scalars())

    def groups_of(self, name: str) -> list[str]:
        """Return the groups that have a trainee of this name, sorted."""
        query = sa.select(trainees.c.group_name).where(trainees.c.name == name)
        with self._database.reading() as db:
            return list(db.execute(query.order_by(trainees.c.group_name)).scalars())

    def person(self, trainee_id: int) -> Person | None:
        """Return the trainee with this ID, or None."""
        query = sa.select(trainees.c.id, trainees.c.group_name, trainees.c.name).where(
            trainees.c.id == trainee_id
        )
        with self._database.reading() as db:
            row = db.execute(query).first()
        return None if row is None else Person(*row)

    def number_of(self, trainee: Trainee) -> int:
        """Return the ID of a trainee, who must be in the records."""
        query = sa.select(trainees.c.id).where(
            trainees.c.name == trainee.name, trainees.c.group_name == trainee.group
        )
        with self._database.reading() as db:
            return int(db.execute(query).scalar_one())

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
            .join(attempts, attempts.c.id == standings.c.attempt_id)
            .where(standings.c.trainee_id == trainee_id)
            .order_by(standings.c.created_at, standings.c.attempt_id)
        )
        with self._database.reading() as db:
            return [TrendPoint(*row) for row in db.execute(query)]

    def paces(self, trainee_id: int) -> dict[str, float]:
        """Return a trainee's articulation rates in characters per second, by attempt ID.

        Attempts whose rate is unavailable are left out.
        """
        newest = sa.and_(
            scores.c.attempt_id == standings.c.attempt_id,
            scores.c.number == standings.c.score_number,
        )
        query = (
            sa.select(standings.c.attempt_id, scores.c.assessment)
            .join(scores, newest)
            .where(standings.c.trainee_id == trainee_id, scores.c.status == "scored")
        )
        found = {}
        with self._database.reading() as db:
            for attempt_id, text in db.execute(query):
                delivery = rows.ASSESSMENT.validate_json(text).delivery
                if delivery is not None and delivery.articulation_cps is not None:
                    found[attempt_id] = delivery.articulation_cps
        return found

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
        missed = _times(Verdict.MISSED)
        heard = _times(Verdict.HEARD)
        query = (
            sa.select(
                element_results.c.name,
                element_results.c.kind,
                heard,
                missed,
                _times(Verdict.UNSURE),
            )
            .where(element_results.c.trainee_id == trainee_id, element_results.c.required)
            .group_by(element_results.c.name, element_results.c.kind)
            .having(missed > 0)
            .order_by(missed.desc(), heard, element_results.c.name)
            .limit(limit)
        )
        with self._database.reading() as db:
            return [
                ElementCount(name, _kind(kind), *counts)
                for name, kind, *counts in db.execute(query)
            ]

    def heat_map(self, group: str | None = None) -> HeatMap:
        """Count the verdicts on required elements for each trainee.

        Args:
            group: Only the trainees of this group; None for all.
        """
        query = (
            sa.select(
                element_results.c.trainee_id,
                element_results.c.name,
                element_results.c.kind,
                _times(Verdict.HEARD),
                _times(Verdict.MISSED),
                _times(Verdict.UNSURE),
            )
            .where(
                element_results.c.required,
                element_results.c.final != Verdict.UNSCORED,
                *_of_group(element_results.c.trainee_id, group),
            )
            .group_by(element_results.c.trainee_id, element_results.c.name, element_results.c.kind)
        )
        who = (
            sa.select(trainees.c.id, trainees.c.group_name, trainees.c.name)
            .where(*_of_group(trainees.c.id, group))
            .order_by(trainees.c.group_name, trainees.c.name)
        )
        cells: dict[tuple[str, str | None], dict[int, Cell]] = defaultdict(dict)
        with self._database.reading() as db:
            people = [Person(*row) for row in db.execute(who)]
            for trainee_id, name, kind, *counts in db.execute(query):
                cells[name, kind][trainee_id] = Cell(*counts)
        practised = {trainee_id for of_element in cells.values() for trainee_id in of_element}
        shown = tuple(p for p in people if p.trainee_id in practised)
        elements = [
            HeatRow(name, _kind(kind), tuple(of.get(p.trainee_id, Cell()) for p in shown))
            for (name, kind), of in cells.items()
        ]
        elements.sort(key=lambda row: (-row.missed, row.name, row.kind or ""))
        return HeatMap(shown, tuple(elements))

    def agreement(self, group: str | None = None) -> list[Agreement]:
        """Compare machine and trainer on each element of the reviewed attempts.

        A verdict that the trainer left unchanged counts as agreement. Not counted are verdicts that
        the machine changed after the review and the trainer had not marked, because no trainer saw
        them, and elements that the machine did not score.

        Args:
            group: Only the trainees of this group; None for all.

        Returns:
            The counts of each element, the one with the most comparisons first.
        """
        machine, final = element_results.c.machine, element_results.c.final

        def pair(first: Verdict, second: Verdict) -> sa.ColumnElement[int]:
            return sa.func.count(sa.case((sa.and_(machine == first, final == second), 1)))

        total = sa.func.count()
        query = (
            sa.select(
                element_results.c.name,
                element_results.c.kind,
                pair(Verdict.HEARD, Verdict.HEARD),
                pair(Verdict.MISSED, Verdict.MISSED),
                pair(Verdict.HEARD, Verdict.MISSED),
                pair(Verdict.MISSED, Verdict.HEARD),
                pair(Verdict.UNSURE, Verdict.HEARD),
                pair(Verdict.UNSURE, Verdict.MISSED),
                sa.func.count(sa.case((final == Verdict.UNSURE, 1))),
            )
            .where(
                element_results.c.reviewed,
                machine != Verdict.UNSCORED,
                final != Verdict.UNSCORED,
                *_of_group(element_results.c.trainee_id, group),
            )
            .group_by(element_results.c.name, element_results.c.kind)
            .order_by(total.desc(), element_results.c.name)
        )
        with self._database.reading() as db:
            return [
                Agreement(name, _kind(kind), *counts) for name, kind, *counts in db.execute(query)
            ]


def _of_group(column: sa.ColumnElement[int], group: str | None) -> list[sa.ColumnElement[bool]]:
    if group is None:
        return []
    return [column.in_(sa.select(trainees.c.id).where(trainees.c.group_name == group))]


def _times(verdict: Verdict) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((element_results.c.final == verdict, 1)))


def _kind(value: str | None) -> Kind | None:
    return None if value is None else Kind(value)


def _to_redo(db: sa.Connection, group: str | None) -> dict[int, list[str]]:
    """Return the IDs of attempts sent back and not repeated since, by trainee ID."""
    later = attempts.alias()
    tried_again = sa.exists().where(
        later.c.trainee_id == attempts.c.trainee_id,
        later.c.scenario == attempts.c.scenario,
        later.c.line == attempts.c.line,
        later.c.created_at > attempts.c.created_at,
    )
    query = (
        sa.select(standings.c.trainee_id, standings.c.attempt_id, reviews.c.review)
        .join(attempts, attempts.c.id == standings.c.attempt_id)
        .join(reviews, reviews.c.id == standings.c.review_id)
        # Attempts that were sent back have failed, so only failed ones need their review read.
        .where(
            standings.c.result == "failed",
            *_of_group(standings.c.trainee_id, group),
            sa.not_(tried_again),
        )
        .order_by(standings.c.created_at.desc(), standings.c.attempt_id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for trainee_id, attempt_id, review in db.execute(query):
        if rows.REVIEW.validate_json(review).decision is Decision.REDO:
            found[trainee_id].append(attempt_id)
    return found
