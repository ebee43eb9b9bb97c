"""``practice forget``: remove all data of a trainee."""

from __future__ import annotations

import click

from practice.commands import options, parts, removing
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Trainee


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

    store = parts.existing_store(records, quiet=as_json)
    if store is None:
        return
    remover = removing.remover(store)
    groups = [g for g in remover.groups_of(trainee) if group in (None, g)]
    if not groups:
        # An earlier run may have removed the records and stopped before the recordings.
        removing.tell_leftovers(sweep(store), as_json=as_json)
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
    removing.remove(remover.plan(aim), remover, heading, yes=yes, as_json=as_json)
