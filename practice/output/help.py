"""Layout of ``--help`` by terminal cells, because a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Iterable

import click

from practice.i18n import gettext as _


class CellFormatter(click.HelpFormatter):
    """Click's formatter, measuring text in terminal cells instead of characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage; continuation lines are aligned with the first argument."""
        from rich.cells import cell_len

        from practice.output.wrap import wrap

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
        from rich.cells import cell_len

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
    from practice.output.wrap import wrap

    paragraphs = (" ".join(paragraph.splitlines()) for paragraph in text.split("\n\n"))
    return "\n\n".join(wrap(paragraph, width) for paragraph in paragraphs).split("\n")
