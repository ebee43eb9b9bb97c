"""Attempts as flat rows, for evaluation in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from practice.i18n import gettext as _
from practice.output.review import comment_text, decision_text, observation_text, postures
from practice.output.wording import element_names, missed_text, reason_text, result_name
from practice.records.attempt import Attempt
from practice.records.score import Score, Verdict
from practice.scoring.review import final_score

Cell = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        heading: Heading in the user's language.
        width: Width in Latin letters.
        read: Function from an attempt and its final score to the cell.
        is_share: The cell is a fraction, to be shown as a percentage.
    """

    heading: str
    width: int
    read: Callable[[Attempt, Score], Cell]
    is_share: bool = False


COLUMNS: tuple[Column, ...] = (
    Column(_("id"), 12, lambda a, _final: a.take.id),
    Column(_("when"), 17, lambda a, _final: _local(a.take.created_at)),
    Column(_("group"), 14, lambda a, _final: a.take.trainee.group),
    Column(_("trainee"), 14, lambda a, _final: a.take.trainee.name),
    Column(_("scenario"), 14, lambda a, _final: a.take.scenario),
    Column(_("title"), 18, lambda a, _final: a.take.title),
    Column(_("line"), 7, lambda a, _final: a.take.line),
    Column(_("attempt"), 7, lambda a, _final: a.take.take),
    Column(_("script"), 36, lambda a, _final: a.take.spec.script),
    Column(_("transcript"), 36, lambda a, _final: _transcript(a)),
    Column(_("accuracy"), 10, lambda a, _final: _accuracy(_machine(a)), is_share=True),
    Column(_("machine: result"), 16, lambda a, _final: result_name(_machine(a))),
    Column(_("machine: score"), 16, lambda a, _final: _total(_machine(a))),
    Column(_("machine: missed"), 22, lambda a, _final: missed_text(_machine(a))),
    Column(_("machine: unsure"), 22, lambda a, _final: _unsure(_machine(a))),
    Column(_("why not scored"), 22, lambda a, _final: _reason(a)),
    Column(_("banned phrases"), 18, lambda a, _final: _banned(_machine(a))),
    Column(_("result"), 16, lambda _a, final: result_name(final)),
    Column(_("score"), 10, lambda _a, final: _total(final)),
    Column(_("missed"), 22, lambda _a, final: missed_text(final)),
    Column(_("unsure"), 22, lambda _a, final: _unsure(final)),
    Column(_("reviewed by"), 14, lambda a, _final: a.judgement.reviewer if a.judgement else None),
    Column(_("decision"), 22, lambda a, _final: _decision(a)),
    Column(_("comments"), 36, lambda a, _final: _comments(a)),
    Column(_("posture"), 22, lambda a, _final: _observations(a)),
    Column(_("recording"), 16, lambda a, _final: a.take.audio),
    Column(_("model"), 10, lambda a, _final: _model(a)),
    Column(_("scorer"), 8, lambda a, _final: a.assessment.scorer),
)
"""Columns from left to right. The machine's assessment is kept next to the final result."""


def row_of(attempt: Attempt) -> list[Cell]:
    """Return the cells of an attempt, in the order of ``COLUMNS``."""
    final = final_score(attempt)
    cells = [column.read(attempt, final) for column in COLUMNS]
    return [_printable(cell) if isinstance(cell, str) else cell for cell in cells]


# Characters that are invalid in XML or are terminal control codes.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def _machine(attempt: Attempt) -> Score:
    return attempt.assessment.score


def _local(created_at: str) -> datetime:
    # Spreadsheets have no time zones, so cells have local time.
    return datetime.fromisoformat(created_at).astimezone().replace(tzinfo=None)


def _transcript(attempt: Attempt) -> str | None:
    transcript = attempt.assessment.transcript
    return transcript.text if transcript else None


def _accuracy(score: Score) -> float | None:
    return None if score.counts.accuracy is None else round(score.counts.accuracy, 3)


def _total(score: Score) -> float | None:
    return None if score.total is None else round(score.total, 1)


def _unsure(score: Score) -> str:
    return element_names(score.with_verdict(Verdict.UNSURE))


def _reason(attempt: Attempt) -> str | None:
    assessment = attempt.assessment
    reason = assessment.score.reason
    return reason_text(assessment.check, reason) if reason else None


def _banned(score: Score) -> str:
    return _(", ").join(hit.phrase if hit.sure else f"{hit.phrase}?" for hit in score.banned)


def _decision(attempt: Attempt) -> str | None:
    return decision_text(attempt.judgement) if attempt.judgement else None


def _comments(attempt: Attempt) -> str | None:
    if attempt.review is None:
        return None
    return "\n".join(comment_text(comment) for comment in attempt.review.comments)


def _observations(attempt: Attempt) -> str | None:
    if attempt.review is None:
        return None
    found = postures(attempt.review)
    return "\n".join(
        line for heading, seen in found for line in (heading, *map(observation_text, seen))
    )


def _model(attempt: Attempt) -> str | None:
    model = attempt.assessment.model
    return model.name if model else None
