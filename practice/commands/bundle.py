"""``practice bundle``: carry attempts and reviews between machines without a network."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice.commands import context, options
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import Take
    from practice.store.exchange import Conflict, ImportResult
    from practice.sync.exporting import ExportResult


@click.group()
def bundle() -> None:
    """Group the bundle commands."""


@bundle.command(
    "export",
    help=_(
        "Export everything new since the last export, attempts with recordings and "
        "reviews, to a bundle for `practice bundle import` on another machine."
    ),
)
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Bundle file to write, or the folder to write it to."),
)
@click.option("--all", "everything", is_flag=True, help=_("Export everything that is kept here."))
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help=_("Export everything from this day on, like 2026-11-20, even if exported before."),
)
@options.as_json
@options.records
def export(
    output: Path | None,
    everything: bool,
    since: datetime | None,
    as_json: bool,
    records: options.Records,
) -> None:
    """Write the bundle and print what it contains."""
    if everything and since is not None:
        raise click.UsageError(_("Give --all or --since, not both."))
    from practice.store.exchange import Exchange
    from practice.sync.exporting import write

    store = context.existing_store(records, quiet=as_json)
    exchange = Exchange(store.database)
    if everything:
        ids = exchange.everything()
    elif since is not None:
        ids = exchange.changed_since(_beginning_of(since))
    else:
        ids = exchange.unsent()
    if not ids:
        _print_nothing_new(exchange.last_bundle(), as_json=as_json)
        return
    with context.stepwise(_("Exporting")) as progress:
        written = write(
            store,
            ids,
            lambda mark: _path(output, mark),
            all_recordings=everything,
            progress=progress,
        )
    for left_out in written.left_out:
        context.report_error(left_out)
    if as_json:
        context.emit_json(_export_to_dict(written))
    else:
        _print_export(written)


def _beginning_of(day: datetime) -> str:
    """Return the start of a day in local time, ISO 8601 in UTC."""
    from practice.store.database import beginning

    try:
        return beginning(day)
    except (OverflowError, ValueError, OSError):  # outside the range of the system's clock
        raise click.BadParameter(
            _("This date is out of range. Give one like 2026-11-20."), param_hint="--since"
        ) from None


def _path(output: Path | None, mark: str) -> Path:
    """Return the file ``output``, or a free name in a folder, from the day and the store's mark."""
    from practice.sync.format import SUFFIX

    if output is not None and not output.is_dir():
        return output
    folder = output or Path()
    stem = f"practice-{datetime.now():%Y-%m-%d}-{mark}"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}{SUFFIX}" for n in range(1, 1000))
    return next(path for name in names if not (path := folder / name).exists())


def _print_nothing_new(last: str | None, *, as_json: bool) -> None:
    from practice.output.wording import local_time

    if as_json:
        context.emit_json({"file": None, "attempts": 0, "recordings": 0, "reviews": 0, "bytes": 0})
    elif last is None:
        click.echo(_("There is nothing new to export. Use --all to export everything."))
    else:
        click.echo(
            _(
                "There is nothing new since the last export ({time}). Use --all to export "
                "everything."
            ).format(time=local_time(last))
        )


def _export_to_dict(written: ExportResult) -> dict[str, Any]:
    return {
        "file": str(written.path),
        "attempts": written.attempts,
        "recordings": written.recordings,
        "reviews": written.reviews,
        "bytes": written.size,
        "left_out": list(written.left_out),
    }


def _print_export(written: ExportResult) -> None:
    from practice.output.layout import say

    console = context.console()
    say(console, str(written.path), "bold")
    say(
        console,
        _(
            "attempts: {attempts}   recordings: {recordings}   reviews: {reviews}   {mb:.1f} MB"
        ).format(mb=written.size / 1e6, **_export_to_dict(written)),
    )
    say(
        console,
        _(
            "The bundle contains names and voices. Give it only to your trainer or "
            "business hall, and delete it after they have imported it with `practice "
            "bundle import`."
        ),
        "dim",
    )


@bundle.command(
    "import",
    help=_(
        "Import bundles of attempts and reviews; existing records do not change, so "
        "importing a bundle twice is safe."
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@options.as_json
@options.records
def import_(files: tuple[Path, ...], as_json: bool, records: options.Records) -> None:
    """Import bundles one by one; each is imported completely or not at all."""
    from practice.sync.importing import merge

    store = context.open_store(records)
    failed = False
    for path in files:
        try:
            with context.stepwise(path.name) as progress:
                arrived = merge(store, path, progress)
        except PracticeError as error:
            failed = True
            context.report_error(error)
            continue
        if as_json:
            context.emit_json(_import_to_dict(path, arrived))
        else:
            _print_import(path, arrived)
    if failed:
        raise SystemExit(1)


def _import_to_dict(path: Path, arrived: ImportResult) -> dict[str, Any]:
    return {
        "file": str(path),
        "new": arrived.new,
        "present": arrived.present,
        "forgotten": arrived.forgotten,
        "scores": arrived.judgements,
        "reviews": arrived.reviews,
        "recordings": arrived.recordings,
        "refused": arrived.refused,
        "differing": [take.id for take in arrived.differing],
        "conflicts": [
            {
                "id": conflict.take.id,
                "trainee": conflict.take.trainee.name,
                "group": conflict.take.trainee.group,
                "script": conflict.take.spec.script,
                "ours": asdict(conflict.ours),
                "theirs": asdict(conflict.theirs),
                "counts": conflict.counts.id,
            }
            for conflict in arrived.conflicts
        ],
    }


def _print_import(path: Path, arrived: ImportResult) -> None:
    from practice.output.layout import say

    console = context.console()
    say(console, path.name, "bold")
    say(
        console,
        _(
            "new attempts: {new}   recordings: {recordings}   reviews: {reviews}   later "
            "scores: {judgements}   already here: {present}"
        ).format(judgements=arrived.judgements, **_import_to_dict(path, arrived)),
    )
    if arrived.forgotten:
        text = _("removed here before, not imported: {n}")
        say(console, text.format(n=arrived.forgotten))
    for attempt_id in arrived.refused:
        text = _(
            "The recording of {id} cannot be played and was not imported. The attempt itself "
            "is here."
        )
        say(console, text.format(id=attempt_id[:8]), "yellow", indent=2)
    for take in arrived.differing:
        text = _("{take} differs from the bundle. The version on this machine is kept.")
        say(console, text.format(take=_name(take)), "yellow", indent=2)
    for conflict in arrived.conflicts:
        say(console, _conflict(conflict), "yellow", indent=2)


def _conflict(conflict: Conflict) -> str:
    from practice.output.review import decision_text
    from practice.output.wording import local_time

    return _(
        "{take} has two reviews: {ours}, {our_time}: {our_decision}; {theirs}, "
        "{their_time}: {their_decision}. The latest one, by {who}, {when}, counts."
    ).format(
        take=_name(conflict.take),
        ours=conflict.ours.reviewer,
        our_time=local_time(conflict.ours.created_at),
        our_decision=decision_text(conflict.ours),
        theirs=conflict.theirs.reviewer,
        their_time=local_time(conflict.theirs.created_at),
        their_decision=decision_text(conflict.theirs),
        who=conflict.counts.reviewer,
        when=local_time(conflict.counts.created_at),
    )


def _name(take: Take) -> str:
    return _("{id} by {name} ({group}), “{script}”").format(
        id=take.id[:8], name=take.trainee.name, group=take.trainee.group, script=take.spec.script
    )
