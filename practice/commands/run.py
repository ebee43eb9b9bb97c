"""``practice run``: practise a scenario, at the microphone or with recordings."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import live, options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.core.models import Scenario
    from practice.session import Session, Step
    from practice.speech.recorder import Microphone


@click.command(help=_("Practise a scenario: read, speak, and see what was missed."))
@click.argument("scenario_id", metavar="SCENARIO")
@click.option("--line", type=click.IntRange(min=1), help=_("Only this line of the scenario."))
@click.option(
    "--audio",
    type=click.Path(path_type=Path),
    multiple=True,
    help=_("Take a recording instead of the microphone; once for each line."),
)
@click.argument("more_audio", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@options.microphone
@options.explain
@options.as_json
@options.desk
def run(
    scenario_id: str,
    line: int | None,
    audio: tuple[Path, ...],
    more_audio: tuple[Path, ...],
    mic: options.Mic,
    explain: bool,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Put the parts together and hand over to the session."""
    from practice import prompts
    from practice.session import steps_of

    files = audio + more_audio
    if more_audio and not audio:
        raise click.UsageError(_("Recordings are given with --audio FILE."))
    scenario = prompts.load(desk.prompts_dir, scenario_id)
    steps = steps_of(scenario, line)
    _require_enough_lines(steps, files)
    microphone = None if files else live.open_microphone(mic, or_files=True)
    console = live.console(as_json=as_json) if microphone else parts.console(for_programs=as_json)
    with parts.open_session(desk, load_ahead=microphone is not None) as session:
        if microphone is None:
            _run_files(console, session, steps, files, explain=explain, as_json=as_json)
        else:
            _run_live(console, session, steps, microphone, explain=explain, as_json=as_json)


def _require_enough_lines(steps: list[Step], files: tuple[Path, ...]) -> None:
    if len(files) > len(steps):
        raise PracticeError(
            _(
                "{files} recordings were given for {n} lines of {scenario}. Several takes of one "
                "line are judged by `practice score`."
            ).format(files=len(files), n=len(steps), scenario=steps[0].scenario.id)
        )


def _run_files(
    console: Console,
    session: Session,
    steps: list[Step],
    files: tuple[Path, ...],
    *,
    explain: bool,
    as_json: bool,
) -> None:
    from practice.batch import score_file
    from practice.report.as_json import attempt_to_dict
    from practice.report.terminal import print_attempt
    from practice.report.wrap import say

    done = 0
    for step, path in zip(steps, files, strict=False):
        try:
            attempt = score_file(session, step, path, 1)
        except PracticeError as error:
            parts.report_error(error)
            continue
        done += 1
        if as_json:
            parts.emit_json(attempt_to_dict(attempt))
            continue
        script = attempt.take.spec.script
        say(console, f"{step.scenario.title}: {script}", "bold")
        print_attempt(console, attempt, session.store.previous(attempt.take), explain=explain)
        console.print()
    if not done:
        raise SystemExit(1)


def _run_live(
    console: Console,
    session: Session,
    steps: list[Step],
    microphone: Microphone,
    *,
    explain: bool,
    as_json: bool,
) -> None:
    from practice.report.live import TerminalStage
    from practice.session import practise

    emit = parts.emit_line if as_json else None
    with closing(TerminalStage(console, explain=explain, emit=emit)) as stage:
        live.say_who_and_with_what(console, session, microphone)
        _say_what_to_say_again(console, session, steps[0].scenario)
        live.offer_broken_off(console, session, stage)
        practise(session, steps, microphone, stage)


def _say_what_to_say_again(console: Console, session: Session, scenario: Scenario) -> None:
    """Tell which takes of the scenario the trainer sent back, with the trainer's words."""
    from practice.report.wrap import say
    from practice.store.people import People

    group = People(session.store.database).summaries(session.trainee.group)
    sent_back = [i for s in group if s.name == session.trainee.name for i in s.redo]
    for attempt in filter(None, map(session.store.find, sent_back)):
        if attempt.take.scenario != scenario.id or attempt.review is None:
            continue
        text = _("{trainer} asks you to say this again: {script}")
        script = attempt.take.spec.script
        say(console, text.format(trainer=attempt.review.reviewer, script=script), "yellow")
        for comment in attempt.review.comments:
            say(console, f"  {comment.text}", indent=2)
