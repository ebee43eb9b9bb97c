"""Texts for the pages: reasons, results, and aligned characters."""

from __future__ import annotations

from dataclasses import dataclass

from practice.delivery.clarity import Clarity, clarity
from practice.i18n import gettext as _
from practice.mandarin.alignment import columns, moments
from practice.output.alignment import MARKS, SIGNS, clarity_name
from practice.output.wording import difference_name, reason_text, result_text
from practice.records.attempt import Assessment, Attempt
from practice.records.score import Op, Result, Score, Verdict

DOUBT_NAMES = {
    "undecided": _("undecided"),
    "banned": _("banned phrase"),
    "unsure": _("unsure courtesy"),
    "unlikely": _("poor transcript"),
    "near": _("near the pass mark"),
    "off-script": _("off script"),
    "missed": _("missed courtesy"),
    "unscored": _("not scored"),
}
"""Reasons to listen to an attempt."""


@dataclass(frozen=True, slots=True)
class Character:
    """A column of the alignment of script and transcript.

    Attributes:
        script: The script's character; empty if the trainee added one.
        heard: The transcript's character; empty if the script's was left out.
        at_s: Start in the recording, in seconds; the expected start of a character that was left
            out. None if the times are unknown.
        clarity: None if unavailable, and for characters that are not in the script.
    """

    script: str
    heard: str
    op: Op
    at_s: float | None
    clarity: Clarity | None

    @property
    def label(self) -> str:
        """The column as text, for screen readers."""
        both = " / ".join(c for c in dict.fromkeys((self.script, self.heard)) if c)
        level = clarity_name(self.clarity) if self.clarity is Clarity.LESS else ""
        return " ".join(filter(None, (both, difference_name(self.op), level)))

    @property
    def mark(self) -> str:
        """The mark for the difference."""
        return MARKS.get(self.op, "")

    @property
    def sign(self) -> str:
        """The sign for the clarity."""
        return SIGNS[self.clarity] if self.clarity else ""


def comparison(assessment: Assessment) -> list[Character]:
    """Align script and transcript character by character, with the time of each."""
    chunks, transcript = assessment.score.chunks, assessment.transcript
    shown = columns(chunks)
    at_s = moments(chunks, transcript.times_s if transcript else ())
    levels = clarity(assessment) or [None] * len(shown)
    return [
        Character(c.reference, c.hypothesis, c.op, begin, level)
        for c, begin, level in zip(shown, at_s, levels, strict=True)
    ]


def mark_name(verdict: Verdict) -> str:
    """Return the sign for a verdict, so that color is not the only cue."""
    return {
        Verdict.HEARD: "✓",
        Verdict.MISSED: "✗",
        Verdict.UNSURE: "?",
        Verdict.UNSCORED: "–",
    }[verdict]


def result_line(attempt: Attempt, score: Score) -> str:
    """Return the result and the score as a short text, or the reason if not scored."""
    if score.result is Result.UNSCORED and score.reason is not None:
        reason = reason_text(attempt.assessment.check, score.reason)
        return _("not scored: {reason}").format(reason=reason)
    return result_text(score)


def seconds(time_s: float) -> str:
    """Format a time in a recording, such as ``1.5 s``."""
    return f"{time_s:.1f} s"
