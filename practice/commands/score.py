"""``practice score``: score many recordings of a line, or a labeled manifest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import Attempt
    from practice.training.session import Session, Step


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[AUDIO]...")
@click.option("--scenario", "scenario_id", help=_("Scenario of the recordings."))
@click.option(
    "--line",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help=_("Line of the scenario."),
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help=_("File of JSON rows, each with its own script and elements; nothing is stored."),
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help=_("Number of recordings to score at a time. [default: one per processor]"),
)
@options.explain
@options.as_json
@options.desk
def score(
    files: tuple[Path, ...],
    scenario_id: str | None,
    line: int,
    manifest: Path | None,
    jobs: int | None,
    explain: bool,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Score the recordings or the manifest with a progress bar, and print a summary."""
    if manifest is not None:
        if files or scenario_id:
            raise click.UsageError(
                _(
                    "A manifest lists its own recordings and scripts. Leave out the files and "
                    "--scenario."
                )
            )
        _score_manifest(manifest, desk, jobs, as_json=as_json)
        return
    if not files or scenario_id is None:
        raise click.UsageError(_("Give recordings with their --scenario, or a --manifest."))

    from practice import scenarios as prompts
    from practice.training.session import steps_of

    scenario = prompts.load(desk.prompts_dir, scenario_id)
    (step,) = steps_of(scenario, line)
    with parts.open_session(desk) as session:
        attempts = _score_files(session, step, files, jobs, explain=explain, as_json=as_json)
    if not attempts:
        raise SystemExit(1)
    if not as_json:
        _print_totals(attempts, len(files))


def _score_files(
    session: Session,
    step: Step,
    files: tuple[Path, ...],
    jobs: int | None,
    *,
    explain: bool,
    as_json: bool,
) -> list[Attempt]:
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import one_line, print_explanation
    from practice.output.wrap import say
    from practice.training.batch import cores, score_files

    console = parts.console(for_programs=as_json)
    attempts = []
    outcomes = score_files(session, step, files, jobs or cores())
    with parts.progress(outcomes, len(files)) as bar:
        for path, attempt in zip(files, bar, strict=True):
            if isinstance(attempt, PracticeError):
                parts.report_error(attempt)
                continue
            attempts.append(attempt)
            if as_json:
                parts.emit_json(attempt_to_dict(attempt))
                continue
            say(console, f"{path.name}: {one_line(attempt)}")
            if explain:
                print_explanation(console, attempt)
    return attempts


def _score_manifest(manifest: Path, desk: options.Desk, jobs: int | None, *, as_json: bool) -> None:
    from practice.output.as_json import row_to_dict
    from practice.training.batch import cores, read_manifest, score_rows

    rows = read_manifest(manifest)
    failed = 0
    verdicts: Counter[str] = Counter()
    with (
        parts.open_assessor(desk) as judge,
        parts.progress(score_rows(judge, rows, jobs or cores()), len(rows)) as bar,
    ):
        for row, outcome in zip(rows, bar, strict=True):
            if isinstance(outcome, PracticeError):
                failed += 1
                parts.report_error(outcome)
            result = row_to_dict(row.keys, outcome)
            verdicts.update(element["verdict"] for element in result["elements"])
            if as_json:
                parts.emit_json(result)
    if not as_json:
        click.echo(_("Rows: {n}").format(n=len(rows)))
        for verdict, count in sorted(verdicts.items()):
            click.echo(f"  {verdict}: {count}")
    if rows and failed == len(rows):
        raise SystemExit(1)


def _print_totals(attempts: list[Attempt], given: int) -> None:
    from practice.records.score import Counts

    scored = [a for a in attempts if a.assessment.score.reason is None]
    passed = sum(bool(a.assessment.score.passed) for a in scored)
    counts = sum((a.assessment.score.counts for a in scored), Counts())
    click.echo(
        _(
            "Recordings: {given}; passed: {passed}, failed: {failed}, needs review: "
            "{open}, not scored: {unscored}, unreadable: {unread}"
        ).format(
            given=given,
            passed=passed,
            failed=sum(a.assessment.score.passed is False for a in scored),
            open=sum(a.assessment.score.passed is None for a in scored),
            unscored=len(attempts) - len(scored),
            unread=given - len(attempts),
        )
    )
    if counts.accuracy is not None:
        click.echo(
            _("accuracy {accuracy:.1%} over {n} characters").format(
                accuracy=counts.accuracy, n=counts.reference_length
            )
        )
