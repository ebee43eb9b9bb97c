"""``practice prune``: remove old attempts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from practice.commands import options, parts, removing
from practice.i18n import gettext as _

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
    from practice.store.removal import Before
    from practice.store.retention import sweep

    moment = _moment(age)
    store = parts.existing_store(records, quiet=as_json)
    if store is None:
        return
    removing.tell_leftovers(sweep(store), as_json=as_json)
    remover = removing.remover(store)
    plan = remover.plan(Before(moment, group))
    if plan.is_empty:
        if as_json:
            removing.emit(plan)
        else:
            click.echo(
                _("There are no attempts from before {time}.").format(time=local_time(moment))
            )
        return
    heading = _("Attempts from before {time}:").format(time=local_time(moment))
    removing.remove(plan, remover, heading, yes=yes, as_json=as_json)


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
