"""Microphone setup and introductory output that the commands at the microphone share."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from practice.commands import context
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from practice.assessment.pipeline import Assessor
    from practice.audio.recorder import Microphone
    from practice.commands.options import MicrophoneOptions, StageOptions
    from practice.output.stage import TerminalStage
    from practice.records.attempt import Mode, SessionContext
    from practice.records.scenario import Scenario
    from practice.store import Store
    from practice.training.session import Session, Step


ENTER: tuple[str, ...] = ("KEY_ENTER", " ")
QUIT: tuple[str, ...] = ("q", "KEY_ESCAPE")


def console(*, as_json: bool, at_microphone: bool = True) -> Console:
    """Return the console of a run: stderr if stdout belongs to a program or is a file.

    With recordings instead of a microphone, results may be redirected to a file.
    """
    return context.console(for_programs=as_json or (at_microphone and not sys.stdout.isatty()))


@contextmanager
def open_stage(
    console: Console, store: Store, assessor: Assessor, prompts_dir: Path, shown: StageOptions
) -> Iterator[TerminalStage]:
    """Open the terminal interface of a session, with playback and the reference recordings."""
    from practice.output.stage import TerminalStage

    stage = TerminalStage(
        console,
        explain=shown.explain,
        emit=context.emit_line if shown.as_json else None,
        voices=None if shown.no_playback else context.playback(console, prompts_dir, store.folder),
        beside=context.compare_with_reference(store, assessor, prompts_dir),
    )
    with closing(stage):
        yield stage


def steps_of_lines(
    lines: Sequence[tuple[Scenario, int]], setting: SessionContext | Mode
) -> list[Step]:
    """Return the steps of an exam, a drill or a class, whose lines are known in advance.

    Args:
        lines: Scenarios with the numbers of their lines, from 1.
        setting: What the steps are a part of, or its mode.
    """
    from practice.records.attempt import Mode, SessionContext
    from practice.training.session import Step

    if isinstance(setting, Mode):
        setting = SessionContext(setting, "", tuple(f"{s.id}/{number}" for s, number in lines))
    return [
        Step(scenario, number, setting, is_last=place == len(lines))
        for place, (scenario, number) in enumerate(lines, 1)
    ]


def open_microphone(mic: MicrophoneOptions, *, or_files: bool = False) -> Microphone:
    """Open the chosen microphone.

    Args:
        or_files: The command also accepts recordings, which the error then suggests.

    Raises:
        PracticeError: There is no terminal to read keys from.
        DeviceError: There is no such microphone.
    """
    from practice.audio.devices import choose
    from practice.audio.recorder import Microphone

    if not context.is_interactive():
        raise PracticeError(
            _(
                "Keys cannot be read without a terminal. Run the command in a terminal, or "
                "give recordings with --audio."
            )
            if or_files
            else _("Keys cannot be read without a terminal. Run the command in a terminal.")
        )
    return Microphone(choose(mic.device), mic.end_silence_s, mic.limit_s)


def print_situation(console: Console, step: Step) -> None:
    """Print the scenario, the number and the situation of a line."""
    from practice.output.layout import say

    console.print()
    say(console, f"{step.scenario.title} {step.number}/{len(step.scenario.lines)}", "bold")
    say(console, _("Situation: {cue}").format(cue=step.line.cue), indent=2)


def print_session(console: Console, session: Session, microphone: Microphone) -> None:
    """Print the trainee and the microphone of a session."""
    from practice.output.layout import say

    say(
        console,
        _("Trainee: {name}   Microphone: {device}").format(
            name=session.trainee.name, device=microphone.device.name
        ),
        "dim",
    )


def offer_interrupted(console: Console, session: Session, stage: TerminalStage) -> None:
    """Offer to score attempts that an earlier run recorded but did not assess.

    Call it before the first new attempt.
    """
    from practice.output.layout import say
    from practice.output.wording import local_time
    from practice.store import recordings as takes
    from practice.training.session import keep_and_show

    for take in takes.interrupted(session.folder):
        if session.store.has(take.id):
            takes.discard(session.folder, take, with_audio=False)
            continue
        if not takes.has_audio(session.folder, take):
            takes.discard(session.folder, take, with_audio=True)
            continue
        say(
            console,
            _(
                "An attempt at “{script}” by {name} was interrupted on {time}. Its recording "
                "is still here."
            ).format(
                script=take.spec.script,
                name=take.trainee.name,
                time=local_time(take.created_at),
            ),
            "yellow",
        )
        say(console, _("Enter: score it   D: delete it   L: later"), "dim")
        chosen = stage.choose({"score": ENTER, "delete": ("d",), "later": ("l",)})
        if chosen == "delete":
            takes.discard(session.folder, take, with_audio=True)
        elif chosen == "score":
            keep_and_show(session, take, stage.result)
            takes.discard(session.folder, take, with_audio=False)
