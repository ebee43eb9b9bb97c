"""``practice progress``: show a trainee's progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from practice.commands import context, options
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from practice.records.attempt import Trainee
    from practice.scoring.trend import Progress
    from practice.store import Store


@click.command(
    epilog=_(
        "Scores, practice days, most missed courtesies and pace; by default of this machine's "
        "trainee."
    )
)
@click.argument("name", required=False, envvar="PRACTICE_TRAINEE", metavar="[TRAINEE]")
@click.option(
    "--png",
    type=options.FILE,
    metavar="FILE",
    help=_("Also draw it as a PNG picture."),
)
@click.option(
    "--page",
    type=options.FILE,
    metavar="FILE",
    help=_("Also write it as an HTML file that opens in any browser."),
)
@options.as_json
@options.group
@options.records
def progress(
    name: str | None,
    png: Path | None,
    page: Path | None,
    as_json: bool,
    group: str | None,
    records: options.Records,
) -> None:
    """Print a trainee's progress, and write it as a picture or a page on request."""
    from datetime import datetime

    from practice.output.progress import print_progress, progress_to_dict
    from practice.store.people import People

    store = context.existing_store(records, quiet=as_json)
    trainee = _trainee(store, name, group)
    now = datetime.now().astimezone()
    found = People(store.database).progress(trainee, now.date())
    if not found.points:
        raise context.no_attempts(store, trainee.name)
    if not found.scenarios:
        raise PracticeError(
            _(
                "No attempt by “{name}” has been scored yet. See `practice history` for the "
                "reasons."
            ).format(name=trainee.name)
        )
    _write(found, png, page, now.isoformat())
    if as_json:
        context.emit_json(progress_to_dict(found))
    else:
        print_progress(context.console(), found)


def _trainee(store: Store, name: str | None, group: str | None) -> Trainee:
    """Return the named trainee, or this machine's own without a name."""
    if name:
        return context.find_trainee(store, name, group)
    own = context.known_trainee(None, None)
    return context.find_trainee(store, own.name, group, own.group)


def _write(found: Progress, png: Path | None, page: Path | None, made_at: str) -> None:
    from practice.files import write_output
    from practice.text import one_line

    if png is not None:
        from practice.output.plots.progress import progress_png

        picture = progress_png(found)
        with write_output(png) as file:
            file.write(picture)
    if page is not None:
        from practice.output.export.report import write_progress

        with write_output(page) as file:
            write_progress(found, made_at, file)
    for path in filter(None, (png, page)):
        click.echo(_("Written: {path}").format(path=one_line(str(path))), err=True)
