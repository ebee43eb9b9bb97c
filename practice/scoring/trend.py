"""How a trainee comes on: totals of a line against each other, days practiced, pace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, median

from practice.records.attempt import Attempt, Trainee
from practice.records.kinds import Kind
from practice.scoring.review import final_score

NOISE, NOISE_LONG = 12.0, 5.0
"""Points by which totals may differ before one is called better than the other: where the
same speech is heard twice, 95 % of them lie less far apart, with short scripts and with
longer ones (`python benchmarks/noise.py`; docs/scoring.md)."""

SHORT_MOST = 12
"""Characters of a short script: one of them has many points."""

PACE_OF = 5
"""Takes at the beginning, and at the end, of which the median pace is told."""


class Change(StrEnum):
    """How a total compares with an earlier one, where the noise of the measure is known."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


def noise_of(characters: int) -> float:
    """The noise of the totals of a script with so many characters."""
    return NOISE if characters <= SHORT_MOST else NOISE_LONG


def change(before: float, now: float, noise: float = NOISE) -> Change:
    """Say whether a total is another one than before, or the same as far as one can tell."""
    if abs(now - before) <= noise:
        return Change.SAME
    return Change.BETTER if now > before else Change.WORSE


@dataclass(frozen=True, slots=True)
class Since:
    """How a take's total compares with that of the take before it."""

    points: float
    change: Change


def since(previous: Attempt | None, attempt: Attempt) -> Since | None:
    """Compare a take's total with the final one of the take before.

    None where there is none, or where something else was to be said.
    """
    total = attempt.assessment.score.total
    if previous is None or total is None:
        return None
    earlier = final_score(previous)
    if earlier.total is None or previous.take.spec.script != attempt.take.spec.script:
        return None
    noise = noise_of(earlier.counts.reference_length)
    return Since(total - earlier.total, change(earlier.total, total, noise))


# ---- a trainee's takes, all together ---------------------------------------------


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The final result of one attempt; ``total`` and ``accuracy`` are None where unscored."""

    attempt_id: str
    created_at: str
    scenario: str
    line: int
    total: float | None
    accuracy: float | None
    result: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class ElementCount:
    """How often an element was heard, missed, and left open, by the final verdicts."""

    name: str
    kind: Kind | None
    heard: int
    missed: int
    unsure: int


@dataclass(frozen=True, slots=True)
class ScenarioTrend:
    """How the takes of a scenario went, those that were scored.

    ``standings`` has a figure for each: how the scenario stood after it, which is the mean
    of the newest totals of the lines that were said by then. ``first`` is the mean of the
    first totals of the same lines; None where no line was said twice.
    """

    id: str
    title: str
    standings: tuple[float, ...]
    first: float | None

    @property
    def takes(self) -> int:
        """How many takes were scored."""
        return len(self.standings)

    @property
    def now(self) -> float:
        """How the scenario stands: the mean of the newest total of each line."""
        return self.standings[-1]

    @property
    def change(self) -> Change | None:
        """How it stands against the first time; None where no line was said twice.

        By the noise of short scripts, whatever the lines: it is an average of other lines
        than these that the noise was measured of.
        """
        return None if self.first is None else change(self.first, self.now)


@dataclass(frozen=True, slots=True)
class Streak:
    """Days practiced: all of them, those in a row up to now, and the most in a row ever.

    A row goes on until a day is over without practice: today may still come.
    """

    days: int
    now: int
    longest: int


@dataclass(frozen=True, slots=True)
class PaceTrend:
    """Articulation rates in characters per second, the oldest first.

    ``first`` and ``now`` are the medians of the first and the newest few; ``first`` is None
    where there are too few to tell them apart.
    """

    rates: tuple[float, ...]
    first: float | None
    now: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How a trainee comes on, by the final results: what every output of it is read off.

    ``points`` are all takes, the oldest first; ``paces`` the articulation rates of those that
    have one, by their ids; ``scenarios`` have the one that was
    practiced last first; ``missed`` the courtesy that was missed most.
    """

    trainee: Trainee
    points: tuple[TrendPoint, ...]
    paces: Mapping[str, float]
    scenarios: tuple[ScenarioTrend, ...]
    streak: Streak
    pace: PaceTrend | None
    missed: tuple[ElementCount, ...]


def progress_of(
    trainee: Trainee,
    points: Sequence[TrendPoint],
    paces: Mapping[str, float],
    missed: Sequence[ElementCount],
    day_of: Callable[[str], date],
    today: date,
) -> Progress:
    """Put a trainee's takes together; ``day_of`` tells on which day a moment was.

    A take that could not be scored is no practice: silence keeps no row of days going.
    """
    days = {day_of(p.created_at) for p in points if p.result != "unscored"}
    return Progress(
        trainee,
        tuple(points),
        paces,
        scenario_trends(points),
        streak(days, today),
        pace_trend([paces[p.attempt_id] for p in points if p.attempt_id in paces]),
        tuple(missed),
    )


def scenario_trends(points: Sequence[TrendPoint]) -> tuple[ScenarioTrend, ...]:
    """The trend of each scenario, the one that was practiced last first."""
    by_scenario: dict[str, list[TrendPoint]] = {}
    for point in points:
        if point.total is not None:
            # Put in anew, so that the last one practiced comes to stand last.
            by_scenario[point.scenario] = [*by_scenario.pop(point.scenario, []), point]
    return tuple(_scenario_trend(of) for of in reversed(by_scenario.values()))


def _scenario_trend(points: list[TrendPoint]) -> ScenarioTrend:
    first: dict[int, float] = {}
    newest: dict[int, float] = {}
    standings = []
    for point in points:
        total = point.total or 0.0
        first.setdefault(point.line, total)
        newest[point.line] = total
        standings.append(fmean(newest.values()))
    is_repeated = len(points) > len(newest)
    return ScenarioTrend(
        points[-1].scenario,
        points[-1].title,
        tuple(standings),
        fmean(first.values()) if is_repeated else None,
    )


def streak(days: Collection[date], today: date) -> Streak:
    """Count the days, and how many of them follow each other.

    Days after today, of a machine whose clock is ahead, count like others.
    """
    rows: list[list[date]] = []
    for day in sorted(set(days)):
        if rows and rows[-1][-1] == day - timedelta(days=1):
            rows[-1].append(day)
        else:
            rows.append([day])
    if not rows:
        return Streak(0, 0, 0)
    goes_on = rows[-1][-1] >= today - timedelta(days=1)
    return Streak(
        sum(map(len, rows)), len(rows[-1]) if goes_on else 0, max(len(row) for row in rows)
    )


def pace_trend(rates: Sequence[float]) -> PaceTrend | None:
    """The pace over time; None without any."""
    if not rates:
        return None
    few = min(PACE_OF, len(rates) // 2)
    first = median(rates[:few]) if few >= 2 else None
    return PaceTrend(tuple(rates), first, median(rates[-max(few, 1) :]))
