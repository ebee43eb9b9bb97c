"""Wrapping of mixed Chinese and Latin text to a width in terminal cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len

from practice.text import visible

if TYPE_CHECKING:
    from rich.console import Console

MAX_WIDTH = 80
"""Maximum line width in cells, even in wider terminals: longer lines are hard to read."""

# A unit that is not broken: a short remark in brackets, a Latin word, or a single other
# character, each with the opening punctuation that must not end a line and the closing
# punctuation that must not begin one.
_UNIT = re.compile(
    r"[“‘（《【]*(?:\[[^\[\]\n]{,30}\]|[\x21-\x7e\u00a0-\u02ff]+|.)"
    r"[，。、！？：；”’）》】,.!?]* *",
    re.DOTALL,
)


def wrap(text: str, width: int, indent: int = 0) -> str:
    """Break text into lines of at most ``width`` cells; continuation lines are indented."""
    if cell_len(text) <= width:
        return text.rstrip()
    lines: list[str] = []
    line = ""
    for unit in _UNIT.findall(text):
        if line.strip() and cell_len(line) + cell_len(unit.rstrip()) > width:
            lines.append(line.rstrip())
            line = " " * indent + unit.lstrip()
        else:
            line += unit
    return "\n".join([*lines, line.rstrip()])


def say(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print a paragraph, wrapped to the terminal, with control characters replaced."""
    from rich.text import Text

    shown = wrap(visible(text), min(console.width, MAX_WIDTH), indent)
    console.print(Text(shown, style=style))
