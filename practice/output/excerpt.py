"""Excerpt of a file that shows the line with a mistake and underlines it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from practice.text import visible

_QUOTED = re.compile("“([^”]+)”")
_AHEAD = 12
"""Maximum cells before the mark if a line is too long to be shown completely."""


def excerpt(lines: Sequence[str], number: int, message: str, width: int) -> list[str]:
    """Show a line of a file with its mistake marked.

    The mistake is the first text quoted in the message that occurs on the line, or on the
    more deeply indented lines that follow, as in a multi-line value.

    Args:
        lines: Lines of the file.
        number: Number of the line, from 1.
        message: Error message, with the mistake in “quotation marks”.
        width: Maximum width, in terminal cells.

    Returns:
        The line that has the mistake, and a line that marks it if it was found. Empty for an
        empty line, and for line 1 without a mark, where the error concerns the whole file.
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
    """Find the line that contains a quoted part of a message; return its number and the part."""
    parts = [part for part in _QUOTED.findall(message) if part.strip()]
    for where in _belonging(lines, number):
        for part in parts:
            if part in lines[where - 1]:
                return where, part
    return number, ""


def _belonging(lines: Sequence[str], number: int) -> Iterator[int]:
    """Yield the number of a line and of the more deeply indented lines that follow it."""
    indent = _indent(lines[number - 1])
    yield number
    for where in range(number + 1, len(lines) + 1):
        if lines[where - 1].strip() and _indent(lines[where - 1]) <= indent:
            return
        yield where


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
