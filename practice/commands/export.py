"""``practice export`` and ``practice report``: files made from attempts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import context, options
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.export import KINDS
from practice.records.attempt import DEFAULT_GROUP

if TYPE_CHECKING:
    from practice.records.attempt import Attempt
    from practice.store import Filter, Store


@click.command()
@click.argument("attempt_ids", nargs=-1, metavar="[ID]...")
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    help=_("Output file. CSV and JSON go to standard output by default."),
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(KINDS),
    help=_("Format. Default: by the extension of FILE, or csv without FILE."),
)
@options.filters
@options.records
def export(
    attempt_ids: tuple[str, ...],
    output: Path | None,
    kind: str | None,
    only: Filter,
    records: options.Records,
) -> None:
    """Write the attempts, by default the newest first, and print their number."""
    from practice.files import write_output
    from practice.output.export.tables import write
    from practice.store import Filter

    kind = kind or _kind_of(output)
    if kind == "xlsx" and output is None:
        raise click.UsageError(_("Excel needs a file: -o FILE.xlsx"))
    if attempt_ids and only != Filter():
        raise click.UsageError(_("Give IDs or filter options, not both."))
    store = context.existing_store(records, quiet=True)
    attempts, total = _named(store, attempt_ids) if attempt_ids else _picked(store, only)
    # On a terminal, a progress bar would appear between the rows.
    is_shown = output is None and sys.stdout.isatty()
    with (
        write_output(output) if output else nullcontext(sys.stdout.buffer) as file,
        nullcontext(attempts) if is_shown else context.progress(attempts, total) as rows,
    ):
        n = write(kind, rows, file)
    sys.stdout.flush()
    click.echo(ngettext("{n} attempt exported.", "{n} attempts exported.", n).format(n=n), err=True)


def _kind_of(output: Path | None) -> str:
    """Return the format by a file's extension; csv without a file."""
    if output is None:
        return "csv"
    ending = output.suffix.lower().lstrip(".")
    if ending not in KINDS:
        raise click.UsageError(
            _(
                "The extension of {name} is not a supported format. Use .csv, .xlsx or .json."
            ).format(name=output.name)
        )
    return ending


def _named(store: Store, attempt_ids: tuple[str, ...]) -> tuple[Iterable[Attempt], int]:
    found = {attempt.take.id: attempt for attempt in map(store.get, attempt_ids)}
    return found.values(), len(found)


def _picked(store: Store, only: Filter) -> tuple[Iterable[Attempt], int]:
    from practice.store.reviews import Queue

    return store.stream(only), Queue(store.database).counts(only).of(only)


@click.command(
    epilog=_(
        "The latest attempts with recordings and reviews, in one file that opens in any browser."
    )
)
@click.argument("trainee")
@click.option(
    "-o",
    "--output",
    type=options.FILE,
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

    from practice.files import write_output
    from practice.output.export.report import file_name, gather, write_report
    from practice.text import one_line

    store = context.existing_store(records, quiet=True)
    person = context.find_trainee(store, trainee, group)
    made = datetime.now().astimezone()
    found = gather(store, person, last, made.isoformat())
    attempts = found.attempts
    if not attempts:
        raise context.no_attempts(store, person.name)
    hall = "" if person.group == DEFAULT_GROUP else person.group
    path = output or Path(file_name([person.name, hall], made.date()))
    sound = None if no_audio else store.recording
    with write_output(path) as file, context.progress(attempts, len(attempts)) as bar:
        write_report(found, bar, file, sound)
    text = ngettext("{path}: {n} attempt", "{path}: {n} attempts", len(attempts))
    click.echo(one_line(text.format(path=path, n=len(attempts))))
