"""How the pages put records into words: reasons, results, evidence, aligned characters."""

from __future__ import annotations

from dataclasses import dataclass

from practice.delivery.clarity import Clarity, clarity
from practice.i18n import gettext as _
from practice.output.alignment import MARKS
from practice.output.clarity import SIGNS, clarity_name
from practice.output.clarity import legend as signs_of
from practice.output.wording import difference_name, reason_text
from practice.records.attempt import Assessment, Attempt
from practice.records.score import Op, Score, Verdict
from practice.scoring.columns import columns, moments

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
"""Why an attempt should be heard."""

RESULT_NAMES = {
    "passed": _("passed"),
    "failed": _("failed"),
    "open": _("needs review"),
    "unscored": _("not scored"),
}
"""What became of an attempt."""


@dataclass(frozen=True, slots=True)
class Character:
    """One place of the script over what was heard there.

    ``at_s`` is where it begins in the recording; for what was left out, where it should
    have begun. None where the times are not known, as ``clarity`` is.
    """

    script: str
    heard: str
    op: Op
    mark: str
    at_s: float | None
    clarity: Clarity | None

    @property
    def label(self) -> str:
        """The place in words, for those who do not see the rows."""
        both = " / ".join(c for c in dict.fromkeys((self.script, self.heard)) if c)
        words = [both] if self.op is Op.EQUAL else [both, difference_name(self.op)]
        if self.clarity is Clarity.LESS:
            words.append(clarity_name(self.clarity))
        return " ".join(words)

    @property
    def sign(self) -> str:
        """How clearly it came across."""
        return "" if self.clarity is None else SIGNS[self.clarity]


def comparison(assessment: Assessment) -> list[Character]:
    """Script over transcript, character by character, with the time of each."""
    chunks, transcript = assessment.score.chunks, assessment.transcript
    shown = columns(chunks)
    at_s = moments(chunks, transcript.times_s if transcript else ())
    levels = clarity(assessment) or [None] * len(shown)
    return [
        Character(c.reference, c.hypothesis, c.op, MARKS.get(c.op, ""), begin, level)
        for c, begin, level in zip(shown, at_s, levels, strict=True)
    ]


def legend(characters: list[Character]) -> list[tuple[str, str]]:
    """The marks that stand under a comparison, with their meaning."""
    used = {c.op for c in characters}
    return [(MARKS[op], difference_name(op)) for op in MARKS if op in used]


def clarity_legend(characters: list[Character]) -> list[tuple[str, str]]:
    """The signs of how clearly the characters came across, with their meaning."""
    return signs_of([c.clarity for c in characters])


def mark_name(verdict: Verdict) -> str:
    """A sign for a verdict, so that color is not the only carrier."""
    return {
        Verdict.HEARD: "✓",
        Verdict.MISSED: "✗",
        Verdict.UNSURE: "?",
        Verdict.UNSCORED: "–",
    }[verdict]


def result_line(attempt: Attempt, score: Score) -> str:
    """A score in a few words: result and total, or why there is none."""
    total = "" if score.total is None else f" {score.total:.0f}"
    if score.passed is not None:
        return (_("passed") if score.passed else _("failed")) + total
    if score.reason is not None:
        reason = reason_text(attempt.assessment.check, score.reason)
        return _("not scored: {reason}").format(reason=reason)
    return _("needs review") + total


def seconds(time_s: float) -> str:
    """A moment of a recording, ``1.5 s``."""
    return f"{time_s:.1f} s"
