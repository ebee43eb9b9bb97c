"""Conversation result, in the terminal and as JSON data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console

from practice.i18n import gettext as _
from practice.output.wording import mark_text, score_text, verdict_heading
from practice.output.wrap import say
from practice.scoring.conversation import Check, ConversationResult, Finding, State
from practice.scoring.score import PASS_MARK


def print_conversation(console: Console, title: str, whole: ConversationResult) -> None:
    """Print a conversation result: its score, turns, and checks."""
    console.print()
    result, style = verdict_heading(whole.passed)
    say(console, _("Conversation result: {title}").format(title=title), "bold")
    if whole.total is not None:
        result += "  " + mark_text(whole.total, whole.deciding, PASS_MARK)
    if not whole.is_finished:
        result += "  " + _("ended early, so there is no score")
    say(console, result, style)
    for place, turn in enumerate(whole.turns, 1):
        say(console, f"  {place}. {turn.line.script}", indent=5)
        text = score_text(turn.score) if turn.score else _("skipped")
        say(console, f"     {text}", indent=7)
    for finding in whole.findings:
        style = {State.BROKEN: "red", State.UNSURE: "yellow"}.get(finding.state, "")
        say(console, finding_text(finding), style, indent=2)


def conversation_to_dict(scenario_id: str, whole: ConversationResult) -> dict[str, Any]:
    """Convert a conversation result to JSON data."""
    return {
        "conversation": scenario_id,
        "finished": whole.is_finished,
        "passed": whole.passed,
        "score": whole.total,
        "deciding_score": None if whole.total is None else whole.deciding,
        "pass_mark": PASS_MARK,
        "components": [{**asdict(c), "value": c.value} for c in whole.components],
        "deduction": whole.deducted,
        "checks": {
            f.check: {"state": f.state, "turns": f.turns, "words": f.words} for f in whole.findings
        },
        "turns": [
            {
                "line": turn.number,
                "script": turn.line.script,
                "attempt": turn.attempt.take.id if turn.attempt else None,
                "passed": turn.score.passed if turn.score else None,
                "score": turn.score.total if turn.score else None,
            }
            for turn in whole.turns
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
