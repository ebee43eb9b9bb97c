"""``practice forget`` and ``practice prune``: remove attempts after a confirmation."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from practice.commands import context, options
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.paths import settings_file
from practice.records.attempt import DEFAULT_GROUP, Trainee

if TYPE_CHECKING:
    from rich.console import Console

    from practice.store import Store
    from practice.store.retention import Plan, Remover


def _open_remover(store: Store) -> Remover:
    """Build the remover for a store and the name remembered on this machine."""
    from practice.store.retention import Remover

    return Remover(store, settings_file(), DEFAULT_GROUP)


def _confirm_and_remove(
    plan: Plan, remover: Remover, heading: str, *, yes: bool, as_json: bool
) -> None:
    """Show the plan, ask for confirmation, carry it out and print what was removed.

    Args:
        heading: Title of the list that is shown before the question.
        yes: Remove without asking.

    Raises:
        PracticeError: There is no terminal to ask in, or the removal failed.
    """
    from practice.output.layout import say

    # Without a question the list is not needed beforehand: it is printed after the removal.
    stderr = context.console(for_programs=True)
    if not yes and not context.confirm_removal(lambda: _print_plan(stderr, heading, plan)):
        return
    done = replace(plan, extent=remover.carry_out(plan))
    if as_json:
        context.emit_json(_to_dict(done))
        return
    console = context.console()
    _print_plan(console, _("Permanently removed:"), done)
    text = _(
        "Bundles and reports already given away are not affected. Where a bundle was "
        "imported, remove the data there too."
    )
    say(console, text)


def _to_dict(plan: Plan) -> dict[str, int]:
    """Convert what was removed to JSON data."""
    extent = plan.extent
    return {
        "attempts": extent.attempts,
        "unreviewed": extent.unreviewed,
        "reviews": extent.reviews,
        "recordings": plan.recordings.number,
        "bytes": plan.recordings.size,
        "broken_off": len(plan.interrupted),
        "accounts": extent.accounts,
    }


def _remove_leftovers(store: Store, *, as_json: bool) -> None:
    """Remove the recordings that an interrupted removal left behind, and print their number."""
    from practice.store.retention import sweep

    found = sweep(store)
    if found.number and not as_json:
        click.echo(
            _("Recordings left by an earlier removal, now removed: {n}, {mb:.1f} MB").format(
                n=found.number, mb=found.size / 1e6
            )
        )


def _print_plan(console: Console, heading: str, plan: Plan) -> None:
    from practice.output.layout import say
    from practice.output.wording import local_time

    say(console, heading, "bold")
    extent = plan.extent
    lines = [_("no attempts")]
    if extent.oldest and extent.newest:
        lines = [
            _("attempts: {n}, from {first} to {last}; not reviewed: {unreviewed}").format(
                n=extent.attempts,
                first=local_time(extent.oldest)[:10],
                last=local_time(extent.newest)[:10],
                unreviewed=extent.unreviewed,
            )
        ]
    lines.append(
        _("recordings: {n}, {mb:.1f} MB").format(
            n=plan.recordings.number, mb=plan.recordings.size / 1e6
        )
    )
    counted: list[tuple[str, Any]] = [
        (_("reviews: {n}"), extent.reviews),
        (_("interrupted attempts: {n}"), len(plan.interrupted)),
        (_("accounts: {n}"), extent.accounts),
    ]
    lines += [text.format(n=n) for text, n in counted if n]
    if plan.remembered:
        lines.append(_("the name remembered on this machine"))
    for line in lines:
        say(console, f"  {line}", indent=4)


_MOST_DAYS = 36_500


@click.command(epilog=_("Recordings, scores and reviews go with them; the trainees stay."))
@click.option(
    "--older-than",
    "age",
    required=True,
    metavar="AGE",
    help=_("Days or weeks, like 90d or 12w."),
)
# No environment variable here: the user must name explicitly what to remove.
@click.option("--group", help=_("Only the attempts of this group."))
@options.yes
@options.as_json
@options.records
def prune(age: str, group: str | None, yes: bool, as_json: bool, records: options.Records) -> None:
    """Count the old attempts, ask for confirmation and remove them."""
    from practice.output.wording import local_time
    from practice.store.retention import Before

    moment = _moment(age)
    store = context.existing_store(records, quiet=as_json)
    _remove_leftovers(store, as_json=as_json)
    remover = _open_remover(store)
    plan = remover.plan(Before(moment, group))
    if plan.is_empty:
        if as_json:
            context.emit_json(_to_dict(plan))
        else:
            click.echo(
                _("There are no attempts from before {time}.").format(time=local_time(moment))
            )
        return
    heading = _("Attempts from before {time}:").format(time=local_time(moment))
    _confirm_and_remove(plan, remover, heading, yes=yes, as_json=as_json)


def _moment(age: str) -> str:
    """Return the time ``age`` ago, ISO 8601 in UTC.

    Args:
        age: Days or weeks, like ``90d`` or ``12w``.

    Raises:
        click.BadParameter: The age is not valid.
    """
    found = re.fullmatch("([1-9][0-9]{0,4})([dw])", age)
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
    if not 0 < days <= _MOST_DAYS:
        raise click.BadParameter(
            _("“{age}” is not a valid age. Give days or weeks: 90d, 12w.").format(age=age),
            param_hint="--older-than",
        )
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")


@click.command()
@click.argument("trainee")
# No environment variable here: the user must name explicitly what to remove.
@click.option(
    "--group", help=_("The trainee's group, if several groups have a trainee of this name.")
)
@options.yes
@options.as_json
@options.records
def forget(
    trainee: str, group: str | None, yes: bool, as_json: bool, records: options.Records
) -> None:
    """Find the trainee, ask for confirmation and remove all data."""
    store = context.existing_store(records, quiet=as_json)
    remover = _open_remover(store)
    groups = [g for g in remover.groups_of(trainee) if group in (None, g)]
    if not groups:
        # An earlier run may have removed the records and stopped before the recordings.
        _remove_leftovers(store, as_json=as_json)
        raise PracticeError(
            _(
                "There is no trainee “{name}”. Run `practice history` to see who has practiced."
            ).format(name=trainee)
        )
    if len(groups) > 1:
        raise PracticeError(
            _("“{name}” is in several groups: {groups}. Name one with --group.").format(
                name=trainee, groups=_(", ").join(groups)
            )
        )
    aim = Trainee(trainee, groups[0])
    heading = _("All data of {name} ({group}):").format(name=aim.name, group=aim.group)
    _confirm_and_remove(remover.plan(aim), remover, heading, yes=yes, as_json=as_json)
