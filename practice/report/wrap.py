"""Wrapping text that mixes Chinese and Latin words to a number of terminal cells."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from practice.visible import visible

MAX_WIDTH = 80
"""Wider terminals get no longer lines: a reader loses them."""

# A Latin word with the spaces after it, or a single other character with the closing
# punctuation that may not begin a line.
_UNIT = re.compile(r"[\x21-\x7e\u00a0-\u02ff]+ *|.[，。、！？：；”’）》】,.!?]*", re.DOTALL)


def wrap(text: str, width: int, indent: int = 0) -> str:
    """Break text into lines of at most ``width`` cells; later lines are indented."""
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
    """Print a paragraph, wrapped to the terminal."""
    shown = wrap(visible(text), min(console.width, MAX_WIDTH), indent)
    console.print(Text(shown, style=style))
