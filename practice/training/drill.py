"""What a trainee should say next: spaced repetition by FSRS, replayed from the records.

A card is a line of a scenario. Nothing of the schedule is stored: it is worked out each
time from when and how well the line was said, so it cannot get out of step with what was
rescored, reviewed, unpacked or forgotten meanwhile.
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
    from fsrs import Card, Rating, Scheduler

EASY_FROM = 97.0
"""The least total at which a line without a fault is easy."""

SOON = timedelta(minutes=10)
"""When a line that was not passed, or not well, is due again: FSRS's own relearning step.
Whatever is passed graduates at once and is then due in days."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A line that is to be said, and why. ``last`` is None where it was never said.

    ``recall`` is how likely the trainee still knows it, by FSRS; ``strength`` in how many
    days that falls to 90 %.
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
        """What is to be said."""
        return self.scenario.lines[self.number - 1]


def plan(
    scenarios: Iterable[Scenario], sayings: Iterable[LineAttempt], now: datetime, count: int
) -> list[Pick]:
    """Pick the lines that a trainee should say, the most urgent first.

    First what is due, what is forgotten most before the rest; then what was never said, in
    the order of the scenarios; then what is not due yet. Conversations are left out: their
    lines need what was said before them.
    """
    lines = [s for s in scenarios if not s.is_conversation]
    said = _by_line(lines, sayings)
    scheduler = _scheduler()
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


def rate(saying: LineAttempt) -> Rating:
    """How well a line was said, as FSRS asks for it."""
    from fsrs import Rating

    if not saying.passed:
        return Rating.Again
    if saying.missed:
        return Rating.Hard
    return Rating.Easy if (saying.total or 0.0) >= EASY_FROM else Rating.Good


def _by_line(
    scenarios: Sequence[Scenario], sayings: Iterable[LineAttempt]
) -> dict[tuple[str, int], list[LineAttempt]]:
    """Sort sayings to the lines that they are of, the oldest first.

    A line is found by its words, wherever it stands in its scenario by now; one whose words
    were changed is a new one.
    """
    places: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for scenario in scenarios:
        for number, line in enumerate(scenario.lines, 1):
            places[scenario.id, line.script, line.instead_of].append(number)
    said: dict[tuple[str, int], list[LineAttempt]] = defaultdict(list)
    for saying in sorted(sayings, key=lambda s: s.created_at):
        numbers = places.get((saying.scenario, saying.spec.script, saying.spec.instead_of))
        if numbers:
            number = saying.line if saying.line in numbers else numbers[0]
            said[saying.scenario, number].append(saying)
    return said


def _scheduler() -> Scheduler:
    from fsrs import Scheduler

    return Scheduler(learning_steps=(SOON,), relearning_steps=(SOON,), enable_fuzzing=False)


def _pick(
    scheduler: Scheduler, scenario: Scenario, number: int, said: list[LineAttempt], now: datetime
) -> Pick:
    if not said:
        return Pick(scenario, number)
    card = _replay(scheduler, said)
    return Pick(
        scenario,
        number,
        last=said[-1],
        due=card.due,
        is_due=card.due <= now,
        recall=scheduler.get_card_retrievability(card, now),
        strength=card.stability or 0.0,
    )


def _replay(scheduler: Scheduler, said: list[LineAttempt]) -> Card:
    from fsrs import Card

    moments = [datetime.fromisoformat(saying.created_at).astimezone(UTC) for saying in said]
    card = Card(card_id=1, due=moments[0])
    for saying, moment in zip(said, moments, strict=True):
        card, _log = scheduler.review_card(card, rate(saying), moment)
    return card
