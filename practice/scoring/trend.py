"""A trainee's progress: changes of the scores, days practiced, pace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, median

from practice.records.attempt import Attempt, Trainee
from practice.records.kinds import Kind
from practice.records.score import Result
from practice.scoring.review import final_score

NOISE, NOISE_LONG = 12.0, 5.0
"""Points up to which two scores count as the same, for short scripts and for longer ones. If the
same speech is scored twice, 95 % of the differences are smaller (`python benchmarks/noise.py`;
docs/scoring.md)."""

SHORT_MOST = 12
"""Maximum length of a short script, in characters; each of them is worth many points."""

PACE_OF = 5
"""Maximum number of first and of latest attempts whose median pace is reported."""


class Change(StrEnum):
    """Comparison of a score with an earlier one, given the noise of the measurement."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


def noise_of(characters: int) -> float:
    """Return the noise, in points, of the scores of a script of this length."""
    return NOISE if characters <= SHORT_MOST else NOISE_LONG


def change(before: float, now: float, noise: float = NOISE) -> Change:
    """Compare two scores. A difference of at most ``noise`` points counts as the same."""
    if abs(now - before) <= noise:
        return Change.SAME
    return Change.BETTER if now > before else Change.WORSE


@dataclass(frozen=True, slots=True)
class Since:
    """Change of an attempt's score since the attempt before it."""

    points: float
    change: Change


def since(previous: Attempt | None, attempt: Attempt) -> Since | None:
    """Compare an attempt's score with the final score of the attempt before it.

    Returns:
        The change, or None if there is no earlier attempt, if one of the two was not scored, or
        if their scripts differ.
    """
    total = attempt.assessment.score.total
    if previous is None or total is None:
        return None
    earlier = final_score(previous)
    if earlier.total is None or previous.take.spec.script != attempt.take.spec.script:
        return None
    noise = noise_of(earlier.counts.reference_length)
    return Since(total - earlier.total, change(earlier.total, total, noise))


# ---- all attempts of a trainee ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Final result of one attempt; ``total`` and ``accuracy`` are None if it was not scored."""

    attempt_id: str
    created_at: str
    scenario: str
    line: int
    total: float | None
    accuracy: float | None
    result: Result
    title: str = ""


@dataclass(frozen=True, slots=True)
class ElementCount:
    """Number of final verdicts of each sort on one element."""

    name: str
    kind: Kind | None
    heard: int
    missed: int
    unsure: int


@dataclass(frozen=True, slots=True)
class ScenarioTrend:
    """Progress in one scenario, over its scored attempts.

    ``standings`` has one value for each attempt: the mean of the latest scores of the lines
    practiced up to then. ``first`` is the mean of the first scores of the same lines; None if no
    line was repeated.
    """

    id: str
    title: str
    standings: tuple[float, ...]
    first: float | None

    @property
    def takes(self) -> int:
        """Number of scored attempts."""
        return len(self.standings)

    @property
    def now(self) -> float:
        """Mean of the latest scores of all lines practiced."""
        return self.standings[-1]

    @property
    def change(self) -> Change | None:
        """Change since the first scores; None if no line was repeated.

        The noise of short scripts applies whatever the lines, because this is an average over
        other lines than those on which the noise was measured.
        """
        return None if self.first is None else change(self.first, self.now)


@dataclass(frozen=True, slots=True)
class Streak:
    """Days practiced: in total, in the current streak, and in the longest streak.

    A streak ends when a day is over without practice; today still counts as open.
    """

    days: int
    now: int
    longest: int


@dataclass(frozen=True, slots=True)
class PaceTrend:
    """Articulation rates in characters per second, the oldest first.

    ``first`` and ``now`` are the medians of the first and of the latest attempts, up to
    ``PACE_OF`` each; ``first`` is None with fewer than four attempts.
    """

    rates: tuple[float, ...]
    first: float | None
    now: float


@dataclass(frozen=True, slots=True)
class Progress:
    """A trainee's progress by the final results; every report of it is derived from this.

    ``points`` are all attempts, the oldest first. ``paces`` maps attempt ids to articulation
    rates in characters per second, where there is one. ``scenarios`` starts with the scenario
    practiced last, ``missed`` with the courtesy missed most often.
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
    """Combine a trainee's attempts into their progress.

    Args:
        points: All attempts, the oldest first.
        paces: Articulation rates in characters per second, by attempt id.
        missed: Verdict counts of the courtesies, the one missed most often first.
        day_of: Converts ``created_at`` to the day on this machine's clock.
        today: The day up to which the current streak is counted.

    Returns:
        The progress. An attempt that was not scored does not count as practice, so silence does
        not continue a streak.
    """
    days = {day_of(p.created_at) for p in points if p.result is not Result.UNSCORED}
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
    """Return the trend of each scenario with a scored attempt, the one practiced last first."""
    by_scenario: dict[str, list[TrendPoint]] = {}
    for point in points:
        if point.total is not None:
            # Reinserting the key moves the scenario practiced last to the end.
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
    """Count the days practiced and the days in a row.

    Days after today, which a machine with a fast clock can record, count like others.
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
    """Return the trend of these articulation rates, the oldest first; None without any."""
    if not rates:
        return None
    few = min(PACE_OF, len(rates) // 2)
    first = median(rates[:few]) if few >= 2 else None
    return PaceTrend(tuple(rates), first, median(rates[-max(few, 1) :]))
