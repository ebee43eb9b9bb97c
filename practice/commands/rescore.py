"""``practice rescore``: score stored attempts again by the current rules and model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.assessment.pipeline import Assessor
    from practice.records.attempt import Assessment, Attempt
    from practice.records.recognition import ModelInfo
    from practice.store import Store


@click.command(epilog=_("Uses the script stored with each attempt; earlier scores are kept."))
@click.argument("attempt_ids", nargs=-1, metavar="[ID]...")
@click.option("--scenario", help=_("Only this scenario."))
@options.as_json
@options.desk
def rescore(
    attempt_ids: tuple[str, ...],
    scenario: str | None,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Append a new score to each attempt whose assessment changed."""
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import one_line
    from practice.recognition.whisper.engine import info_of
    from practice.store import Filter

    store = parts.existing_store(desk.records, quiet=as_json)
    if store is None:
        return
    if attempt_ids:
        attempts = [store.get(attempt_id) for attempt_id in attempt_ids]
    else:
        attempts = store.latest(Filter(desk.trainee, desk.group, scenario))
    changed = failed = 0
    model = info_of(parts.require_model(desk.model_name))
    with parts.open_assessor(desk) as judge:
        for attempt in attempts:
            try:
                assessment = _judge_again(judge, model, attempt, store)
            except PracticeError as error:
                failed += 1
                parts.report_error(error)
                continue
            if assessment == attempt.assessment:
                continue
            store.add_score(attempt.take.id, assessment)
            changed += 1
            after = replace(attempt, assessment=assessment)
            if as_json:
                parts.emit_json(attempt_to_dict(after))
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


def _judge_again(judge: Assessor, model: ModelInfo, attempt: Attempt, store: Store) -> Assessment:
    """Assess an attempt again if scorer, model or settings changed.

    Returns:
        The new assessment; the earlier one if nothing changed or no recording was kept.

    Raises:
        AudioError: The recording is missing or unreadable.
    """
    from practice.audio import clip as audio
    from practice.records.recognition import Unscored

    take, earlier = attempt.take, attempt.assessment
    as_before = earlier.scorer == judge.scorer and earlier.model in (None, model)
    if as_before or take.audio is None:
        return earlier
    cut_off = earlier.check.reason is Unscored.CUT_OFF
    sound = store.sound(take)
    if sound is None:
        raise AudioError(_("There is no file {path}.").format(path=store.folder / take.audio))
    return judge.assess(audio.decode(sound, take.audio), take.spec, cut_off=cut_off)
