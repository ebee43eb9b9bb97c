"""``practice class``: hold the morning drill: trainees practice in turn at one machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

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
@options.stage
@options.group
@options.model
@options.prompts
@options.records
def class_(
    scenario_ids: tuple[str, ...],
    trainees: str | None,
    mic: options.MicrophoneOptions,
    shown: options.StageOptions,
    group: str | None,
    model_name: str,
    prompts_dir: Path,
    records: options.Records,
) -> None:
    """Let each trainee practice in turn, and print the table of the class."""
    from practice.output.results import print_class_table

    steps = _steps(prompts_dir, scenario_ids)
    people = _people(re.split("[,，、]", trainees), group) if trainees is not None else []
    microphone = live.open_microphone(mic)
    people = people or _people(_asked_names(), group)
    console = live.console(as_json=shown.as_json)
    store = context.open_swept_store(records)
    with (
        context.loaded_ahead(context.build_assessor(model_name, prompts_dir)) as assessor,
        live.open_stage(console, store, assessor, prompts_dir, shown) as stage,
    ):
        session_of = partial(context.new_session, store, assessor, prompts_dir)
        turns = _turns(console, session_of, people, steps, microphone, stage)
    said = {turn.trainee for turn in turns}
    absent = [trainee.name for trainee in people if trainee not in said]
    print_class_table(console, turns, len(steps), absent)


def _steps(folder: Path, scenario_ids: Sequence[str]) -> list[Step]:
    from practice import scenarios as prompts
    from practice.records.attempt import Mode

    scenarios = [prompts.load(folder, name) for name in dict.fromkeys(scenario_ids)]
    for scenario in scenarios:
        if scenario.is_conversation:
            text = _("“{id}” is a conversation. Practice it with: practice run {id}")
            raise PromptError(text.format(id=scenario.id))
    lines = [(s, number) for s in scenarios for number in range(1, len(s.lines) + 1)]
    return live.steps_of_lines(lines, Mode.CLASS)


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

    keys = {"begin": live.ENTER, "absent": ("n",), "quit": live.QUIT}
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
