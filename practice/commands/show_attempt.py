"""``practice show-attempt``: show an attempt's delivery, in words or as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.delivery.comparison import Comparison, NotCompared
    from practice.records.attempt import Attempt


@click.command("show-attempt", epilog=_("See `practice history` for the ID."))
@click.argument("attempt_id", metavar="ID")
@click.option(
    "--png",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Draw the attempt to this file."),
)
@options.prompts
@options.model
@options.records
def show_attempt(
    attempt_id: str,
    path: Path | None,
    prompts_dir: Path,
    model_name: str,
    records: options.Records,
) -> None:
    """Print an attempt's delivery, or draw it to a file."""
    if attempt_id == "":
        raise click.UsageError(_("The ID is empty."))
    store = parts.existing_store(records)
    if store is None:
        return
    attempt = store.get(attempt_id)
    sound = store.sound(attempt.take)

    if path is not None and sound is None:
        raise AudioError(
            _(
                "The recording of attempt {id} is not here: it was removed, is on another "
                "machine, or was never kept. Nothing can be drawn."
            ).format(id=attempt.take.id[:8])
        )
    found = None
    try:
        found = parts.reference_recordings(prompts_dir, model_name).compare(attempt, sound)
    except PracticeError as error:  # the attempt can be shown without the comparison
        parts.report_error(error)
    if path is None:
        _tell(attempt, found)
    else:
        assert sound is not None
        _draw(attempt, sound, found, path)


def _tell(attempt: Attempt, found: Comparison | NotCompared | None) -> None:
    from practice.output import comparison as beside
    from practice.output import delivery
    from practice.output.attempt import print_clarity
    from practice.output.wording import labelled, reason_text
    from practice.output.wrap import say

    console = parts.console()
    parts.print_heading(attempt)
    assessment = attempt.assessment
    if assessment.score.reason is not None:
        say(console, reason_text(assessment.check, assessment.score.reason))
    elif assessment.delivery is None:
        text = _(
            "The delivery has not been measured yet. Run `practice rescore {id}` to measure it."
        )
        say(console, text.format(id=attempt.take.id[:8]))
    for name, text in delivery.rows(attempt):
        say(console, labelled(name, text), indent=2)
    print_clarity(console, attempt)
    beside.print_comparison(console, found)


def _draw(
    attempt: Attempt, sound: bytes, found: Comparison | NotCompared | None, path: Path
) -> None:
    from practice.delivery.comparison import Comparison
    from practice.files import atomic_write
    from practice.output.plots import attempt as picture
    from practice.text import one_line

    contour = found.contour if isinstance(found, Comparison) else None
    drawn = picture.png(attempt, sound, contour)
    with atomic_write(path) as file:
        file.write(drawn)
    click.echo(one_line(str(path)))
