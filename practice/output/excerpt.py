"""The line of a file that has a mistake, with what is wrong in it underlined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from practice.text import visible

_QUOTED = re.compile("“([^”]+)”")
_AHEAD = 12
"""Cells that are shown before the mark where a line is too long to be shown whole."""


def excerpt(lines: Sequence[str], number: int, message: str, width: int) -> list[str]:
    """Show line ``number`` of a file, and below it a mark where its mistake stands.

    The mistake is what the message quotes first of what is there: on that line, or further
    down in a text that goes on over several. Nothing is shown of an empty line, nor of the
    first one where it has no such thing: there the whole file is meant.
    """
    if number > len(lines) or not lines[number - 1].strip():
        return []
    number, part = _quoted(lines, number, message)
    if number == 1 and not part:
        return []
    head = f"  {number} | "
    room = width - len(head)
    text = visible(lines[number - 1].replace("\t", " ")).rstrip()
    start = text.find(part) if part else 0
    if cell_len(text) > room and start and cell_len(text[:start]) > _AHEAD:
        before = text[:start]
        while cell_len(before) > _AHEAD:
            before = before[1:]
        text, start = "…" + before + text[start:], 1 + len(before)
    if cell_len(text) > room:
        text = set_cell_size(text, room - 1).rstrip() + "…"
    shown = [head + text]
    if part:
        mark = "^" * min(cell_len(part), room - cell_len(text[:start]))
        shown.append(" " * (len(head) - 2) + "| " + " " * cell_len(text[:start]) + mark)
    return shown


def _quoted(lines: Sequence[str], number: int, message: str) -> tuple[int, str]:
    """The line that has something of what a message quotes, and what it has."""
    parts = [part for part in _QUOTED.findall(message) if part.strip()]
    for where in _belonging(lines, number):
        for part in parts:
            if part in lines[where - 1]:
                return where, part
    return number, ""


def _belonging(lines: Sequence[str], number: int) -> Iterator[int]:
    """A line, and those below it that are indented more."""
    indent = _indent(lines[number - 1])
    yield number
    for where in range(number + 1, len(lines) + 1):
        if lines[where - 1].strip() and _indent(lines[where - 1]) <= indent:
            return
        yield where


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
