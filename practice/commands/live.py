"""Microphone setup and introductory output that the commands at the microphone share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from practice.commands import context
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.audio.recorder import Microphone
    from practice.commands.options import Mic
    from practice.output.stage import TerminalStage
    from practice.training.session import Session


def console(*, as_json: bool) -> Console:
    """Return the console of a run: stderr if stdout belongs to a program or is a file."""
    return context.console(for_programs=as_json or not sys.stdout.isatty())


def open_microphone(mic: Mic, *, or_files: bool = False) -> Microphone:
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
        chosen = stage.choose({"judge": ("KEY_ENTER", " "), "delete": ("d",), "later": ("l",)})
        if chosen == "delete":
            takes.discard(session.folder, take, with_audio=True)
        elif chosen == "judge":
            keep_and_show(session.folder, session.store, session.judge, take, stage.result)
            takes.discard(session.folder, take, with_audio=False)
