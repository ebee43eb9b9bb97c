"""``practice calibrate``: propose verdict thresholds that fit the trainers' corrections."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from practice.commands import context, options
from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.i18n import ngettext

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from practice.scoring.calibration import Case, Proposal, Tally
    from practice.store import Store
    from practice.store.people import Agreement


@click.command(
    epilog=_(
        "Compares the machine's verdicts with the trainers'. docs/calibration.md says when not "
        "to trust a proposal."
    )
)
@click.option(
    "--apply", is_flag=True, help=_("Write the proposed thresholds to the scenario folder.")
)
@options.as_json
@options.model
@options.prompts
@options.group
@options.records
def calibrate(
    apply: bool,
    as_json: bool,
    model_name: str,
    prompts_dir: Path,
    group: str | None,
    records: options.Records,
) -> None:
    """Print how far machine and trainers agree, and thresholds that would agree better."""
    from practice import scenarios as prompts
    from practice.output.calibration import print_proposal
    from practice.scoring import calibration
    from practice.scoring.score import scorer_name
    from practice.store.people import People

    if apply:
        if not prompts.scenario_ids(prompts_dir):
            text = _("There are no scenarios in {folder}. Choose another folder with --prompts.")
            raise PromptError(text.format(folder=prompts_dir))
        context.require_own_folder(prompts_dir)
    limits = prompts.load_thresholds(prompts_dir)
    store = context.existing_store(records, quiet=as_json)
    cases, read, left_out = _read_cases(store, group, model_name)
    proposals, proposed = calibration.calibrate(cases, limits)
    agreement = People(store.database).agreement(group)
    path = None
    if apply and proposed != limits:
        path = prompts.write_thresholds(prompts_dir, proposed, _remark(proposals))
    if as_json:
        context.emit_json(
            *map(_proposal_to_dict, proposals),
            *map(_agreement_to_dict, agreement),
            {
                "reviewed": read,
                "left_out": left_out,
                "scorer": scorer_name(limits),
                "proposed_scorer": scorer_name(proposed),
                "written": str(path) if path else None,
            },
        )
        return
    console = context.console()
    _print_read(console, read, left_out)
    if not read:
        return
    for proposal in proposals:
        print_proposal(console, proposal)
    _print_agreement(console, agreement)
    _print_ending(console, proposed != limits, path)


def _read_cases(store: Store, group: str | None, model_name: str) -> tuple[list[Case], int, int]:
    """Collect the labeled cases of the reviewed attempts.

    Attempts scored by another model or another version of the scoring are left out: their
    strengths are on another scale.

    Returns:
        The cases, the number of reviewed attempts, and the number of those left out.
    """
    from practice.scoring.calibration import cases_of
    from practice.scoring.score import is_of_this_version
    from practice.store.reviews import ReviewedAttempts

    cases: list[Case] = []
    left_out = 0
    attempts = ReviewedAttempts(store.database, group)
    with context.progress(attempts, len(attempts)) as bar:
        for attempt in bar:
            model = attempt.assessment.model
            if model is None:  # nothing was recognized, so there is nothing to learn
                continue
            if model.name != model_name or not is_of_this_version(attempt.assessment.scorer):
                left_out += 1
                continue
            cases += cases_of(
                attempt.assessment.score, attempt.seen, attempt.review, attempt.trainee_id
            )
    return cases, len(attempts), left_out


def _remark(proposals: tuple[Proposal, ...]) -> str:
    from practice.output.wording import local_time
    from practice.store.database import now

    text = _("Written by `practice calibrate`, {when}. Labeled courtesies: {n}.")
    return text.format(when=local_time(now()), n=sum(p.said + p.not_said for p in proposals))


def _proposal_to_dict(proposal: Proposal) -> dict[str, Any]:
    """Convert a proposal to JSON data."""

    def side(pair: tuple[float, float], tally: Tally) -> dict[str, Any]:
        return {"heard_from": pair[0], "missed_from": pair[1], **asdict(tally)}

    values = asdict(proposal)
    return {
        **{key: values[key] for key in ("family", "outcome", "said", "not_said", "trainees")},
        "now": side(proposal.before, proposal.now),
        "proposed": side(proposal.after, proposal.then),
        "changes": values["changes"],
    }


def _agreement_to_dict(counts: Agreement) -> dict[str, Any]:
    values = asdict(counts)
    return {"element": values.pop("name"), **values, "total": counts.total}


def _print_read(console: Console, read: int, left_out: int) -> None:
    from practice.output.layout import say

    if not read:
        say(console, _("No attempt has been reviewed yet."))
        return
    say(console, ngettext("{n} reviewed attempt", "{n} reviewed attempts", read).format(n=read))
    if left_out:
        text = _(
            "Attempts left out because another model or an earlier version scored them: "
            "{n}. Run `practice rescore` to score them again."
        )
        say(console, text.format(n=left_out), "yellow")


def _print_agreement(console: Console, agreement: list[Agreement]) -> None:
    from rich.table import Table
    from rich.text import Text

    from practice.output.layout import say
    from practice.text import one_line

    if not agreement:
        return
    console.print()
    say(console, _("Machine's and trainer's verdicts compared"), "bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(_("courtesy"), max_width=20)
    for head in (
        _("agreed"),
        _("wrongly heard"),
        _("wrongly missed"),
        _("unsure: heard"),
        _("unsure: missed"),
        _("unsure: open"),
    ):
        table.add_column(head, justify="right", max_width=8)
    for row in agreement:
        counts = (
            row.heard + row.missed,
            row.credited,
            row.accused,
            row.settled_heard,
            row.settled_missed,
            row.left_open,
        )
        table.add_row(Text(one_line(row.name)), *map(str, counts))
    console.print(table)


def _print_ending(console: Console, is_proposed: bool, path: Path | None) -> None:
    from practice.output.layout import say

    console.print()
    if path is not None:
        text = _("Written to {path}. Run `practice rescore` to apply it to saved attempts.")
        say(console, text.format(path=path))
    elif is_proposed:
        say(
            console,
            _(
                "Nothing was changed. Run `practice calibrate --apply` to write the proposed "
                "thresholds."
            ),
        )
