"""Clarity of each character in the terminal: signs under the script, and their legend."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from practice.delivery.clarity import Clarity, clarity, other_tones
from practice.i18n import gettext as _
from practice.mandarin.pinyin import with_mark
from practice.output.alignment import LESS_CLEAR
from practice.records.attempt import Assessment, Attempt
from practice.scoring.columns import columns

# Full-width signs, to align with Han characters in every terminal.
SIGNS = {Clarity.CLEAR: "・", Clarity.LESS: LESS_CLEAR, Clarity.NOT_HEARD: "－"}
_STYLES = {Clarity.CLEAR: "", Clarity.LESS: "yellow", Clarity.NOT_HEARD: "red"}


def clarity_name(level: Clarity) -> str:
    """Name a level in the user's language."""
    return {
        Clarity.CLEAR: _("clear"),
        Clarity.LESS: _("less clear"),
        Clarity.NOT_HEARD: _("not heard"),
    }[level]


def legend(levels: list[Clarity | None]) -> list[tuple[str, str]]:
    """Return the signs that occur in a strip, with their meanings."""
    return [(sign, clarity_name(level)) for level, sign in SIGNS.items() if level in levels]


def strip(assessment: Assessment, width: int) -> list[Text]:
    """Lay out the script with a sign under each character, in blocks that fit ``width`` cells.

    Args:
        assessment: Assessment of the attempt.
        width: Maximum width of a line, in terminal cells.

    Returns:
        Alternating lines of script and signs; empty if the clarity is unavailable.
    """
    labels = _("script"), _("clarity")
    margin = max(cell_len(label) for label in labels) + 2
    per_block = max(1, (width - margin) // 2)
    shown = [
        (column.reference, level)
        for column, level in zip(
            columns(assessment.score.chunks), clarity(assessment), strict=False
        )
        if level is not None
    ]
    lines = []
    for start in range(0, len(shown), per_block):
        upper, lower = (Text(label + " " * (margin - cell_len(label))) for label in labels)
        for character, level in shown[start : start + per_block]:
            upper.append(character + " " * (2 - cell_len(character)))
            lower.append(SIGNS[level], style=_STYLES[level])
        lines += [upper, lower]
    return lines


def tone_hints(attempt: Attempt) -> Iterator[str]:
    """Yield a hint for each syllable of the script that was recognized with another tone."""
    for other in other_tones(attempt.assessment, attempt.take.spec.readings):
        yield _(
            "“{character}” was recognized as {written} ({heard}). Check the tone ({asked})."
        ).format(
            character=other.character,
            written=other.written,
            heard=with_mark(other.written_syllable),
            asked=with_mark(other.syllable),
        )
