"""Layout of Chinese and Latin text by terminal cells: wrapping, and Click's ``--help``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size

from practice.i18n import gettext as _
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

    console.print(Text(wrap(visible(text), width_of(console), indent), style=style))


def width_of(console: Console) -> int:
    """Return the width of lines on a console, in cells."""
    return min(console.width, MAX_WIDTH)


def shortened(text: str, width: int) -> str:
    """Cut text that is wider than ``width`` cells; it then ends in “…”."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


class CellFormatter(click.HelpFormatter):
    """Click's formatter, measuring text in terminal cells instead of characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage; continuation lines are aligned with the first argument."""
        start = (_("Usage: ") if prefix is None else prefix) + prog + " "
        self.write(wrap(start + args, self.width, cell_len(start)) + "\n")

    def write_heading(self, heading: str) -> None:
        """Write a heading with the colon of the user's language."""
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, separated in ``text`` by empty lines."""
        for line in _paragraphs(text, self.width - self.current_indent):
            self.write((" " * self.current_indent + line).rstrip() + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and explanations in two columns.

        The explanation of a term that is wider than its column begins on the next line.

        Args:
            rows: Terms with their explanations.
            col_max: Maximum width of the column of terms, in cells.
            col_spacing: Cells between the columns.
        """
        rows = list(rows)
        longest = min(max((cell_len(term) for term, _text in rows), default=0), col_max)
        margin = self.current_indent + longest + col_spacing
        for term, text in rows:
            line = " " * self.current_indent + term
            if cell_len(term) > longest:
                self.write(line + "\n")
                line = ""
            for explanation in _paragraphs(text, max(self.width - margin, 10)):
                self.write((line + " " * (margin - cell_len(line)) + explanation).rstrip() + "\n")
                line = ""


class HelpContext(click.Context):
    """Click context that uses ``CellFormatter``."""

    formatter_class = CellFormatter


def lay_out_by_cells(command: click.Command) -> None:
    """Make a command and its subcommands use ``CellFormatter``."""
    command.context_class = HelpContext
    if isinstance(command, click.Group):
        for below in command.commands.values():
            lay_out_by_cells(below)


def _paragraphs(text: str, width: int) -> list[str]:
    paragraphs = (" ".join(paragraph.splitlines()) for paragraph in text.split("\n\n"))
    return "\n\n".join(wrap(paragraph, width) for paragraph in paragraphs).split("\n")
