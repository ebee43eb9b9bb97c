"""How a scenario's lines follow each other: in a row, or with branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Protocol

import yaml

from practice.i18n import gettext as _
from practice.records.scenario import Branch
from practice.scenarios.problems import Problem
from practice.scenarios.shapes import BranchFile
from practice.scenarios.yaml_file import line_of

MOST_BRANCHES = 9

END = ("end", "结束")
"""What stands in the place of a line's name where nothing follows."""


class _Line(Protocol):
    """What is needed of a line here."""

    name: str
    then: str
    branches: tuple[BranchFile, ...]


Exits = tuple[tuple[Branch, ...], ...]


def read_exits(path: Path, tree: yaml.Node, lines: Sequence[_Line]) -> tuple[Exits, list[Problem]]:
    """What follows each line, and the mistakes: names that lead nowhere, loops, dead lines."""
    numbers: dict[str, int | None] = dict.fromkeys(END)
    numbers |= {line.name: number for number, line in enumerate(lines, 1) if line.name}
    problems = list(_name_problems(path, tree, lines))
    exits = []
    for number, line in enumerate(lines, 1):
        found = []
        for key, when, then, weight in _ways(line):
            if then in numbers:
                found.append(Branch(when, numbers[then], weight))
                continue
            where = line_of(tree, ("lines", number - 1, *key))
            message = _("no line is named “{name}”. Correct the name here, or add that line.")
            problems.append(Problem(path, where, message.format(name=then)))
        if not line.then and not line.branches:
            found = [Branch("", number + 1 if number < len(lines) else None)]
        exits.append(tuple(found))
    if not problems:
        problems = list(_course_problems(path, tree, lines, tuple(exits)))
    return tuple(exits), problems


def _ways(line: _Line) -> Iterator[tuple[tuple[str | int, ...], str, str, float]]:
    """Where the ways stand that a line names, each with when it is gone and whereto."""
    if line.then:
        yield ("then",), "", line.then, 1.0
        return
    for nth, branch in enumerate(line.branches):
        yield ("branches", nth, "then"), branch.when, branch.then, branch.weight


def _name_problems(path: Path, tree: yaml.Node, lines: Sequence[_Line]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if line.name in END:
            message = _(
                "“{name}” is reserved for the end of a conversation. Give the line another name."
            )
            where = line_of(tree, ("lines", number, "name"))
            yield Problem(path, where, message.format(name=line.name))
        if line.name and line.name in seen:
            message = _("two lines are named “{name}”. Rename one.")
            where = line_of(tree, ("lines", number, "name"))
            yield Problem(path, where, message.format(name=line.name))
        seen.add(line.name)
        if len(line.branches) > MOST_BRANCHES:
            message = _(
                "a line can have at most {most} branches, because each is chosen with one key. "
                "Remove the rest."
            )
            where = line_of(tree, ("lines", number, "branches", MOST_BRANCHES))
            yield Problem(path, where, message.format(most=MOST_BRANCHES))
        if line.then and line.branches:
            message = _("a line can have “then” or “branches”, not both. Remove one.")
            yield Problem(path, line_of(tree, ("lines", number, "then")), message)


def _course_problems(
    path: Path, tree: yaml.Node, lines: Sequence[_Line], exits: Exits
) -> Iterator[Problem]:
    """Lines from which a way leads back to themselves, and lines that no way leads to."""
    follows = {
        number: [branch.then for branch in ways if branch.then is not None]
        for number, ways in enumerate(exits, 1)
    }
    try:
        TopologicalSorter(follows).prepare()
    except CycleError as error:
        # The sorter names each line before the one that it was found to need.
        back_to, number = error.args[1][:2]
        nth = follows[number].index(back_to)
        key = ("branches", nth, "then") if lines[number - 1].branches else ("then",)
        where = line_of(tree, ("lines", number - 1, *key))
        message = _(
            "the conversation loops back to “{name}”. Continue with another line, or with “end”."
        )
        yield Problem(path, where, message.format(name=lines[back_to - 1].name))
        return
    reached, waiting = {1}, [1]
    while waiting:
        new = set(follows.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    yield from _run_ons(path, tree, lines, exits)
    for number in range(1, len(lines) + 1):
        if number not in reached:
            message = _("this line is never reached. Name it in a “then”, or remove it.")
            yield Problem(path, line_of(tree, ("lines", number - 1)), message)


def _run_ons(
    path: Path, tree: yaml.Node, lines: Sequence[_Line], exits: Exits
) -> Iterator[Problem]:
    """Lines of one branch that run on into the next branch for want of a word."""
    run: set[int] = set()  # the lines that have run on into one another so far
    for number, line in enumerate(lines[:-1], 1):
        if line.then or line.branches:
            run.clear()
            continue
        run.add(number)
        for ways in exits:
            targets = {branch.then for branch in ways}
            if number + 1 in targets and targets & run:
                name = lines[number].name
                message = _(
                    "this line continues with “{name}”, a line of another branch. Write "
                    "“then: {name}” if this is intended, otherwise “then: end”."
                )
                where = line_of(tree, ("lines", number - 1))
                yield Problem(path, where, message.format(name=name))
