"""Plan of a drill with the reason for each line, and the result of the drill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console

from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.wording import most_missed, times_text
from practice.output.wrap import say
from practice.records.attempt import Attempt
from practice.scoring.review import final_score
from practice.training.drill import Pick


def print_plan(console: Console, picks: Sequence[Pick], now: datetime) -> None:
    """Print the lines that were picked, each with the reason."""
    for place, pick in enumerate(picks, 1):
        say(console, f"  {place}. {pick.scenario.title}  {pick.line.script}", indent=5)
        say(console, f"     {why_text(pick, now)}", "dim", indent=5)


def why_text(pick: Pick, now: datetime) -> str:
    """Explain why a line was picked."""
    if pick.last is None or pick.due is None:
        return _("not practiced yet")
    texts = []
    if pick.last.missed:
        names = _(", ").join(pick.last.missed)
        texts.append(_("missed last time: {elements}").format(elements=names))
    elif not pick.last.passed:
        texts.append(_("failed last time"))
    days = abs((pick.due - now).total_seconds()) // 86400
    n = int(days)
    if pick.is_due:
        text = ngettext("overdue by {n} day", "overdue by {n} days", n) if n else _("due today")
    else:
        text = ngettext("due in {n} day", "due in {n} days", n) if n else _("due within a day")
    return _(", ").join([*texts, text.format(n=n)])


def pick_to_dict(pick: Pick, now: datetime) -> dict[str, Any]:
    """Convert a line of the plan to JSON data."""
    last = pick.last
    return {
        "scenario": pick.scenario.id,
        "line": pick.number,
        "title": pick.scenario.title,
        "script": pick.line.script,
        "why": why_text(pick, now),
        "due": pick.due.isoformat(timespec="milliseconds") if pick.due else None,
        "is_due": pick.is_due,
        "recall": pick.recall if last else None,
        "last": {k: v for k, v in asdict(last).items() if k in _LAST} if last else None,
    }


_LAST = ("created_at", "passed", "total", "missed")


def print_outcome(console: Console, attempts: Sequence[Attempt]) -> None:
    """Print the result of a drill; ``attempts`` has the last attempt at each line."""
    scores = [final_score(attempt) for attempt in attempts]
    passed = sum(score.passed is True for score in scores)
    console.print()
    text = ngettext(
        "{n} line practiced, {passed} passed.", "{n} lines practiced, {passed} passed.", len(scores)
    )
    say(console, text.format(n=len(scores), passed=passed), "bold")
    missed = most_missed(scores)
    if missed:
        say(console, _("Missed: {elements}").format(elements=times_text(missed)), "red", indent=2)
