"""``practice history``: list the stored attempts, the newest last, or show one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import Attempt


@click.command()
@click.argument("attempt_id", required=False, metavar="[ID]")
@click.option("--scenario", help=_("Only this scenario."))
@click.option(
    "--last",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help=_("Number of latest attempts to show."),
)
@options.explain
@options.as_json
@options.trainee
@options.group
@options.records
def history(
    attempt_id: str | None,
    scenario: str | None,
    last: int,
    explain: bool,
    as_json: bool,
    trainee: str | None,
    group: str | None,
    records: options.Records,
) -> None:
    """Print the latest attempts, or one attempt in full."""
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import print_attempt
    from practice.store import Filter

    if attempt_id == "":
        raise click.UsageError(_("The ID is empty."))
    store = parts.existing_store(records, quiet=as_json)
    if store is None:
        return
    if attempt_id is not None:
        attempt = store.get(attempt_id)
        if as_json:
            parts.emit_json(attempt_to_dict(attempt))
            return
        console = parts.console()
        parts.print_heading(attempt)
        print_attempt(console, attempt, store.previous(attempt.take), explain=explain)
        return
    only = Filter(trainee=trainee, group=group, scenario=scenario)
    attempts = store.latest(only, limit=last)[::-1]
    if as_json:
        for attempt in attempts:
            parts.emit_json(attempt_to_dict(attempt))
    elif attempts:
        _print_table(attempts)
    else:
        click.echo(_("No matching attempts."))


def _print_table(attempts: list[Attempt]) -> None:
    from rich.table import Table
    from rich.text import Text

    from practice.output.attempt import one_line
    from practice.output.wording import local_time, mode_name

    table = Table(box=None, pad_edge=False)
    table.add_column(_("id"), no_wrap=True)
    table.add_column(_("when"), no_wrap=True)
    table.add_column(_("trainee"), max_width=12)
    table.add_column(_("scenario"), no_wrap=True)
    table.add_column(_("result"), overflow="fold")
    for attempt in attempts:
        take = attempt.take
        table.add_row(
            take.id[:8],
            local_time(take.created_at)[5:],
            Text(take.trainee.name),
            Text(f"{take.scenario} {take.line} {mode_name(take.setting)}".rstrip()),
            Text(one_line(attempt)),
        )
    parts.console().print(table)
