"""``practice class``: hold the morning drill: trainees practice in turn at one machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from practice.commands import context, live, options
from practice.errors import ConsentError, PracticeError, PromptError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from practice.audio.recorder import Microphone
    from practice.output.results import Turn
    from practice.output.stage import TerminalStage
    from practice.records.attempt import Trainee
    from practice.training.session import Session, Step


@click.command("class")
@click.argument("scenario_ids", nargs=-1, required=True, metavar="SCENARIO...")
@click.option(
    "--trainees",
    metavar="NAMES",
    help=_("Trainees, separated by commas; asks for the names if omitted."),
)
@options.microphone
@options.no_playback
@options.explain
@options.as_json
@options.group
@options.model
@options.prompts
@options.records
def class_(
    scenario_ids: tuple[str, ...],
    trainees: str | None,
    mic: options.Mic,
    no_playback: bool,
    explain: bool,
    as_json: bool,
    group: str | None,
    model_name: str,
    prompts_dir: Path,
    records: options.Records,
) -> None:
    """Let each trainee practice in turn, and print the table of the class."""
    from practice.output.results import print_class_table
    from practice.output.stage import TerminalStage
    from practice.training.session import Session

    steps = _steps(prompts_dir, scenario_ids)
    people = _people(re.split("[,，、]", trainees), group) if trainees is not None else []
    microphone = live.open_microphone(mic)
    people = people or _people(_asked_names(), group)
    console = live.console(as_json=as_json)
    store = context.open_swept_store(records)
    emit = context.emit_line if as_json else None
    voices = None if no_playback else context.playback(console, prompts_dir, records.folder)
    desk = options.Desk(None, group, model_name, prompts_dir, records)
    with (
        context.open_assessor(desk, load_ahead=True) as judge,
        closing(
            TerminalStage(
                console,
                explain=explain,
                emit=emit,
                voices=voices,
                beside=context.compare_with_reference(store, judge, prompts_dir),
            )
        ) as stage,
    ):

        def session_of(trainee: Trainee) -> Session:
            context.require_consent(store, trainee, prompts_dir)
            return Session(str(uuid4()), trainee, records.folder, store, judge)

        turns = _turns(console, session_of, people, steps, microphone, stage)
    said = {turn.trainee for turn in turns}
    absent = [trainee.name for trainee in people if trainee not in said]
    print_class_table(console, turns, len(steps), absent)


def _steps(folder: Path, scenario_ids: Sequence[str]) -> list[Step]:
    from practice import scenarios as prompts
    from practice.records.attempt import Mode, SessionContext
    from practice.training.session import Step

    scenarios = [prompts.load(folder, name) for name in dict.fromkeys(scenario_ids)]
    for scenario in scenarios:
        if scenario.is_conversation:
            text = _("“{id}” is a conversation. Practice it with: practice run {id}")
            raise PromptError(text.format(id=scenario.id))
    places = [(s, number) for s in scenarios for number in range(1, len(s.lines) + 1)]
    setting = SessionContext(Mode.CLASS, "", tuple(f"{s.id}/{number}" for s, number in places))
    return [
        Step(scenario, number, setting, is_last=place == len(places))
        for place, (scenario, number) in enumerate(places, 1)
    ]


def _people(names: Sequence[str], group: str | None) -> list[Trainee]:
    """Return the trainees of these names, each once.

    Raises:
        PracticeError: There is no name.
    """
    known = dict.fromkeys(name.strip() for name in names if name.strip())
    if not known:
        raise PracticeError(_("No trainees were given. Enter names, or use --trainees 王芳,李雷."))
    return [context.resolve_trainee(name, group) for name in known]


def _asked_names() -> list[str]:
    names: list[str] = []
    while True:
        question = _("Name {n} (leave empty to finish)").format(n=len(names) + 1)
        name = click.prompt(question, default="", show_default=False, err=True)
        if not name.strip():
            return names
        names.append(name)


def _turns(
    console: Console,
    session_of: Callable[[Trainee], Session],
    people: Sequence[Trainee],
    steps: Sequence[Step],
    microphone: Microphone,
    stage: TerminalStage,
) -> list[Turn]:
    """Let each trainee practice who is present and consents."""
    from practice.output.layout import say
    from practice.output.results import Turn
    from practice.training.session import practice_steps

    keys: dict[str, tuple[str, ...]] = {
        "begin": ("KEY_ENTER", " "),
        "absent": ("n",),
        "quit": ("q", "KEY_ESCAPE"),
    }
    turns = []
    for trainee in people:
        stage.settle()
        console.print()
        say(console, _("{name}, it is your turn.").format(name=trainee.name), "bold")
        say(console, _("Enter or Space: begin   N: not here   Q: end the class"), "dim")
        pressed = stage.choose(keys)
        if pressed == "quit":
            break
        if pressed == "absent":
            continue
        try:
            session = session_of(trainee)
        except ConsentError as error:
            context.report_error(error)
            continue
        live.print_session(console, session, microphone)
        attempts = practice_steps(session, steps, microphone, stage, retries=False)
        if attempts:
            turns.append(Turn(trainee, tuple(attempts)))
    return turns
