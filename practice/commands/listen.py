"""``practice listen``: play each line's reference recording, then the trainee's own."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from practice.commands import context, live, options
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from practice.audio.signal_check import Samples
    from practice.output.stage import TerminalStage
    from practice.records.attempt import Trainee
    from practice.store import Store
    from practice.training.playback import Playback
    from practice.training.session import Step


@dataclass(frozen=True, slots=True)
class _Recordings:
    """Recordings of a line: the reference, and the trainee's own latest."""

    step: Step
    reference: Samples | None
    own: Samples | None


@click.command()
@click.argument("scenario_id", metavar="SCENARIO")
@options.line
@options.trainee
@options.group
@options.prompts
@options.records
def listen(
    scenario_id: str,
    line: int | None,
    trainee: str | None,
    group: str | None,
    prompts_dir: Path,
    records: options.Records,
) -> None:
    """Find the recordings of the lines and play them."""
    from practice import scenarios as prompts
    from practice.training.session import steps_of

    steps = steps_of(prompts.load(prompts_dir, scenario_id), line)
    store = context.find_store(records)
    who = context.resolve_trainee(trainee, group) if store is not None else None
    found = [_recordings_of(step, prompts_dir, store, who) for step in steps]
    found = [r for r in found if r.reference is not None or r.own is not None]
    if not found:
        raise PracticeError(
            _(
                "There is nothing to play for {scenario}: no reference recording, and no "
                "recording of yours. A trainer can record a reference with: practice voice "
                "record {scenario} --reference"
            ).format(scenario=scenario_id)
        )
    console = context.console()
    if context.is_interactive():
        _in_terminal(console, found, context.playback(console, prompts_dir, records.folder))
    else:
        _one_after_the_other(console, found)


def _recordings_of(
    step: Step, prompts_dir: Path, store: Store | None, trainee: Trainee | None
) -> _Recordings:
    """Load the recordings of a step; report a voice that cannot be read."""
    from practice.scenarios import voices
    from practice.scenarios.voices import Role, Voice

    path = voices.find(prompts_dir, Voice(step.scenario.id, step.number, Role.MODEL))
    reference = own = None
    try:
        reference = None if path is None else voices.read(path)
    except AudioError as error:
        context.report_error(error)
    if store is not None and trainee is not None:
        own = _newest(store, trainee, step)
    return _Recordings(step, reference, own)


def _newest(store: Store, trainee: Trainee, step: Step) -> Samples | None:
    """Return a trainee's latest recording of a step; None if it is not here or unreadable."""
    from practice.audio import clip as audio
    from practice.store import Filter

    only = Filter(
        trainee=trainee.name, group=trainee.group, scenario=step.scenario.id, line=step.number
    )
    for attempt in store.latest(only, limit=1):
        sound = store.recording(attempt.take)
        if sound is not None:
            try:
                return audio.decode(sound, attempt.take.audio or "").samples
            except AudioError as error:
                context.report_error(error)
    return None


def _one_after_the_other(console: Console, found: list[_Recordings]) -> None:
    from practice.audio.player import play

    for recordings in found:
        _show(console, recordings)
        for samples, said in _in_order(recordings):
            console.print(said)
            play(samples, lambda: False)


def _in_terminal(console: Console, found: list[_Recordings], playback: Playback) -> None:
    from practice.audio.devices import loudspeaker
    from practice.output.stage import TerminalStage

    loudspeaker()  # fail at once without one: this command only plays
    with closing(TerminalStage(console, voices=playback)) as stage:
        for recordings in found:
            _show(console, recordings)
            for samples, said in _in_order(recordings):
                console.print(said)
                stage.hear(samples)
            if not _go_on(stage, console, recordings, is_last=recordings is found[-1]):
                return


def _go_on(
    stage: TerminalStage, console: Console, recordings: _Recordings, *, is_last: bool
) -> bool:
    """Replay recordings until the trainee chooses the next line; return False to quit."""
    from practice.output.layout import say

    keys: dict[str, tuple[str, ...]] = {"next": live.ENTER, "quit": live.QUIT}
    go_on = _("finish") if is_last else _("next line")
    offer = _("Enter: {go_on}   Q: quit").format(go_on=go_on)
    if recordings.own is not None:
        keys["own"] = ("y",)
        offer = _("Y: yours   {others}").format(others=offer)
    if recordings.reference is not None:
        keys["reference"] = ("r", "m")
        offer = _("R: reference   {others}").format(others=offer)
    while True:
        say(console, offer, "dim")
        pressed = stage.choose(keys)
        if pressed in ("next", "quit"):
            return pressed == "next"
        stage.hear(recordings.own if pressed == "own" else recordings.reference)


def _show(console: Console, recordings: _Recordings) -> None:
    from practice.output.layout import say

    live.print_situation(console, recordings.step)
    script = _("Say: {script}").format(script=recordings.step.line.script)
    say(console, script, "bold cyan", indent=2)


def _in_order(recordings: _Recordings) -> list[tuple[Samples, str]]:
    both = (
        (recordings.reference, _("Reference recording")),
        (recordings.own, _("Your latest recording")),
    )
    return [(samples, said) for samples, said in both if samples is not None]
