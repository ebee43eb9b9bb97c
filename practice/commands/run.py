"""``practice run``: practise a scenario, at the microphone or with recordings."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.core.models import Scenario
    from practice.report.live import TerminalStage
    from practice.session import Session, Step
    from practice.speech.recorder import Microphone


PATIENCE_S = 1.5
"""Silence after speech that ends a take. Pauses at a comma last up to about a second."""


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
@options.device
@click.option(
    "--patience",
    type=click.FloatRange(0.3, 10),
    default=PATIENCE_S,
    show_default=True,
    help=_("Seconds of silence after speech that end a take."),
)
@click.option(
    "--limit",
    type=click.FloatRange(1, 60),
    default=60,
    show_default=True,
    help=_("Longest take, in seconds."),
)
@options.silent
@options.explain
@options.as_json
@options.desk
def run(
    scenario_id: str,
    line: int | None,
    audio: tuple[Path, ...],
    more_audio: tuple[Path, ...],
    device: str | None,
    patience: float,
    limit: float,
    silent: bool,
    explain: bool,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Put the parts together and hand over to the session."""
    from practice import prompts
    from practice.report.live import TerminalStage
    from practice.session import steps_of

    files = audio + more_audio
    if more_audio and not audio:
        raise click.UsageError(_("Recordings are given with --audio FILE."))
    scenario = prompts.load(desk.prompts_dir, scenario_id)
    steps = steps_of(scenario, line)
    _require_enough_lines(steps, files)
    microphone = None if files else _microphone(device, patience, limit)
    elsewhere = microphone is not None and not sys.stdout.isatty()
    console = parts.console(for_programs=as_json or elsewhere)
    with parts.open_session(desk, load_ahead=microphone is not None) as session:
        if microphone is None:
            _run_files(console, session, steps, files, explain=explain, as_json=as_json)
        else:
            voices = parts.playback(console, desk.prompts_dir, desk.records.folder)
            emit = parts.emit_line if as_json else None
            stage = TerminalStage(
                console, explain=explain, emit=emit, voices=None if silent else voices
            )
            _run_live(console, session, steps, microphone, stage)


def _require_enough_lines(steps: list[Step], files: tuple[Path, ...]) -> None:
    if len(files) > len(steps):
        raise PracticeError(
            _(
                "{files} recordings were given for {n} lines of {scenario}. Several takes of one "
                "line are judged by `practice score`."
            ).format(files=len(files), n=len(steps), scenario=steps[0].scenario.id)
        )


def _microphone(device: str | None, patience_s: float, limit_s: float) -> Microphone:
    from practice.speech.devices import choose
    from practice.speech.recorder import Microphone

    if not parts.is_interactive():
        raise PracticeError(
            _(
                "There is no terminal to press keys in. Run it in a terminal, or give "
                "recordings with --audio."
            )
        )
    return Microphone(choose(device), patience_s, limit_s)


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
    stage: TerminalStage,
) -> None:
    from practice.session import practise

    with closing(stage):
        _say_who_and_with_what(console, session, microphone)
        _say_what_to_say_again(console, session, steps[0].scenario)
        _offer_broken_off(console, session, stage)
        practise(session, steps, microphone, stage)


def _say_who_and_with_what(console: Console, session: Session, microphone: Microphone) -> None:
    from practice.report.wrap import say

    say(
        console,
        _("Trainee: {name}   Microphone: {device}").format(
            name=session.trainee.name, device=microphone.device.name
        ),
        "dim",
    )


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


def _offer_broken_off(console: Console, session: Session, stage: TerminalStage) -> None:
    """Offer what an earlier run recorded but did not judge, before anything new."""
    from practice import takes
    from practice.report.words import local_time
    from practice.report.wrap import say
    from practice.session import keep_and_show

    for take in takes.broken_off(session.folder):
        if session.store.has(take.id):
            takes.strike_off(session.folder, take, with_audio=False)
            continue
        if not takes.has_sound(session.folder, take):
            takes.strike_off(session.folder, take, with_audio=True)
            continue
        say(
            console,
            _("A take of “{script}” by {name} was broken off on {time} and is still here.").format(
                script=take.spec.script,
                name=take.trainee.name,
                time=local_time(take.created_at),
            ),
            "yellow",
        )
        say(console, _("Enter: judge it   D: delete it   L: later"), "dim")
        chosen = stage.choose({"judge": ("KEY_ENTER", " "), "delete": ("d",), "later": ("l",)})
        if chosen == "delete":
            takes.strike_off(session.folder, take, with_audio=True)
        elif chosen == "judge":
            keep_and_show(session.folder, session.store, session.judge, take, stage.result)
            takes.strike_off(session.folder, take, with_audio=False)
