"""Paths through a conversation: turn after turn, with a choice at each branch."""

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
"""Function that chooses one of several branches; None ends the conversation early."""


class ConversationPath:
    """Path through a conversation, chosen while it is practiced. It can be iterated once."""

    def __init__(self, scenario: Scenario, choose: Choose) -> None:
        """Start at the first line; ``choose`` is called after a turn with several branches."""
        self._scenario = scenario
        self._choose = choose
        self._walked: list[Step] = []
        self._is_finished = False

    def __iter__(self) -> Iterator[Step]:
        """Yield the turns, each when the one before it is over."""
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
        """Compute the result of the turns practiced; turns without an attempt were skipped."""
        by_line = {attempt.take.line: attempt for attempt in attempts}
        turns = [Turn(s.number, s.line, by_line.get(s.number)) for s in self._walked]
        return conversation_result(turns, self._scenario.address, is_finished=self._is_finished)


def by_chance(ways: tuple[Branch, ...]) -> Branch:
    """Choose a branch at random, by the branches' weights."""
    return random.choices(ways, [way.weight for way in ways])[0]


def as_named(scenario: Scenario, names: Sequence[str], otherwise: Choose) -> Choose:
    """Return a function that chooses the branches towards named lines.

    Args:
        names: Names of lines that branches lead to, or ``end``.
        otherwise: Chooses where the names do not settle it.

    Raises:
        PracticeError: No branch leads to a name, or two names exclude each other at one branch.
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
    """Return the names of all lines that can follow a branch."""
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
    """Return a function that refuses to choose, because recordings follow one path only."""

    def refuse(ways: tuple[Branch, ...]) -> Branch:
        raise PracticeError(
            _(
                "The conversation branches here. Use --branch to name the one that was "
                "recorded: {names}."
            ).format(names=_(", ").join(line_name(scenario, way) for way in ways))
        )

    return refuse


def line_name(scenario: Scenario, way: Branch) -> str:
    """Return the name of the line that a branch leads to; ``end`` if it leads to none."""
    return "end" if way.then is None else scenario.names[way.then - 1]
