"""The order of a scenario's lines: one after another, or with branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from practice.i18n import gettext as _
from practice.records.scenario import Branch
from practice.scenarios.shapes import LineFile
from practice.scenarios.yaml_file import Document, Location

MOST_BRANCHES = 9

END = ("end", "结束")
"""Values of ``then`` that end the conversation instead of naming a line."""

Exits = tuple[tuple[Branch, ...], ...]


def read_exits(document: Document, lines: Sequence[LineFile]) -> Exits:
    """Resolve which lines can follow each line, and report mistakes.

    Loops, unreachable lines, and branches that continue into another branch are reported only
    if all names and keys are right.

    Args:
        document: File of the lines.
        lines: Entries of the lines, in the order of the file.

    Returns:
        The branches after each line.
    """
    numbers: dict[str, int | None] = dict.fromkeys(END)
    numbers |= {line.name: number for number, line in enumerate(lines, 1) if line.name}
    reported = len(document.problems)
    _check_names(document, lines)
    exits = []
    for number, line in enumerate(lines, 1):
        found = []
        for key, when, then, weight in _ways(line):
            if then in numbers:
                found.append(Branch(when, numbers[then], weight))
                continue
            message = _("no line is named “{name}”. Correct the name here, or add that line.")
            document.report(("lines", number - 1, *key), message, name=then)
        if not line.then and not line.branches:
            found = [Branch("", number + 1 if number < len(lines) else None)]
        exits.append(tuple(found))
    if len(document.problems) == reported:
        _check_course(document, lines, tuple(exits))
    return tuple(exits)


def _ways(line: LineFile) -> Iterator[tuple[Location, str, str, float]]:
    """Yield (key below the line, when, then, weight) for each continuation that a line names."""
    if line.then:
        yield ("then",), "", line.then, 1.0
        return
    for nth, branch in enumerate(line.branches):
        yield ("branches", nth, "then"), branch.when, branch.then, branch.weight


def _check_names(document: Document, lines: Sequence[LineFile]) -> None:
    seen: set[str] = set()
    for number, line in enumerate(lines):
        place = ("lines", number)
        if line.name in END:
            message = _(
                "“{name}” is reserved for the end of a conversation. Give the line another name."
            )
            document.report((*place, "name"), message, name=line.name)
        if line.name and line.name in seen:
            message = _("two lines are named “{name}”. Rename one.")
            document.report((*place, "name"), message, name=line.name)
        seen.add(line.name)
        if len(line.branches) > MOST_BRANCHES:
            message = _(
                "a line can have at most {most} branches, because each is chosen with one key. "
                "Remove the rest."
            )
            document.report((*place, "branches", MOST_BRANCHES), message, most=MOST_BRANCHES)
        if line.then and line.branches:
            message = _("a line can have “then” or “branches”, not both. Remove one.")
            document.report((*place, "then"), message)


def _check_course(document: Document, lines: Sequence[LineFile], exits: Exits) -> None:
    """Report a loop; without loops, branches that run on and lines that are never reached."""
    follows = {
        number: [branch.then for branch in ways if branch.then is not None]
        for number, ways in enumerate(exits, 1)
    }
    try:
        TopologicalSorter(follows).prepare()
    except CycleError as error:
        # The sorter lists the cycle backward: each line leads to the one listed before it.
        back_to, number = error.args[1][:2]
        nth = follows[number].index(back_to)
        key = ("branches", nth, "then") if lines[number - 1].branches else ("then",)
        message = _(
            "the conversation loops back to “{name}”. Continue with another line, or with “end”."
        )
        document.report(("lines", number - 1, *key), message, name=lines[back_to - 1].name)
        return
    reached, waiting = {1}, [1]
    while waiting:
        new = set(follows.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    _check_run_ons(document, lines, exits)
    for number in range(1, len(lines) + 1):
        if number not in reached:
            message = _("this line is never reached. Name it in a “then”, or remove it.")
            document.report(("lines", number - 1), message)


def _check_run_ons(document: Document, lines: Sequence[LineFile], exits: Exits) -> None:
    """Report lines that continue into the next branch because they have no ``then``."""
    run: set[int] = set()  # consecutive lines without an explicit continuation
    for number, line in enumerate(lines[:-1], 1):
        if line.then or line.branches:
            run.clear()
            continue
        run.add(number)
        for ways in exits:
            targets = {branch.then for branch in ways}
            if number + 1 in targets and targets & run:
                message = _(
                    "this line continues with “{name}”, a line of another branch. Write "
                    "“then: {name}” if this is intended, otherwise “then: end”."
                )
                document.report(("lines", number - 1), message, name=lines[number].name)
