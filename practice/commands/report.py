"""``practice report``: write a trainee's attempts as an HTML file to hand over."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options, parts
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.records.attempt import DEFAULT_GROUP


@click.command(
    epilog=_(
        "The latest attempts with recordings and reviews, in one file that opens in any browser."
    )
)
@click.argument("trainee")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Output file; by default a file in the current folder, named after trainee and date."),
)
@click.option("--no-audio", is_flag=True, help=_("Leave the recordings out."))
@click.option(
    "--last",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help=_("Include this many of the latest attempts; each recording adds about 0.1 MB."),
)
@options.group
@options.records
def report(
    trainee: str,
    output: Path | None,
    no_audio: bool,
    last: int,
    group: str | None,
    records: options.Records,
) -> None:
    """Write the report and print its path."""
    from datetime import datetime

    from practice.files import atomic_write
    from practice.output.export.dossier import gather
    from practice.output.export.report import file_name, write_report
    from practice.text import one_line

    store = parts.existing_store(records, quiet=True)
    if store is None:
        return
    person = parts.find_trainee(store, trainee, group)
    made = datetime.now().astimezone()
    cover, attempts = gather(store, person, last, made.isoformat())
    if not attempts:
        raise parts.no_attempts(store, person.name)
    hall = "" if person.group == DEFAULT_GROUP else person.group
    path = output or Path(file_name([person.name, hall], made.date()))
    sound = None if no_audio else store.sound
    with atomic_write(path) as file, parts.progress(attempts, len(attempts)) as bar:
        write_report(cover, bar, file, sound)
    text = ngettext("{path}: {n} attempt", "{path}: {n} attempts", len(attempts))
    click.echo(one_line(text.format(path=path, n=len(attempts))))
