"""``practice pack``: a file that carries takes and reviews to another machine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.sync.write import Written


@click.command(
    help=_(
        "Make a file of everything that is new here since the last pack: takes with their "
        "recordings, and reviews. The other machine takes it over with `practice unpack`."
    )
)
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The file to make, or the folder to make it in."),
)
@click.option("--all", "everything", is_flag=True, help=_("Everything that is kept here."))
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help=_("Everything from a day on, like 2026-11-20, packed before or not."),
)
@options.as_json
@options.records
def pack(
    output: Path | None,
    everything: bool,
    since: datetime | None,
    as_json: bool,
    records: options.Records,
) -> None:
    """Write the file, and tell what is in it."""
    if everything and since is not None:
        raise click.UsageError(_("Give --all or --since, not both."))
    from practice.store.exchange import Exchange
    from practice.sync.write import write

    store = parts.existing_store(records, quiet=as_json)
    if store is None:
        return
    exchange = Exchange(store.database)
    if everything:
        ids = exchange.everything()
    elif since is not None:
        ids = exchange.changed_since(_beginning_of(since))
    else:
        ids = exchange.unsent()
    if not ids:
        _tell_that_nothing_is_new(exchange.last_pack(), as_json=as_json)
        return
    with parts.stepwise(_("Packing")) as progress:
        written = write(
            store,
            ids,
            lambda mark: _path(output, mark),
            every_sound=everything,
            progress=progress,
        )
    for left_out in written.left_out:
        parts.report_error(left_out)
    if as_json:
        parts.emit_json(
            {
                "file": str(written.path),
                "attempts": written.attempts,
                "recordings": written.recordings,
                "reviews": written.reviews,
                "bytes": written.size,
                "left_out": list(written.left_out),
            }
        )
        return
    _tell(written)


def _beginning_of(day: datetime) -> str:
    """When a day begins on the clock of this machine."""
    from practice.store.days import beginning

    try:
        return beginning(day)
    except (OverflowError, ValueError, OSError):  # before the clock began
        raise click.BadParameter(
            _("There was no practice on that day."), param_hint="--since"
        ) from None


def _path(output: Path | None, mark: str) -> Path:
    """Where the pack goes: what was named, or a name with the day and the store's own mark."""
    from practice.sync.format import SUFFIX

    if output is not None and not output.is_dir():
        return output
    folder = output or Path()
    stem = f"practice-{datetime.now():%Y-%m-%d}-{mark}"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}{SUFFIX}" for n in range(1, 1000))
    return next(path for name in names if not (path := folder / name).exists())


def _tell_that_nothing_is_new(last: str | None, *, as_json: bool) -> None:
    from practice.output.wording import local_time

    if as_json:
        parts.emit_json({"file": None, "attempts": 0, "recordings": 0, "reviews": 0, "bytes": 0})
    elif last is None:
        click.echo(_("Nothing is new here; --all packs everything."))
    else:
        click.echo(
            _("Nothing is new since the last pack of {time}; --all packs everything.").format(
                time=local_time(last)
            )
        )


def _tell(written: Written) -> None:
    from practice.output.wrap import say

    console = parts.console()
    say(console, str(written.path), "bold")
    say(
        console,
        _("takes: {attempts}   recordings: {recordings}   reviews: {reviews}   {mb:.1f} MB").format(
            attempts=written.attempts,
            recordings=written.recordings,
            reviews=written.reviews,
            mb=written.size / 1e6,
        ),
    )
    say(
        console,
        _(
            "It holds names and voices: give it to nobody but your trainer or hall, and delete "
            "it when it was taken over there with `practice unpack`."
        ),
        "dim",
    )
