"""``practice run``: practise a scenario, at the microphone or with recordings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.conversation import Choose, Walk
    from practice.core.models import Attempt, Branch, Scenario
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
@click.option(
    "--device",
    envvar="PRACTICE_DEVICE",
    help=_("Microphone, by index or name; see `practice devices`. [env: PRACTICE_DEVICE]"),
)
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
@click.option(
    "--branch",
    "branches",
    multiple=True,
    metavar="NAME",
    help=_("Which way a conversation goes: the name of a line; once for each branch."),
)
@click.option("--choose", is_flag=True, help=_("Choose at each branch instead of chance."))
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
    branches: tuple[str, ...],
    choose: bool,
    explain: bool,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Put the parts together and hand over to the session."""
    from practice import prompts
    from practice.conversation import by_chance
    from practice.report.whole import print_whole, whole_to_dict

    files = audio + more_audio
    if more_audio and not audio:
        raise click.UsageError(_("Recordings are given with --audio FILE."))
    scenario = prompts.load(desk.prompts_dir, scenario_id)
    is_whole = scenario.is_conversation and line is None
    if (branches or choose) and not is_whole:
        raise click.UsageError(_("{id} has no branches to choose.").format(id=scenario_id))
    if choose and (branches or files):
        raise click.UsageError(_("Give --choose or --branch, and --choose at the microphone only."))
    console = parts.console(for_programs=as_json or not (files or sys.stdout.isatty()))
    if files:
        walk, steps = _recorded_steps(scenario, line, branches, files)
        with parts.open_session(desk) as session:
            attempts = _run_files(console, session, steps, files, explain=explain, as_json=as_json)
        if not attempts:
            raise SystemExit(1)
    else:
        microphone = _microphone(device, patience, limit)
        with (
            parts.open_session(desk, load_ahead=True) as session,
            _stage(console, explain=explain, as_json=as_json) as stage,
        ):
            by = stage.choose_branch if choose else by_chance
            walk, path = _live_steps(scenario, line, branches, by, stage)
            attempts = _run_live(console, session, scenario, path, microphone, stage)
    if walk is not None and attempts:
        whole = walk.whole(attempts)
        if as_json:
            parts.emit_json(whole_to_dict(scenario.id, whole))
        if not (as_json and files):  # whoever speaks reads it too, on stderr
            print_whole(console, scenario.title, whole)


def _recorded_steps(
    scenario: Scenario, line: int | None, branches: tuple[str, ...], files: tuple[Path, ...]
) -> tuple[Walk | None, list[Step]]:
    """As many steps as there are recordings, and the walk where they are a conversation's.

    Raises PracticeError for more recordings than steps.
    """
    from practice.conversation import Walk, as_named, must_be_named
    from practice.session import steps_of

    walk = None
    if scenario.is_conversation and line is None:
        walk = Walk(scenario, as_named(scenario, branches, must_be_named(scenario)))
    path = iter(walk or steps_of(scenario, line))
    steps = list(islice(path, len(files)))
    with suppress(PracticeError):  # whether it ends here, as far as the branches' names tell
        next(path, None)
    if len(files) > len(steps):
        raise PracticeError(
            _(
                "{files} recordings were given for {n} lines of {scenario}. Several takes of one "
                "line are judged by `practice score`."
            ).format(files=len(files), n=len(steps), scenario=scenario.id)
        )
    return walk, steps


def _live_steps(
    scenario: Scenario,
    line: int | None,
    branches: tuple[str, ...],
    otherwise: Choose,
    stage: TerminalStage,
) -> tuple[Walk | None, Iterable[Step]]:
    """The steps to go at the microphone; at a branch it is told which way it goes."""
    from practice.conversation import Walk, as_named
    from practice.session import steps_of

    if not scenario.is_conversation or line is not None:
        return None, steps_of(scenario, line)
    decide = as_named(scenario, branches, otherwise)

    def choose(ways: tuple[Branch, ...]) -> Branch:
        way = decide(ways)
        stage.branch(way)
        return way

    walk = Walk(scenario, choose)
    return walk, walk


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
) -> list[Attempt]:
    from practice.batch import score_file
    from practice.report.as_json import attempt_to_dict
    from practice.report.terminal import print_attempt
    from practice.report.wrap import say

    attempts = []
    for step, path in zip(steps, files, strict=True):
        try:
            attempt = score_file(session, step, path, 1)
        except PracticeError as error:
            parts.report_error(error)
            continue
        attempts.append(attempt)
        if as_json:
            parts.emit_json(attempt_to_dict(attempt))
            continue
        script = attempt.take.spec.script
        say(console, f"{step.scenario.title}: {script}", "bold")
        print_attempt(console, attempt, session.store.previous(attempt.take), explain=explain)
        console.print()
    return attempts


@contextmanager
def _stage(console: Console, *, explain: bool, as_json: bool) -> Iterator[TerminalStage]:
    from practice.report.live import TerminalStage

    emit = parts.emit_line if as_json else None
    with closing(TerminalStage(console, explain=explain, emit=emit)) as stage:
        yield stage


def _run_live(
    console: Console,
    session: Session,
    scenario: Scenario,
    steps: Iterable[Step],
    microphone: Microphone,
    stage: TerminalStage,
) -> list[Attempt]:
    from practice.session import practise

    _say_who_and_with_what(console, session, microphone)
    _say_what_to_say_again(console, session, scenario)
    _offer_broken_off(console, session, stage)
    return practise(session, steps, microphone, stage)


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
