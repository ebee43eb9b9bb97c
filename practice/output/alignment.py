"""Script and transcript under each other in the terminal, with signs that work without color."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum

from rich.cells import cell_len
from rich.text import Text

from practice.delivery.clarity import Clarity, clarity, unclear
from practice.i18n import gettext as _
from practice.mandarin.alignment import columns
from practice.output.wording import difference_name
from practice.records.attempt import Assessment
from practice.records.score import Op

# Full-width signs, to align with Han characters in every terminal.
MARKS = {
    Op.HOMOPHONE: "＝",
    Op.NEAR: "～",
    Op.SUBSTITUTE: "＊",
    Op.DELETE: "－",
    Op.INSERT: "＋",
}
SIGNS = {Clarity.CLEAR: "・", Clarity.LESS: "？", Clarity.NOT_HEARD: "－"}
_STYLES: dict[StrEnum, str] = {
    Op.NEAR: "yellow",
    Op.SUBSTITUTE: "yellow",
    Op.DELETE: "red",
    Op.INSERT: "cyan",
    Clarity.LESS: "yellow",
    Clarity.NOT_HEARD: "red",
}
_GAP = "\u3000"  # ideographic space, two cells like a character


def compare(assessment: Assessment, width: int) -> tuple[list[Text], list[tuple[str, str]]]:
    """Lay out the script over the transcript, in blocks that fit ``width`` cells.

    A block with differences or unclear characters is followed by a row of marks.

    Returns:
        The lines, two or three for each block, and the marks used with their meanings.
    """
    shown, less_clear = columns(assessment.score.chunks), unclear(clarity(assessment))
    marks = [
        MARKS.get(column.op, SIGNS[Clarity.LESS] if i in less_clear else "")
        for i, column in enumerate(shown)
    ]
    legend = difference_legend([column.op for column in shown])
    if SIGNS[Clarity.LESS] in marks:
        legend += clarity_legend([Clarity.LESS])
    styles = [_STYLES.get(column.op, "") for column in shown]
    rows = (
        (_("script"), [column.reference for column in shown], styles),
        (_("transcript"), [column.hypothesis for column in shown], styles),
        ("", marks, styles),
    )
    return list(_blocks(rows, width)), legend


def strip(assessment: Assessment, width: int) -> list[Text]:
    """Lay out the script with its clarity under each character, in blocks that fit ``width`` cells.

    Returns:
        Alternating lines of script and signs; empty if the clarity is unavailable.
    """
    shown = columns(assessment.score.chunks)
    known = [
        (column.reference, level)
        for column, level in zip(shown, clarity(assessment), strict=False)
        if level is not None
    ]
    rows = (
        (_("script"), [character for character, _level in known], [""] * len(known)),
        (
            _("clarity"),
            [SIGNS[level] for _character, level in known],
            [_STYLES.get(level, "") for _character, level in known],
        ),
    )
    return list(_blocks(rows, width))


def difference_legend(used: Collection[Op]) -> list[tuple[str, str]]:
    """Return the marks of these operations with their meanings."""
    return [(mark, difference_name(op)) for op, mark in MARKS.items() if op in used]


def clarity_legend(used: Collection[Clarity | None]) -> list[tuple[str, str]]:
    """Return the signs of these levels with their meanings."""
    return [(sign, clarity_name(level)) for level, sign in SIGNS.items() if level in used]


def clarity_name(level: Clarity) -> str:
    """Name a level in the user's language."""
    return {
        Clarity.CLEAR: _("clear"),
        Clarity.LESS: _("less clear"),
        Clarity.NOT_HEARD: _("not heard"),
    }[level]


def _blocks(rows: Sequence[tuple[str, Sequence[str], Sequence[str]]], width: int) -> Iterator[Text]:
    """Yield the lines of rows of characters; an empty character is a gap.

    Args:
        rows: Label, characters, and style of each character. A row without a label is left out
            of the blocks where it is empty.
        width: Maximum width of a line, in cells.
    """
    margin = max(cell_len(label) for label, _characters, _styles in rows) + 2
    per_block = max(1, (width - margin) // 2)
    for start in range(0, len(rows[0][1]), per_block):
        part = slice(start, start + per_block)
        for label, characters, styles in rows:
            if not label and not any(characters[part]):
                continue
            line = Text(label + " " * (margin - cell_len(label)))
            for character, style in zip(characters[part], styles[part], strict=True):
                cell = character or _GAP
                line.append(cell + " " * (2 - cell_len(cell)), style=style)
            line.rstrip()
            yield line
