"""``practice export``: export attempts as CSV, Excel or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.export import KINDS

if TYPE_CHECKING:
    from practice.records.attempt import Attempt
    from practice.store import Filter, Store


@click.command()
@click.argument("attempt_ids", nargs=-1, metavar="[ID]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
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
    from practice.files import atomic_write
    from practice.output.export.files import write
    from practice.store import Filter

    kind = kind or _kind_of(output)
    if kind == "xlsx" and output is None:
        raise click.UsageError(_("Excel needs a file: -o FILE.xlsx"))
    if attempt_ids and only != Filter():
        raise click.UsageError(_("Give IDs or filter options, not both."))
    store = parts.existing_store(records, quiet=True)
    if store is None:
        return
    attempts, total = _named(store, attempt_ids) if attempt_ids else _picked(store, only)
    if output is not None:
        with atomic_write(output) as file, parts.progress(attempts, total) as bar:
            n = write(kind, bar, file)
    elif sys.stdout.isatty():  # a progress bar would appear between the rows
        n = write(kind, attempts, sys.stdout.buffer)
    else:
        with parts.progress(attempts, total) as bar:
            n = write(kind, bar, sys.stdout.buffer)
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
    from practice.store.queue import Queue

    return store.stream(only), Queue(store.database).counts(only).of(only)
