"""Drills: the lines that a trainee should practice next, by spaced repetition (FSRS).

A card is a line of a scenario. The schedule is not stored. It is computed each time from the dates
and results of the attempts, so it stays consistent with attempts that were rescored, reviewed,
imported or deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from practice.records.attempt import LineAttempt
from practice.records.scenario import Line, Scenario

if TYPE_CHECKING:
    from fsrs import Rating, Scheduler

EASY_FROM = 97.0
"""Minimum score from which a line without a missed courtesy is rated easy."""

SOON = timedelta(minutes=10)
"""Time until a failed line is due again: FSRS's default relearning step. A line rated Hard before
it has graduated is due after 1.5 times as long. Good and Easy graduate a line at once, and it is
then due in days."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A line to practice, and why; ``last`` is None if there is no attempt at it.

    ``recall`` is FSRS's probability that the trainee still knows the line, ``strength`` the number
    of days in which it falls to 90 %.
    """

    scenario: Scenario
    number: int
    last: LineAttempt | None = None
    due: datetime | None = None
    is_due: bool = False
    recall: float = 0.0
    strength: float = 0.0

    @property
    def line(self) -> Line:
        """Line to practice."""
        return self.scenario.lines[self.number - 1]


def plan(
    scenarios: Iterable[Scenario], line_attempts: Iterable[LineAttempt], now: datetime, count: int
) -> list[Pick]:
    """Pick the lines that a trainee should practice, the most urgent first.

    Due lines come first, those with the lowest recall at the front. Then follow lines without an
    attempt, in the order of the scenarios, and then lines that are not due yet. Conversations are
    left out, because their lines depend on the turns before them.

    Args:
        scenarios: Scenarios to pick from.
        line_attempts: All attempts of the trainee, in any order.
        now: The current time, with a time zone.
        count: Maximum number of lines.
    """
    from fsrs import Scheduler

    lines = [s for s in scenarios if not s.is_conversation]
    said = _by_line(lines, line_attempts)
    scheduler = Scheduler(learning_steps=(SOON,), relearning_steps=(SOON,), enable_fuzzing=False)
    picks = [
        _pick(scheduler, scenario, number, said[scenario.id, number], now)
        for scenario in lines
        for number in range(1, len(scenario.lines) + 1)
    ]
    new = [pick for pick in picks if pick.last is None]
    known = sorted((p for p in picks if p.last is not None), key=lambda p: (p.recall, p.strength))
    due = [pick for pick in known if pick.is_due]
    ahead = [pick for pick in known if not pick.is_due]
    return [*due, *new, *ahead][:count]


def rate(attempt: LineAttempt) -> Rating:
    """Return the FSRS rating of an attempt."""
    from fsrs import Rating

    if not attempt.passed:
        return Rating.Again
    if attempt.missed:
        return Rating.Hard
    return Rating.Easy if (attempt.total or 0.0) >= EASY_FROM else Rating.Good


def _by_line(
    scenarios: Sequence[Scenario], line_attempts: Iterable[LineAttempt]
) -> dict[tuple[str, int], list[LineAttempt]]:
    """Group attempts by scenario id and line number, the oldest first.

    A line is found by its words, wherever it is in its scenario now; a line with changed words is
    new.
    """
    places: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for scenario in scenarios:
        for number, line in enumerate(scenario.lines, 1):
            places[scenario.id, line.script, line.instead_of].append(number)
    said: dict[tuple[str, int], list[LineAttempt]] = defaultdict(list)
    for attempt in sorted(line_attempts, key=lambda s: s.created_at):
        numbers = places.get((attempt.scenario, attempt.spec.script, attempt.spec.instead_of))
        if numbers:
            number = attempt.line if attempt.line in numbers else numbers[0]
            said[attempt.scenario, number].append(attempt)
    return said


def _pick(
    scheduler: Scheduler, scenario: Scenario, number: int, said: list[LineAttempt], now: datetime
) -> Pick:
    from fsrs import Card

    if not said:
        return Pick(scenario, number)
    moments = [datetime.fromisoformat(attempt.created_at).astimezone(UTC) for attempt in said]
    card = Card(card_id=1, due=moments[0])
    for attempt, moment in zip(said, moments, strict=True):
        card, _log = scheduler.review_card(card, rate(attempt), moment)
    return Pick(
        scenario,
        number,
        last=said[-1],
        due=card.due,
        is_due=card.due <= now,
        recall=scheduler.get_card_retrievability(card, now),
        strength=card.stability or 0.0,
    )
