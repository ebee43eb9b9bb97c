"""Script over transcript, cell by cell, with a row of marks that needs no color."""

from __future__ import annotations

from collections.abc import Collection

from rich.cells import cell_len
from rich.text import Text

from practice.records.score import Chunk, Op
from practice.scoring.columns import columns

# Full-width signs, so that they stand under Han characters in every terminal.
MARKS = {
    Op.HOMOPHONE: "＝",
    Op.NEAR: "～",
    Op.SUBSTITUTE: "＊",
    Op.DELETE: "－",
    Op.INSERT: "＋",
}
LESS_CLEAR = "？"
_STYLES = {
    Op.EQUAL: "",
    Op.HOMOPHONE: "",
    Op.NEAR: "yellow",
    Op.SUBSTITUTE: "yellow",
    Op.DELETE: "red",
    Op.INSERT: "cyan",
}
_GAP = "\u3000"  # ideographic space, two cells like a character


def compare(
    chunks: tuple[Chunk, ...],
    labels: tuple[str, str],
    width: int,
    unclear: Collection[int] = (),
) -> list[Text]:
    """Render script over transcript in blocks that fit ``width`` cells.

    A row of marks stands under a block that has differences, or characters that were heard
    right but less clearly: those of the columns ``unclear``.
    """
    margin = max(cell_len(label) for label in labels) + 2
    per_block = max(1, (width - margin) // 2)
    cells = columns(chunks)
    lines = []
    for start in range(0, len(cells), per_block):
        block = cells[start : start + per_block]
        upper = _row(labels[0], margin, [(c.reference, c.op) for c in block])
        lower = _row(labels[1], margin, [(c.hypothesis, c.op) for c in block])
        lines += [upper, lower]
        marks = [
            MARKS.get(c.op, LESS_CLEAR if i in unclear else "") for i, c in enumerate(block, start)
        ]
        if any(marks):
            lines.append(
                _row("", margin, [(mark, c.op) for mark, c in zip(marks, block, strict=True)])
            )
    return lines


def _row(label: str, margin: int, cells: list[tuple[str, Op]]) -> Text:
    line = Text(label + " " * (margin - cell_len(label)))
    for char, op in cells:
        cell = char or _GAP
        line.append(cell + " " * (2 - cell_len(cell)), style=_STYLES[op])
    line.rstrip()
    return line
