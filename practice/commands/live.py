"""What the commands at the microphone share: opening it, and what is said before the first take."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from practice.commands import parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.audio.recorder import Microphone
    from practice.commands.options import Mic
    from practice.output.stage import TerminalStage
    from practice.training.session import Session


def console(*, as_json: bool) -> Console:
    """The console of a run: stderr where stdout is a program's, or a file."""
    return parts.console(for_programs=as_json or not sys.stdout.isatty())


def open_microphone(mic: Mic, *, or_files: bool = False) -> Microphone:
    """The microphone that was chosen. Raises PracticeError where nobody can press a key.

    ``or_files``: recordings would do instead.
    """
    from practice.audio.devices import choose
    from practice.audio.recorder import Microphone

    if not parts.is_interactive():
        raise PracticeError(
            _(
                "Keys cannot be read without a terminal. Run the command in a terminal, or "
                "give recordings with --audio."
            )
            if or_files
            else _("Keys cannot be read without a terminal. Run the command in a terminal.")
        )
    return Microphone(choose(mic.device), mic.end_silence_s, mic.limit_s)


def say_who_and_with_what(console: Console, session: Session, microphone: Microphone) -> None:
    """Tell in whose name takes are kept, and from which microphone."""
    from practice.output.wrap import say

    say(
        console,
        _("Trainee: {name}   Microphone: {device}").format(
            name=session.trainee.name, device=microphone.device.name
        ),
        "dim",
    )


def offer_broken_off(console: Console, session: Session, stage: TerminalStage) -> None:
    """Offer what an earlier run recorded but did not judge, before anything new."""
    from practice.output.wording import local_time
    from practice.output.wrap import say
    from practice.store import recordings as takes
    from practice.training.session import keep_and_show

    for take in takes.interrupted(session.folder):
        if session.store.has(take.id):
            takes.discard(session.folder, take, with_audio=False)
            continue
        if not takes.has_sound(session.folder, take):
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
