"""``practice score`` and ``practice rescore``: score many recordings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import context, options
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.assessment.pipeline import Assessor
    from practice.records.attempt import Assessment, Attempt
    from practice.records.recognition import ModelInfo
    from practice.store import Store
    from practice.training.session import Session, Step


@click.command()
@click.argument("files", nargs=-1, type=options.FILE, metavar="[AUDIO]...")
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
    type=options.FILE,
    help=_("File of JSON rows, each with its own script and elements; nothing is stored."),
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help=_("Number of recordings to score at a time. [default: one per processor]"),
)
@options.explain
@options.as_json
@options.practice_options
def score(
    files: tuple[Path, ...],
    scenario_id: str | None,
    line: int,
    manifest: Path | None,
    jobs: int | None,
    explain: bool,
    as_json: bool,
    given: options.PracticeOptions,
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
        _score_manifest(manifest, given, jobs, as_json=as_json)
        return
    if not files or scenario_id is None:
        raise click.UsageError(_("Give recordings with their --scenario, or a --manifest."))

    from practice import scenarios as prompts
    from practice.training.session import steps_of

    scenario = prompts.load(given.prompts_dir, scenario_id)
    (step,) = steps_of(scenario, line)
    with context.open_session(given) as session:
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
    from practice.output.layout import say
    from practice.training.batch import cores, score_files

    console = context.console(for_programs=as_json)
    attempts = []
    outcomes = score_files(session, step, files, jobs or cores())
    with context.progress(outcomes, len(files)) as bar:
        for path, attempt in zip(files, bar, strict=True):
            if isinstance(attempt, PracticeError):
                context.report_error(attempt)
                continue
            attempts.append(attempt)
            if as_json:
                context.emit_json(attempt_to_dict(attempt))
                continue
            say(console, f"{path.name}: {one_line(attempt)}")
            if explain:
                print_explanation(console, attempt)
    return attempts


def _score_manifest(
    manifest: Path, given: options.PracticeOptions, jobs: int | None, *, as_json: bool
) -> None:
    from practice.output.as_json import row_to_dict
    from practice.training.batch import cores, read_manifest, score_rows

    rows = read_manifest(manifest)
    failed = 0
    verdicts: Counter[str] = Counter()
    assessor = context.build_assessor(given.model_name, given.prompts_dir)
    with context.progress(score_rows(assessor, rows, jobs or cores()), len(rows)) as bar:
        for row, outcome in zip(rows, bar, strict=True):
            if isinstance(outcome, PracticeError):
                failed += 1
                context.report_error(outcome)
            result = row_to_dict(row.keys, outcome)
            verdicts.update(element["verdict"] for element in result["elements"])
            if as_json:
                context.emit_json(result)
    if not as_json:
        click.echo(_("Rows: {n}").format(n=len(rows)))
        for verdict, count in sorted(verdicts.items()):
            click.echo(f"  {verdict}: {count}")
    if rows and failed == len(rows):
        raise SystemExit(1)


def _print_totals(attempts: list[Attempt], given: int) -> None:
    from practice.records.score import Counts

    scores = [attempt.assessment.score for attempt in attempts]
    results = Counter(score.passed for score in scores if score.reason is None)
    counts = sum((score.counts for score in scores if score.reason is None), Counts())
    click.echo(
        _(
            "Recordings: {given}; passed: {passed}, failed: {failed}, needs review: "
            "{open}, not scored: {unscored}, unreadable: {unread}"
        ).format(
            given=given,
            passed=results[True],
            failed=results[False],
            open=results[None],
            unscored=len(scores) - results.total(),
            unread=given - len(scores),
        )
    )
    if counts.accuracy is not None:
        click.echo(
            _("accuracy {accuracy:.1%} over {n} characters").format(
                accuracy=counts.accuracy, n=counts.reference_length
            )
        )


@click.command(epilog=_("Uses the script stored with each attempt; earlier scores are kept."))
@click.argument("attempt_ids", nargs=-1, metavar="[ID]...")
@options.scenario
@options.as_json
@options.practice_options
def rescore(
    attempt_ids: tuple[str, ...],
    scenario: str | None,
    as_json: bool,
    given: options.PracticeOptions,
) -> None:
    """Append a new score to each attempt whose assessment changed."""
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import one_line
    from practice.recognition.whisper.engine import info_of
    from practice.store import Filter

    store = context.existing_store(given.records, quiet=as_json)
    if attempt_ids:
        attempts = [store.get(attempt_id) for attempt_id in attempt_ids]
    else:
        attempts = store.latest(Filter(given.trainee, given.group, scenario))
    changed = failed = 0
    model = info_of(context.require_model(given.model_name))
    assessor = context.build_assessor(given.model_name, given.prompts_dir)
    for attempt in attempts:
        try:
            assessment = _assess_again(assessor, model, attempt, store)
        except PracticeError as error:
            failed += 1
            context.report_error(error)
            continue
        if assessment == attempt.assessment:
            continue
        store.add_score(attempt.take.id, assessment)
        changed += 1
        after = replace(attempt, assessment=assessment)
        if as_json:
            context.emit_json(attempt_to_dict(after))
        else:
            click.echo(f"{attempt.take.id[:8]}  {one_line(attempt)}  ->  {one_line(after)}")
    if not as_json:
        click.echo(
            _(
                "Attempts: {n}; scored differently: {changed}, unchanged: {same}, errors: {failed}"
            ).format(
                n=len(attempts),
                changed=changed,
                same=len(attempts) - changed - failed,
                failed=failed,
            )
        )
    if attempts and failed == len(attempts):
        raise SystemExit(1)


def _assess_again(
    assessor: Assessor, model: ModelInfo, attempt: Attempt, store: Store
) -> Assessment:
    """Assess an attempt again if scorer, model or settings changed.

    Returns:
        The new assessment; the earlier one if nothing changed or no recording was kept.

    Raises:
        AudioError: The recording is missing or unreadable.
    """
    from practice.audio import clip as audio
    from practice.records.recognition import Unscored

    take, earlier = attempt.take, attempt.assessment
    as_before = earlier.scorer == assessor.scorer and earlier.model in (None, model)
    if as_before or take.audio is None:
        return earlier
    cut_off = earlier.score.reason is Unscored.CUT_OFF
    recording = store.recording(take)
    if recording is None:
        raise AudioError(_("There is no file {path}.").format(path=store.folder / take.audio))
    return assessor.assess(audio.decode(recording, take.audio), take.spec, cut_off=cut_off)
