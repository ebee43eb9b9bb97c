"""``practice show-take``: a picture of a take, with pitch, characters and pauses."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options, parts
from practice.errors import AudioError
from practice.i18n import gettext as _


@click.command(
    "show-take",
    help=_(
        "Draw a take: waveform, pitch, the script's characters at their times, pauses. The ID is "
        "that of practice history."
    ),
)
@click.argument("attempt_id", metavar="ID")
@click.option(
    "--png",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Where to."),
)
@options.records
def show_take(attempt_id: str, path: Path, records: options.Records) -> None:
    """Find the take, draw it, and tell where the picture is."""
    from practice import picture
    from practice.export.whole import whole_file
    from practice.visible import one_line

    if attempt_id == "":
        raise click.UsageError(_("The ID is empty."))
    store = parts.existing_store(records)
    if store is None:
        return
    attempt = store.get(attempt_id)
    sound = store.sound(attempt.take)
    if sound is None:
        raise AudioError(
            _(
                "The recording of take {id} is not here: it was removed, lies on another machine, "
                "or was never kept. Nothing can be drawn."
            ).format(id=attempt.take.id[:8])
        )
    drawn = picture.png(attempt, sound)
    with whole_file(path) as file:
        file.write(drawn)
    click.echo(one_line(str(path)))
