"""``practice forget``: remove everything that is kept of a trainee."""

from __future__ import annotations

import click

from practice.commands import options, parts, removing
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Trainee


@click.command()
@click.argument("trainee")
# No variable stands in for it here: what is removed is named by who removes it.
@click.option(
    "--group", help=_("The trainee's group, if several groups have a trainee of this name.")
)
@options.yes
@options.as_json
@options.records
def forget(
    trainee: str, group: str | None, yes: bool, as_json: bool, records: options.Records
) -> None:
    """Find the trainee, ask, remove."""
    from practice.store.retention import sweep

    store = parts.existing_store(records, quiet=as_json)
    if store is None:
        return
    remover = removing.remover(store)
    groups = [g for g in remover.groups_of(trainee) if group in (None, g)]
    if not groups:
        # Perhaps an earlier run was stopped after the records had gone.
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
