"""Exam result, in the terminal and as JSON data."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.as_json import outcome_to_dict
from practice.output.layout import say
from practice.output.wording import (
    component_text,
    element_name,
    local_time,
    mark_text,
    most_missed,
    most_missed_text,
    score_text,
    verdict_heading,
)
from practice.records.scenario import Severity
from practice.records.score import Verdict
from practice.scoring.exam import ExamLine, ExamResult


def print_exam(console: Console, result: ExamResult, sitting: int) -> None:
    """Print an exam result; ``sitting`` numbers the trainee's attempts at the exam, from 1."""
    console.print()
    say(console, _("Exam: {title}").format(title=result.terms.title), "bold")
    say(console, heading(result, sitting))
    verdict, style = verdict_heading(result.passed)
    total = total_text(result)
    say(console, f"{verdict}  {total}" if total else verdict, style)
    for place, line in enumerate(result.lines, 1):
        say(console, f"  {place}. {line.asked.title}  {line.asked.script}", indent=5)
        say(console, f"     {line_text(line)}", indent=7)
    say(console, figures(result))
    for text in faults(result):
        say(console, text, "red", indent=2)
    say(console, judged_by(result), "dim")


def heading(result: ExamResult, sitting: int) -> str:
    """Return the trainee, group, time, and number of the exam attempt as one line."""
    who = f"{result.trainee.name} · {result.trainee.group}"
    when = local_time(result.created_at)
    nth = _("exam attempt {n}").format(n=sitting)
    return f"{who} · {when} · {nth}"


def total_text(result: ExamResult) -> str:
    """Format the score with the pass mark; empty if nothing could be scored."""
    if result.tally.total is None:
        return ""
    return mark_text(result.tally.total, result.best, result.terms.pass_mark)


def line_text(line: ExamLine) -> str:
    """Summarize the result of a line."""
    return _("not said") if line.score is None else score_text(line.score)


def figures(result: ExamResult) -> str:
    """List the components of the score and the deduction."""
    shown = [component_text(part) for part in result.tally.components]
    if result.tally.deducted:
        text = _("banned phrases: {points:.0f} points deducted")
        shown.append(text.format(points=result.tally.deducted))
    return " · ".join(shown)


def faults(result: ExamResult) -> list[str]:
    """List the elements missed, the lines not said, and the causes of an automatic fail."""
    missed = most_missed_text(result.scores)
    texts = [missed] if missed else []
    if result.not_said:
        text = ngettext("{n} line was not said.", "{n} lines were not said.", result.not_said)
        texts.append(text.format(n=result.not_said))
    for line in result.lines:
        if line.score is None or not line.is_ruled_out:
            continue
        critical = [element_name(e) for e in line.score.with_verdict(Verdict.MISSED) if e.critical]
        severe = [h for h in line.score.banned if h.sure and h.severity is Severity.SEVERE]
        what = _(", ").join([*critical, *(f"“{hit.phrase}”" for hit in severe)])
        text = _("Automatic fail, whatever the score: {what} ({script})")
        texts.append(text.format(what=what, script=line.asked.script))
    return texts


def judged_by(result: ExamResult) -> str:
    """Name the session, and the models and scorers that assessed it."""
    return _("Exam {session} · model {model} · scorer {scorer}").format(
        session=result.session[:8],
        model=", ".join(result.models) or "-",
        scorer=", ".join(result.scorers),
    )


def exam_to_dict(result: ExamResult, sitting: int) -> dict[str, Any]:
    """Convert an exam result to JSON data; ``sitting`` as for ``print_exam``."""
    return {
        "exam": result.book,
        "title": result.terms.title,
        "session": result.session,
        "created_at": result.created_at,
        "trainee": result.trainee.name,
        "group": result.trainee.group,
        "sitting": sitting,
        **outcome_to_dict(result, result.tally, result.terms.pass_mark),
        "missed": dict(most_missed(result.scores)),
        "lines": [_line_to_dict(line) for line in result.lines],
        "models": result.models,
        "scorers": result.scorers,
    }


def _line_to_dict(line: ExamLine) -> dict[str, Any]:
    score = line.score
    missed = score.with_verdict(Verdict.MISSED) if score else ()
    return {
        "step": line.step,
        "title": line.asked.title,
        "script": line.asked.script,
        "said": score is not None,
        "passed": line.passed,
        "score": score.total if score else None,
        "missed": [e.name for e in missed if e.required],
        "attempt": line.attempt.take.id if line.attempt else None,
    }
