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
    from practice.store import Store
    from practice.store.retention import Plan, RecordingCount, Remover


def open_remover(store: Store) -> Remover:
    """Build the remover for a store and the name remembered on this machine."""
    from practice.store.retention import Remover

    return Remover(store, settings_file(), DEFAULT_GROUP)


def remove(plan: Plan, remover: Remover, heading: str, *, yes: bool, as_json: bool) -> None:
    """Show the plan, ask for confirmation, carry it out and print what was removed.

    Args:
        heading: Title of the list that is shown before the question.
        yes: Remove without asking.

    Raises:
        PracticeError: There is no terminal to ask in, or the removal failed.
    """
    from practice.output.layout import say

    # Without a question the list is not needed beforehand: it is printed after the removal.
    if not yes:
        if not context.is_interactive():
            raise PracticeError(
                _("There is no terminal to ask in. Use --yes to remove without confirmation.")
            )
        shown = context.console(for_programs=True)
        say(shown, heading, "bold")
        _list(plan, to_stderr=True)
        if not click.confirm(_("Remove permanently?"), default=False, err=True):
            click.echo(_("Nothing was removed."), err=True)
            return
    done = replace(plan, extent=remover.carry_out(plan))
    if as_json:
        emit(done)
        return
    say(context.console(), _("Permanently removed:"), "bold")
    _list(done, to_stderr=False)
    text = _(
        "Bundles and reports already given away are not affected. Where a bundle was "
        "imported, remove the data there too."
    )
    say(context.console(), text)


def emit(plan: Plan) -> None:
    """Print what was removed as JSON."""
    extent = plan.extent
    context.emit_json(
        {
            "attempts": extent.attempts,
            "unreviewed": extent.unreviewed,
            "reviews": extent.reviews,
            "recordings": plan.recordings.number,
            "bytes": plan.recordings.size,
            "broken_off": len(plan.interrupted),
            "accounts": extent.accounts,
        }
    )


def tell_leftovers(found: RecordingCount, *, as_json: bool) -> None:
    """Print how many recordings an earlier removal had left behind, if any; not for JSON."""
    if found.number and not as_json:
        click.echo(
            _("Recordings left by an earlier removal, now removed: {n}, {mb:.1f} MB").format(
                n=found.number, mb=found.size / 1e6
            )
        )


def _list(plan: Plan, *, to_stderr: bool) -> None:
    from practice.output.layout import say
    from practice.output.wording import local_time

    console = context.console(for_programs=to_stderr)
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
    from practice.store.retention import Before, sweep

    moment = _moment(age)
    store = context.existing_store(records, quiet=as_json)
    if store is None:
        return
    tell_leftovers(sweep(store), as_json=as_json)
    remover = open_remover(store)
    plan = remover.plan(Before(moment, group))
    if plan.is_empty:
        if as_json:
            emit(plan)
        else:
            click.echo(
                _("There are no attempts from before {time}.").format(time=local_time(moment))
            )
        return
    heading = _("Attempts from before {time}:").format(time=local_time(moment))
    remove(plan, remover, heading, yes=yes, as_json=as_json)


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
    from practice.store.retention import sweep

    store = context.existing_store(records, quiet=as_json)
    if store is None:
        return
    remover = open_remover(store)
    groups = [g for g in remover.groups_of(trainee) if group in (None, g)]
    if not groups:
        # An earlier run may have removed the records and stopped before the recordings.
        tell_leftovers(sweep(store), as_json=as_json)
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
    remove(remover.plan(aim), remover, heading, yes=yes, as_json=as_json)
