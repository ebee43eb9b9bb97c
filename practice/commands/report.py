"""``practice report``: a trainee's takes as an HTML file to hand over."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options, parts
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.records.attempt import DEFAULT_GROUP


@click.command(
    help=_(
        "Write a trainee's newest takes, with sound and reviews, as an HTML file that opens in "
        "any browser, without practice and without network."
    )
)
@click.argument("trainee")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Where to; else a file here that is named after trainee and day."),
)
@click.option("--no-audio", is_flag=True, help=_("Leave the recordings out."))
@click.option(
    "--last",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help=_("How many takes, the newest. With sound each needs about 0.1 MB."),
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
    """Write the report and tell where it is."""
    from datetime import datetime

    from practice.files import whole_file
    from practice.output.export.dossier import gather
    from practice.output.export.report import file_name, write_report
    from practice.text import one_line

    store = parts.existing_store(records, quiet=True)
    if store is None:
        return
    person = parts.kept_trainee(store, trainee, group)
    made = datetime.now().astimezone()
    cover, attempts = gather(store, person, last, made.isoformat())
    if not attempts:
        raise parts.no_takes(store, person.name)
    hall = "" if person.group == DEFAULT_GROUP else person.group
    path = output or Path(file_name([person.name, hall], made.date()))
    sound = None if no_audio else store.sound
    with whole_file(path) as file, parts.progress(attempts, len(attempts)) as bar:
        write_report(cover, bar, file, sound)
    text = ngettext("{path}: {n} take", "{path}: {n} takes", len(attempts))
    click.echo(one_line(text.format(path=path, n=len(attempts))))
