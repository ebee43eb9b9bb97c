"""Proposed thresholds in the terminal, with their data and the verdicts they would change."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from practice.i18n import gettext as _
from practice.output.layout import say
from practice.output.wording import verdict_name
from practice.records.score import Verdict
from practice.scoring.calibration import (
    LEAST_CASES,
    LEAST_TRAINEES,
    Change,
    Outcome,
    Proposal,
    Tally,
    interval,
)
from practice.scoring.decision import ThresholdPair


def print_proposal(console: Console, proposal: Proposal) -> None:
    """Print the current thresholds of a family, the proposed ones, and the changed verdicts."""
    console.print()
    say(console, _family_name(proposal.family), "bold")
    text = _("labeled: {said} said, {not_said} not said, trainees: {trainees}")
    say(
        console,
        "  "
        + text.format(said=proposal.said, not_said=proposal.not_said, trainees=proposal.trainees),
        indent=4,
    )
    _print_limits(console, _("now"), proposal, proposal.before, proposal.now)
    if proposal.outcome is Outcome.PROPOSED:
        _print_limits(console, _("proposed"), proposal, proposal.after, proposal.then)
        for line in _change_lines(proposal.changes):
            say(console, f"    {line}", indent=6)
        return
    text = {
        Outcome.UNCHANGED: _("No better thresholds were found. The current ones stay."),
        Outcome.TOO_FEW_CASES: _(
            "Too few cases for a proposal. It needs at least {cases} said and {cases} not said."
        ),
        Outcome.TOO_FEW_TRAINEES: _(
            "Too few trainees for a proposal. It needs at least {trainees}."
        ),
        Outcome.NOT_PROVEN: _(
            "Other thresholds fit better only for the trainees they were chosen on, not "
            "for others. The current ones stay."
        ),
    }[proposal.outcome]
    say(console, "  " + text.format(cases=LEAST_CASES, trainees=LEAST_TRAINEES), indent=4)


def _print_limits(
    console: Console, when: str, proposal: Proposal, pair: tuple[float, float], tally: Tally
) -> None:
    text = _("{when}: heard from {high:+.2f} up, missed from {low:+.2f} down")
    say(console, "  " + text.format(when=when, high=pair[0], low=pair[1]), indent=4)
    if not proposal.said + proposal.not_said:
        return
    text = _("wrongly heard {credited}, wrongly missed {accused}, unsure {unsure}")
    say(
        console,
        "    "
        + text.format(
            credited=_share(tally.credited, proposal.not_said),
            accused=_share(tally.accused, proposal.said),
            unsure=tally.unsure,
        ),
        indent=6,
    )


def _share(k: int, n: int) -> str:
    """Format a count of wrong verdicts with the upper end of the 95 % interval of its share."""
    if not n:
        return "0"
    text = _("{k} of {n} (95%: up to {high:.1%})")
    return text.format(k=k, n=n, high=interval(k, n)[1])


def _change_lines(changes: tuple[Change, ...]) -> list[str]:
    """Describe the changed verdicts, and how many of the changes the trainers confirm.

    A change to heard or missed is confirmed if it is the trainer's verdict. A change to
    unsure is confirmed if the verdict before was not the trainer's.
    """
    total: Counter[tuple[Verdict, Verdict]] = Counter()
    confirmed: Counter[tuple[Verdict, Verdict]] = Counter()
    for change in changes:
        pair = (change.before, change.after)
        total[pair] += change.cases
        if change.after is Verdict.UNSURE:
            is_confirmed = change.truth is not change.before
        else:
            is_confirmed = change.truth is change.after
        confirmed[pair] += change.cases if is_confirmed else 0
    right = _("{n} {before} -> {after}; correct according to the trainers: {told}")
    wrong = _("{n} {before} -> {after}; wrong before, according to the trainers: {told}")
    return [
        (wrong if after is Verdict.UNSURE else right).format(
            n=n,
            before=verdict_name(before),
            after=verdict_name(after),
            told=confirmed[before, after],
        )
        for (before, after), n in total.items()
    ]


def _family_name(family: ThresholdPair) -> str:
    return {
        ThresholdPair.AUDIO: _("Audio evidence for a courtesy, in nats"),
        ThresholdPair.PRONOUN: _("Evidence for 您 over 你, in nats"),
        ThresholdPair.HELLO: _("Evidence for 您好 over 你好, in nats"),
    }[family]
