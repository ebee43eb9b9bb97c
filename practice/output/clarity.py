"""How clearly each character came across: a strip under the script, and what it means."""

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

# Full-width signs, so that they stand under Han characters in every terminal.
SIGNS = {Clarity.CLEAR: "・", Clarity.LESS: LESS_CLEAR, Clarity.NOT_HEARD: "－"}
_STYLES = {Clarity.CLEAR: "", Clarity.LESS: "yellow", Clarity.NOT_HEARD: "red"}


def clarity_name(level: Clarity) -> str:
    """A level in words."""
    return {
        Clarity.CLEAR: _("clear"),
        Clarity.LESS: _("less clear"),
        Clarity.NOT_HEARD: _("not heard"),
    }[level]


def legend(levels: list[Clarity | None]) -> list[tuple[str, str]]:
    """The signs of a strip, with their meaning."""
    return [(sign, clarity_name(level)) for level, sign in SIGNS.items() if level in levels]


def strip(assessment: Assessment, width: int) -> list[Text]:
    """The script with a sign under each character, in blocks that fit ``width`` cells.

    Nothing where it can't be told.
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
    """Where the recognizer wrote a syllable of the script with another tone."""
    for other in other_tones(attempt.assessment, attempt.take.spec.readings):
        yield _(
            "“{character}” was recognized as {written} ({heard}). Check the tone ({asked})."
        ).format(
            character=other.character,
            written=other.written,
            heard=with_mark(other.written_syllable),
            asked=with_mark(other.syllable),
        )
