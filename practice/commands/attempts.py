"""``practice history`` and ``practice show-attempt``: saved attempts in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import context, options
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.delivery.comparison import Comparison, NotCompared
    from practice.records.attempt import Attempt


@click.command()
@click.argument("attempt_id", required=False, metavar="[ID]")
@options.scenario
@click.option(
    "--last",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help=_("Number of latest attempts to show."),
)
@options.explain
@options.as_json
@options.trainee
@options.group
@options.records
def history(
    attempt_id: str | None,
    scenario: str | None,
    last: int,
    explain: bool,
    as_json: bool,
    trainee: str | None,
    group: str | None,
    records: options.Records,
) -> None:
    """Print the latest attempts, or one attempt in full."""
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import print_attempt
    from practice.store import Filter

    if attempt_id == "":
        raise click.UsageError(_("The ID is empty."))
    store = context.existing_store(records, quiet=as_json)
    if attempt_id is not None:
        attempt = store.get(attempt_id)
        if as_json:
            context.emit_json(attempt_to_dict(attempt))
            return
        console = context.console()
        _print_heading(attempt)
        print_attempt(console, attempt, store.previous(attempt.take), explain=explain)
        return
    only = Filter(trainee=trainee, group=group, scenario=scenario)
    attempts = store.latest(only, limit=last)[::-1]
    if as_json:
        context.emit_json(*map(attempt_to_dict, attempts))
    elif attempts:
        _print_table(attempts)
    else:
        click.echo(_("No matching attempts."))


def _print_heading(attempt: Attempt) -> None:
    """Print an attempt's ID, time, trainee, scenario, script and recording."""
    from practice.output.wording import local_time, mode_name

    take = attempt.take
    title = f"{take.title}  {mode_name(take.setting)}".rstrip()
    click.echo(f"{take.id}  {local_time(take.created_at)}  {take.trainee.name}  {title}")
    click.echo(_("Say: {script}").format(script=take.spec.script))
    if take.audio:
        click.echo(_("Recording: {path}").format(path=take.audio))


def _print_table(attempts: list[Attempt]) -> None:
    from rich.table import Table
    from rich.text import Text

    from practice.output.attempt import one_line
    from practice.output.wording import local_time, mode_name

    table = Table(box=None, pad_edge=False)
    table.add_column(_("id"), no_wrap=True)
    table.add_column(_("when"), no_wrap=True)
    table.add_column(_("trainee"), max_width=12)
    table.add_column(_("scenario"), no_wrap=True)
    table.add_column(_("result"), overflow="fold")
    for attempt in attempts:
        take = attempt.take
        table.add_row(
            take.id[:8],
            local_time(take.created_at)[5:],
            Text(take.trainee.name),
            Text(f"{take.scenario} {take.line} {mode_name(take.setting)}".rstrip()),
            Text(one_line(attempt)),
        )
    context.console().print(table)


@click.command("show-attempt", epilog=_("See `practice history` for the ID."))
@click.argument("attempt_id", metavar="ID")
@click.option(
    "--png",
    "path",
    type=options.FILE,
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
    store = context.existing_store(records)
    attempt = store.get(attempt_id)
    sound = store.recording(attempt.take)

    if path is not None and sound is None:
        raise AudioError(
            _(
                "The recording of attempt {id} is not here: it was removed, is on another "
                "machine, or was never kept. Nothing can be drawn."
            ).format(id=attempt.take.id[:8])
        )
    found = None
    try:
        found = context.reference_recordings(prompts_dir, model_name).compare(attempt, sound)
    except PracticeError as error:  # the attempt can be shown without the comparison
        context.report_error(error)
    if path is None:
        _print_delivery(attempt, found)
    else:
        assert sound is not None
        _draw(attempt, sound, found, path)


def _print_delivery(attempt: Attempt, found: Comparison | NotCompared | None) -> None:
    from practice.output import comparison as beside
    from practice.output import delivery
    from practice.output.attempt import print_clarity
    from practice.output.layout import say
    from practice.output.wording import labelled, reason_text

    console = context.console()
    _print_heading(attempt)
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
    from practice.files import write_output
    from practice.output.plots import attempt as picture
    from practice.text import one_line

    contour = found.contour if isinstance(found, Comparison) else None
    drawn = picture.png(attempt, sound, contour)
    with write_output(path) as file:
        file.write(drawn)
    click.echo(one_line(str(path)))
