"""Exam results, added up from the attempts of one session.

Nothing else is stored, so a result can be shown again and follows a trainer's corrections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from practice.records.attempt import Attempt, ExamItem, ExamTerms, Mode, SessionContext, Trainee
from practice.records.recognition import Unscored
from practice.records.review import Decision
from practice.records.scenario import Book
from practice.records.score import Score, Verdict
from practice.scoring.review import final_score
from practice.scoring.score import Tally, nothing_said, outcome, tally_of

_SILENT = (Unscored.NO_SPEECH, Unscored.TOO_SHORT)
"""Reasons of attempts in which a trainer could hear nothing."""


@dataclass(frozen=True, slots=True)
class ExamLine:
    """One line of an exam; ``attempt`` and ``score`` are None if it was not said."""

    step: str
    asked: ExamItem
    attempt: Attempt | None
    score: Score | None
    tally: Tally

    @property
    def passed(self) -> bool | None:
        """Result of the line by itself: None if it needs review, False if it was not said."""
        return False if self.score is None else self.score.passed

    @property
    def is_ruled_out(self) -> bool:
        """True if the line fails the exam whatever the score."""
        return self.tally.ruled_out > 0


@dataclass(frozen=True, slots=True)
class ExamResult:
    """Result of an exam.

    ``passed`` is None if unsure attempts or elements decide; in ``tally`` they count as not heard.
    ``best`` is the total if a trainer hears everything that is unsure.
    ``models`` and ``scorers`` are those that assessed the attempts.
    """

    session: str
    created_at: str
    trainee: Trainee
    book: str
    terms: ExamTerms
    lines: tuple[ExamLine, ...]
    tally: Tally
    best: float | None
    passed: bool | None
    models: tuple[str, ...]
    scorers: tuple[str, ...]

    @property
    def scores(self) -> tuple[Score, ...]:
        """Scores of the lines that were said."""
        return tuple(line.score for line in self.lines if line.score is not None)

    @property
    def not_said(self) -> int:
        """Number of lines that were not said."""
        return sum(line.score is None for line in self.lines)


def setting_of(book: Book) -> SessionContext:
    """Return the requirements of a book in the form that every attempt of the exam stores."""
    steps = tuple(f"{scenario.id}/{number}" for scenario, number in book.items)
    asked = []
    for scenario, number in book.items:
        line = scenario.lines[number - 1]
        nothing = nothing_said(line)
        asked.append(
            ExamItem(
                scenario.title,
                line.script,
                nothing.courtesies,
                nothing.characters,
                nothing.contents,
            )
        )
    terms = ExamTerms(book.title, book.pass_mark, tuple(asked))
    return SessionContext(Mode.EXAM, book.id, steps, terms)


def result_of(attempts: Sequence[Attempt]) -> ExamResult:
    """Add up the attempts of an exam.

    Args:
        attempts: All attempts of the session, the oldest first.

    Raises:
        ValueError: The attempts are not those of an exam.
    """
    setting = attempts[0].take.setting
    terms = setting.terms if setting else None
    if setting is None or terms is None:
        raise ValueError("not an exam's takes")
    counted = _one_each(attempts)
    takes = [counted.get(step) for step in setting.steps]
    said = [None if attempt is None or _is_silent(attempt) else attempt for attempt in takes]
    lines = tuple(
        _line(step, asked, attempt)
        for step, asked, attempt in zip(setting.steps, terms.asked, said, strict=True)
    )

    def count(unsure_as: Verdict) -> Tally:
        return sum((_tally(line, unsure_as) for line in lines), Tally())

    judged = [attempt.assessment for attempt in attempts]
    return ExamResult(
        session=attempts[0].take.session,
        created_at=attempts[0].take.created_at,
        trainee=attempts[0].take.trainee,
        book=setting.name,
        terms=terms,
        lines=lines,
        tally=sum((line.tally for line in lines), Tally()),
        best=count(Verdict.HEARD).total,
        passed=outcome(count, terms.pass_mark),
        models=tuple(sorted({a.model.name for a in judged if a.model is not None})),
        scorers=tuple(sorted({a.scorer for a in judged})),
    )


def _one_each(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """Return the attempt that counts at each step: the first scored one, else the last one."""
    counted: dict[str, Attempt] = {}
    for attempt in attempts:
        step = f"{attempt.take.scenario}/{attempt.take.line}"
        before = counted.get(step)
        if before is None or before.assessment.score.reason is not None:
            counted[step] = attempt
    return counted


def _is_silent(attempt: Attempt) -> bool:
    return attempt.assessment.score.reason in _SILENT and _decision(attempt) is None


def _decision(attempt: Attempt) -> Decision | None:
    return attempt.judgement.decision if attempt.judgement else None


def _line(step: str, asked: ExamItem, attempt: Attempt | None) -> ExamLine:
    score = None if attempt is None else final_score(attempt)
    line = ExamLine(step, asked, attempt, score, Tally())
    return replace(line, tally=_tally(line, None))


def _tally(line: ExamLine, unsure_as: Verdict | None) -> Tally:
    """Count a line. Everything unsure counts as ``unsure_as``; with None it is left out.

    A trainer's decision takes precedence: with a pass, all unsure elements are heard, no banned
    phrase counts, and nothing rules the line out; with a redo, everything unsure counts against
    the trainee.
    """
    asked, attempt, score = line.asked, line.attempt, line.score
    nothing = Tally(
        courtesies=asked.courtesies, characters=asked.characters, contents=asked.contents
    )
    if attempt is None or score is None:
        return nothing
    decision = _decision(attempt)
    if decision is not None:
        unsure_as = Verdict.HEARD if decision is Decision.PASS else Verdict.MISSED
    counted = tally_of(score, unsure_as)
    if decision is Decision.PASS:
        counted = replace(counted, deducted=0.0, ruled_out=0)
    if score.reason is None:
        return counted
    # There is no text to count, so the trainer's decision applies to the whole line.
    if unsure_as is Verdict.HEARD:
        nothing = replace(
            nothing,
            heard=asked.courtesies,
            said=asked.characters,
            conveyed=asked.contents,
        )
    elif unsure_as is None:
        nothing = Tally()
    return replace(nothing, ruled_out=counted.ruled_out)
