"""Walking through a conversation: its turns one by one, and what its branches turn on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Attempt, Mode, SessionContext
from practice.records.scenario import Branch, Scenario
from practice.scoring.conversation import ConversationResult, Turn, conversation_result
from practice.training.session import Step

Choose = Callable[[tuple[Branch, ...]], Branch | None]
"""Decides at a branch which way the conversation goes; None breaks it off."""


class ConversationPath:
    """A way through a conversation, found while it is gone; it can be gone once."""

    def __init__(self, scenario: Scenario, choose: Choose) -> None:
        """Begin at the first line; ``choose`` is asked when a turn with branches is over."""
        self._scenario = scenario
        self._choose = choose
        self._walked: list[Step] = []
        self._is_finished = False

    def __iter__(self) -> Iterator[Step]:
        """Give the turns, each when the one before it is over."""
        number: int | None = 1
        names: tuple[str, ...] = ()
        while number is not None:
            ways = self._scenario.exits[number - 1]
            names += (f"{self._scenario.id}/{number}",)
            setting = SessionContext(Mode.CONVERSATION, self._scenario.id, names)
            is_last = all(way.then is None for way in ways)
            step = Step(self._scenario, number, setting, is_last)
            self._walked.append(step)
            yield step
            way = ways[0] if len(ways) == 1 else self._choose(ways)
            if way is None:
                return
            number = way.then
        self._is_finished = True

    def whole(self, attempts: Sequence[Attempt]) -> ConversationResult:
        """Judge what was walked; turns without an attempt were passed over."""
        return whole_of(
            self._scenario,
            [step.number for step in self._walked],
            attempts,
            is_finished=self._is_finished,
        )


def whole_of(
    scenario: Scenario, numbers: Sequence[int], attempts: Sequence[Attempt], *, is_finished: bool
) -> ConversationResult:
    """Judge the turns of a conversation, given as the numbers of its lines."""
    takes = {attempt.take.line: attempt for attempt in attempts}
    turns = [Turn(n, scenario.lines[n - 1], takes.get(n)) for n in numbers]
    return conversation_result(turns, scenario.address, is_finished=is_finished)


def by_chance(ways: tuple[Branch, ...]) -> Branch:
    """Let chance decide, by the branches' weights."""
    return random.choices(ways, [way.weight for way in ways])[0]


def as_named(scenario: Scenario, names: Sequence[str], otherwise: Choose) -> Choose:
    """Take the branches on the way to lines of these names; ``otherwise`` decides the rest.

    Raises PracticeError for a name that no branch leads to, and for two that part at one
    branch.
    """
    forks = [ways for ways in scenario.exits if len(ways) > 1]
    known = {line_name(scenario, way) for ways in forks for way in ways}
    for name in names:
        if name not in known:
            raise PracticeError(
                _("No branch of {scenario} leads to “{name}”. Available: {names}.").format(
                    scenario=scenario.id, name=name, names=_(", ").join(sorted(known)) or "-"
                )
            )
    for ways in forks:
        named = [name for way in ways if (name := line_name(scenario, way)) in names]
        if len(named) > 1:
            raise PracticeError(
                _("{names} exclude each other at one branch. Choose one of them.").format(
                    names=_(", ").join(named)
                )
            )

    def choose(ways: tuple[Branch, ...]) -> Branch | None:
        named = [way for way in ways if line_name(scenario, way) in names]
        leading = named or [way for way in ways if not _ahead(scenario, way).isdisjoint(names)]
        return leading[0] if len(leading) == 1 else otherwise(ways)

    return choose


def _ahead(scenario: Scenario, way: Branch) -> set[str]:
    """The names of the lines that a branch may still lead to."""
    found: set[str] = set()
    waiting = [way]
    while waiting:
        way = waiting.pop()
        name = line_name(scenario, way)
        if way.then is not None and name not in found:
            waiting += scenario.exits[way.then - 1]
        found.add(name)
    return found


def must_be_named(scenario: Scenario) -> Choose:
    """Refuse to decide: recordings were made for one way."""

    def refuse(ways: tuple[Branch, ...]) -> Branch:
        raise PracticeError(
            _(
                "The conversation branches here. Use --branch to name the one that was "
                "recorded: {names}."
            ).format(names=_(", ").join(line_name(scenario, way) for way in ways))
        )

    return refuse


def line_name(scenario: Scenario, way: Branch) -> str:
    """What the line is called that a branch leads to."""
    return "end" if way.then is None else scenario.names[way.then - 1]
