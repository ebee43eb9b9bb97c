"""``practice voice``: manage the customer's voice and the reference recordings."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.paths import checkout, default_prompts

if TYPE_CHECKING:
    from rich.console import Console

    from practice.scenarios.voices import Role, Voice
    from practice.training.session import Step

_line = click.option(
    "--line", type=click.IntRange(min=1), help=_("Only this line of the scenario.")
)


@click.group()
def voice() -> None:
    """Group the voice commands."""


@voice.command(help=_("Record the customer's words, or with --reference a reference recording."))
@click.argument("scenario_id", metavar="SCENARIO")
@_line
@click.option(
    "--reference",
    cls=options.Renamed,
    former="--model",
    is_flag=True,
    help=_("Record reference recordings, and check them against the script."),
)
@options.device
@click.option(
    "--whisper",
    "model_name",
    envvar="PRACTICE_MODEL",
    default="base",
    show_default=True,
    help=_("Whisper model that checks reference recordings. [env: PRACTICE_MODEL]"),
)
@options.prompts
def record(
    scenario_id: str,
    line: int | None,
    reference: bool,
    device: str | None,
    model_name: str,
    prompts_dir: Path,
) -> None:
    """Record the voices of a scenario's lines and print the files that were kept."""
    from practice.audio.devices import choose
    from practice.audio.recorder import Microphone
    from practice.commands.voice_take import VoiceRecorder
    from practice.output.stage import TerminalStage
    from practice.output.wrap import say
    from practice.scenarios import voices
    from practice.scenarios.voices import Role

    _require_own(prompts_dir)
    role = Role.MODEL if reference else Role.CUSTOMER
    steps = _to_record(prompts_dir, scenario_id, line, role)
    if not parts.is_interactive():
        raise PracticeError(
            _(
                "There is no terminal to press keys in. Run it in a terminal, or put a "
                "file next to the scenario: {file}"
            ).format(file=f"{_voice(steps[0], role).stem}.wav")
        )
    voices.part_of(prompts_dir, _voice(steps[0], role)).unlink()
    microphone = Microphone(choose(device), options.END_SILENCE_S)
    console = parts.console(for_programs=not sys.stdout.isatty())
    with ExitStack() as open_things:
        judge = (
            open_things.enter_context(
                parts.build_assessor(model_name, prompts_dir, load_ahead=True)
            )
            if reference
            else None
        )
        # Only voices are played here, so no folder of recordings is needed.
        playback = parts.playback(console, prompts_dir, prompts_dir)
        stage = open_things.enter_context(closing(TerminalStage(console, voices=playback)))
        say(console, _("Microphone: {device}").format(device=microphone.device.name), "dim")
        recorder = VoiceRecorder(console, stage, microphone, prompts_dir, judge)
        kept = recorder.walk([(step, _voice(step, role)) for step in steps])
    for path in kept:
        say(console, _("Kept: {path}").format(path=path))


@voice.command("list", help=_("List the voices of all scenarios, or of one."))
@click.argument("scenario_id", metavar="[SCENARIO]", required=False)
@options.as_json
@options.prompts
def list_(scenario_id: str | None, as_json: bool, prompts_dir: Path) -> None:
    """Print the voices of a scenario's lines; by default, of all scenarios with a voice."""
    from practice import scenarios as prompts
    from practice.scenarios import voices
    from practice.training.session import steps_of

    ids = prompts.scenario_ids(prompts_dir)
    found = voices.all_in(prompts_dir)
    if scenario_id is None:
        ids = [i for i in ids if any(kept.scenario == i for kept in found)]
    else:
        ids = [scenario_id]
    if not ids and not as_json:
        click.echo(_("There are no voices in {folder} yet.").format(folder=prompts_dir))
    for name in ids:
        for step in steps_of(prompts.load(prompts_dir, name), None):
            _list_line(step, found, as_json=as_json)


@voice.command(help=_("Remove the customer's voice, or with --reference the reference recordings."))
@click.argument("scenario_id", metavar="SCENARIO")
@_line
@click.option(
    "--reference",
    cls=options.Renamed,
    former="--model",
    is_flag=True,
    help=_("Remove the reference recordings."),
)
@options.yes
@options.prompts
def remove(
    scenario_id: str, line: int | None, reference: bool, yes: bool, prompts_dir: Path
) -> None:
    """List the files, ask for confirmation and remove them."""
    from practice.scenarios import voices
    from practice.scenarios.voices import Role

    # Found by file name, so that voices of deleted lines are removed too.
    role = Role.MODEL if reference else Role.CUSTOMER
    found = voices.files_of(prompts_dir, scenario_id, role, line)
    if not found:
        raise PracticeError(
            _("{scenario} has no such voice. `practice voice list` shows the voices.").format(
                scenario=scenario_id
            )
        )
    if not yes:
        if not parts.is_interactive():
            raise PracticeError(
                _("There is no terminal to ask in. Use --yes to remove without confirmation.")
            )
        for path in found:
            click.echo(path, err=True)
        if not click.confirm(_("Remove permanently?"), default=False, err=True):
            click.echo(_("Nothing was removed."), err=True)
            return
    for path in found:
        voices.remove(path)
        click.echo(_("Removed: {name}").format(name=path.name))


def _require_own(prompts_dir: Path) -> None:
    """Refuse to store voices in the folder of the installation: an update replaces it."""
    if checkout() is None and prompts_dir == default_prompts():
        raise PracticeError(
            _(
                "The next update would replace {folder}. Copy the scenarios to a folder of your "
                "own and name it with --prompts."
            ).format(folder=prompts_dir)
        )


def _to_record(prompts_dir: Path, scenario_id: str, line: int | None, role: Role) -> list[Step]:
    """Return the steps to record a voice for.

    For the customer's voice these are the lines at which the customer speaks, or the line
    that was chosen.
    """
    from practice import scenarios as prompts
    from practice.scenarios.voices import Role
    from practice.training.session import steps_of

    steps = steps_of(prompts.load(prompts_dir, scenario_id), line)
    if role is Role.MODEL or line is not None:
        return steps
    spoken = [step for step in steps if step.line.customer]
    if not spoken:
        raise PracticeError(
            _(
                "The customer says nothing in {scenario}. Choose a line with --line, or "
                "record reference recordings with --reference."
            ).format(scenario=scenario_id)
        )
    return spoken


def _voice(step: Step, role: Role) -> Voice:
    from practice.scenarios.voices import Voice

    return Voice(step.scenario.id, step.number, role)


def _list_line(step: Step, found: dict[Voice, Path], *, as_json: bool) -> None:
    from practice.output.wrap import say
    from practice.scenarios.voices import Role

    customer = found.get(_voice(step, Role.CUSTOMER))
    model = found.get(_voice(step, Role.MODEL))
    if as_json:
        parts.emit_json(
            {
                "scenario": step.scenario.id,
                "line": step.number,
                "script": step.line.script,
                "customer": step.line.customer,
                "customer_voice": customer and str(customer),
                "model_voice": model and str(model),
            }
        )
        return
    console: Console = parts.console()
    say(console, f"{step.scenario.id} {step.number}  {step.line.script}", "bold", indent=2)
    for label, path in (
        (_("the customer's voice: {file}"), customer),
        (_("reference recording: {file}"), model),
    ):
        say(console, "  " + label.format(file=path.name if path else "-"), indent=4)
