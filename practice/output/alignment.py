"""Alignment of script and transcript in the terminal, with marks that work without color."""

from __future__ import annotations

from collections.abc import Collection

from rich.cells import cell_len
from rich.text import Text

from practice.mandarin.alignment import columns
from practice.records.score import Chunk, Op

# Full-width signs, to align with Han characters in every terminal.
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
    """Render the script over the transcript, in blocks that fit the width.

    A block with differences or unclear characters is followed by a row of marks.

    Args:
        chunks: Alignment of script and transcript.
        labels: Labels of the two rows.
        width: Maximum width, in terminal cells.
        unclear: Indices of columns recognized less clearly; only those whose characters are
            equal get the mark for it.

    Returns:
        Lines of text, two or three for each block.
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
