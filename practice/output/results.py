"""Results of a conversation, a class and a drill, in the terminal and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.as_json import outcome_to_dict
from practice.output.layout import say, width_of
from practice.output.wording import (
    mark_text,
    most_missed,
    most_missed_text,
    score_text,
    verdict_heading,
)
from practice.records.attempt import Attempt, Trainee
from practice.records.score import Score
from practice.scoring.conversation import Check, ConversationResult, Finding, State
from practice.scoring.review import final_score
from practice.scoring.score import PASS_MARK, Tally, tally_of
from practice.text import visible
from practice.training.drill import Pick


def print_conversation(console: Console, title: str, result: ConversationResult) -> None:
    """Print a conversation result: its score, turns, and checks."""
    console.print()
    say(console, _("Conversation result: {title}").format(title=title), "bold")
    text, style = verdict_heading(result.passed)
    if result.total is not None:
        text += "  " + mark_text(result.total, result.best, PASS_MARK)
    if not result.is_finished:
        text += "  " + _("ended early, so there is no score")
    say(console, text, style)
    for place, turn in enumerate(result.turns, 1):
        say(console, f"  {place}. {turn.line.script}", indent=5)
        text = score_text(turn.score) if turn.score else _("skipped")
        say(console, f"     {text}", indent=7)
    for finding in result.findings:
        style = {State.BROKEN: "red", State.UNSURE: "yellow"}.get(finding.state, "")
        say(console, finding_text(finding), style, indent=2)


def conversation_to_dict(scenario_id: str, result: ConversationResult) -> dict[str, Any]:
    """Convert a conversation result to JSON data."""
    return {
        "conversation": scenario_id,
        "finished": result.is_finished,
        **outcome_to_dict(result, result, PASS_MARK),
        "checks": {
            f.check: {"state": f.state, "turns": f.turns, "words": f.words} for f in result.findings
        },
        "turns": [
            {
                "line": turn.number,
                "script": turn.line.script,
                "attempt": turn.attempt.take.id if turn.attempt else None,
                "passed": turn.score.passed if turn.score else None,
                "score": turn.score.total if turn.score else None,
            }
            for turn in result.turns
        ],
    }


def finding_text(finding: Finding) -> str:
    """Describe the outcome of a check."""
    turns = _(", ").join(str(turn) for turn in finding.turns)
    words = _(", ").join(finding.words)
    texts = {
        (Check.ORDER, State.KEPT): _("[+] Order: correct"),
        (Check.ORDER, State.BROKEN): _("[x] Order: in line {turns} you said “{words}”"),
        (Check.COMPLETE, State.KEPT): _("[+] All lines were said"),
        (Check.COMPLETE, State.BROKEN): _("[x] Lines not said: {turns}"),
        (Check.COMPLETE, State.UNSURE): _("[?] Lines not scored: {turns}"),
        (Check.ADDRESS, State.KEPT): _("[+] Form of address: {words}"),
        (Check.ADDRESS, State.BROKEN): _(
            "[x] Form of address: {words}; use only the one that fits"
        ),
        (Check.ADDRESS, State.UNSURE): _("[?] Form of address: unsure in line {turns}"),
        (Check.ADDRESS, State.ABSENT): _("[ ] Form of address: none was heard"),
        (Check.RESPECT, State.KEPT): _("[+] 您 throughout"),
        (Check.RESPECT, State.BROKEN): _("[x] 您 was missed in line {turns}"),
        (Check.RESPECT, State.UNSURE): _("[?] 您 is unsure in line {turns}"),
        (Check.RESPECT, State.ABSENT): _("[ ] 您: no line requires it"),
    }
    if (finding.check, finding.state) == (Check.COMPLETE, State.BROKEN) and not finding.turns:
        return _("[x] The conversation ended early")
    if (finding.check, finding.state) == (Check.RESPECT, State.ABSENT) and finding.turns:
        return _("[ ] 您: no verdict, line {turns} was not said or not scored").format(turns=turns)
    return texts[finding.check, finding.state].format(turns=turns, words=words)


@dataclass(frozen=True, slots=True)
class Turn:
    """A trainee's turn in a class, with one attempt for each line that was said."""

    trainee: Trainee
    attempts: tuple[Attempt, ...]

    @property
    def scores(self) -> list[Score]:
        """Final score of each attempt."""
        return [final_score(attempt) for attempt in self.attempts]


def print_class_table(
    console: Console, turns: Sequence[Turn], lines: int, absent: Sequence[str]
) -> None:
    """Print the result of a class.

    Args:
        console: Console to print to.
        turns: Turns of the trainees with at least one attempt.
        lines: Number of lines that each trainee had to say.
        absent: Names of the trainees without an attempt.
    """
    console.print()
    table = Table(box=None, pad_edge=False, width=width_of(console))
    table.add_column(_("trainee"), max_width=20, overflow="fold")
    table.add_column(_("passed"), justify="right", no_wrap=True)
    table.add_column(_("score"), justify="right", no_wrap=True)
    table.add_column(_("missed most"), ratio=1, overflow="fold")
    for turn in turns:
        scored = [score for score in turn.scores if score.reason is None]
        total = reduce(add, map(tally_of, scored), Tally()).total
        missed = most_missed(turn.scores)
        table.add_row(
            Text(visible(turn.trainee.name)),
            f"{sum(score.passed is True for score in turn.scores)}/{lines}",
            "-" if total is None else f"{total:.0f}",
            Text(visible(missed[0][0]) if missed else "-"),
        )
    if turns:
        console.print(table)
    if absent:
        say(console, _("No attempt: {names}").format(names=_(", ").join(absent)), "dim")
    of_all = most_missed(score for turn in turns for score in turn.scores)
    if of_all:
        name, n = of_all[0]
        text = _("The group missed most: {element} (×{n})")
        say(console, text.format(element=name, n=n), "bold")


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
        "last": {
            "created_at": last.created_at,
            "passed": last.passed,
            "total": last.total,
            "missed": last.missed,
        }
        if last
        else None,
    }


def print_outcome(console: Console, attempts: Sequence[Attempt]) -> None:
    """Print the result of a drill; ``attempts`` has the last attempt at each line."""
    scores = [final_score(attempt) for attempt in attempts]
    passed = sum(score.passed is True for score in scores)
    console.print()
    text = ngettext(
        "{n} line practiced, {passed} passed.", "{n} lines practiced, {passed} passed.", len(scores)
    )
    say(console, text.format(n=len(scores), passed=passed), "bold")
    if missed := most_missed_text(scores):
        say(console, missed, "red", indent=2)
