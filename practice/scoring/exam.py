"""Exam results, added up from the attempts of one session.

Nothing else is stored, so a result can be shown again and follows a trainer's corrections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

from practice.records.attempt import Attempt, ExamItem, ExamTerms, Mode, SessionContext, Trainee
from practice.records.recognition import Unscored
from practice.records.review import Decision
from practice.records.scenario import Book, Scenario
from practice.records.score import Score, Verdict
from practice.scoring.review import final_score
from practice.scoring.score import Tally, is_ruled_out, nothing_said, resolve_unsure, tally_of

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
        return self.attempt is not None and _rules_out(self.attempt, None)


@dataclass(frozen=True, slots=True)
class ExamResult:
    """Result of an exam.

    ``passed`` is None if unsure attempts or elements decide; ``tally`` leaves these out.
    ``models`` and ``scorers`` are those that assessed the attempts.
    """

    session: str
    created_at: str
    trainee: Trainee
    book: str
    terms: ExamTerms
    lines: tuple[ExamLine, ...]
    tally: Tally
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
    asked = tuple(_asked(scenario, number) for scenario, number in book.items)
    return SessionContext(Mode.EXAM, book.id, steps, ExamTerms(book.title, book.pass_mark, asked))


def _asked(scenario: Scenario, number: int) -> ExamItem:
    line = scenario.lines[number - 1]
    nothing = nothing_said(line)
    return ExamItem(scenario.title, line.script, nothing.courtesies, nothing.characters)


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
    worst, best = (_passes(terms, said, unsure_as) for unsure_as in (Verdict.MISSED, Verdict.HEARD))
    lines = tuple(
        ExamLine(
            step,
            asked,
            attempt,
            None if attempt is None else final_score(attempt),
            _tally(asked, attempt, None),
        )
        for step, asked, attempt in zip(setting.steps, terms.asked, said, strict=True)
    )
    judged = [attempt.assessment for attempt in attempts]
    return ExamResult(
        session=attempts[0].take.session,
        created_at=attempts[0].take.created_at,
        trainee=attempts[0].take.trainee,
        book=setting.name,
        terms=terms,
        lines=lines,
        tally=reduce(add, (line.tally for line in lines), Tally()),
        passed=best if best == worst else None,
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


def _passes(terms: ExamTerms, said: Sequence[Attempt | None], unsure_as: Verdict) -> bool:
    pairs = list(zip(terms.asked, said, strict=True))
    tally = reduce(add, (_tally(asked, attempt, unsure_as) for asked, attempt in pairs), Tally())
    ruled_out = any(attempt is not None and _rules_out(attempt, unsure_as) for attempt in said)
    return tally.deciding >= terms.pass_mark and not ruled_out


def _tally(asked: ExamItem, attempt: Attempt | None, unsure_as: Verdict | None) -> Tally:
    """Count a line. Everything unsure counts as ``unsure_as``; with None it is left out."""
    nothing = Tally(0, asked.courtesies, 0.0, asked.characters)
    if attempt is None:
        return nothing
    score = _taken(attempt, unsure_as)
    if score.reason is None:
        return tally_of(score)
    # There is no text to count, so the trainer's decision applies to the whole line.
    is_said = {Decision.PASS: True, Decision.REDO: False, None: unsure_as is Verdict.HEARD}
    if is_said[_decision(attempt)]:
        return Tally(asked.courtesies, asked.courtesies, asked.characters, asked.characters)
    return Tally() if _decision(attempt) is None and unsure_as is None else nothing


def _rules_out(attempt: Attempt, unsure_as: Verdict | None) -> bool:
    """Return True if an attempt fails the exam whatever the score. A trainer's pass prevents it."""
    is_passed = _decision(attempt) is Decision.PASS
    return not is_passed and is_ruled_out(_taken(attempt, unsure_as))


def _taken(attempt: Attempt, unsure_as: Verdict | None) -> Score:
    """Return the final score, with everything unsure resolved as ``unsure_as`` unless that is None.

    A trainer's decision takes precedence: with a pass all unsure elements are heard and no banned
    phrase counts; with a redo everything unsure counts against the trainee.
    """
    score, decision = final_score(attempt), _decision(attempt)
    if decision is Decision.PASS:
        return replace(resolve_unsure(score, Verdict.HEARD), banned=())
    if decision is Decision.REDO:
        unsure_as = Verdict.MISSED
    return resolve_unsure(score, unsure_as) if unsure_as else score
