"""``practice voice``: record, make and remove the customer's voice and reference recordings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice import scenarios as prompts
from practice.audio import clip as audio
from practice.audio.recorder import Ending
from practice.audio.signal_check import MARGIN_S, Samples, check_speech, find_obstacle
from practice.audio.voice_activity import find_speech
from practice.commands import context, live, options
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.output.layout import say
from practice.output.wording import element_names, missed_text, reason_text
from practice.paths import checkout, default_prompts
from practice.records.recognition import Unscored
from practice.records.score import Score, Verdict
from practice.scenarios import voices
from practice.scenarios.voices import Role, Voice

if TYPE_CHECKING:
    from rich.console import Console

    from practice.assessment.pipeline import Assessor
    from practice.audio.recorder import Microphone
    from practice.output.stage import TerminalStage
    from practice.records.recognition import SpeechCheck
    from practice.records.scenario import Line
    from practice.training.session import Step


@dataclass(frozen=True, slots=True)
class VoiceRecorder:
    """Recorder of voices, one line after the other.

    Attributes:
        folder: Scenario folder, where the voices are kept.
        assessor: Checks each recording against the script, for reference recordings; None for
            the customer's voice.
    """

    console: Console
    stage: TerminalStage
    microphone: Microphone
    folder: Path
    assessor: Assessor | None

    def walk(self, wanted: list[tuple[Step, Voice]]) -> list[Path]:
        """Record the wanted voices until the trainer quits.

        Returns:
            The files that were kept.
        """
        kept = []
        for step, voice in wanted:
            part = voices.part_of(self.folder, voice)
            try:
                chosen = self._record(step, voice, part)
                if chosen == "keep":
                    kept.append(voices.keep(self.folder, voice, part))
            finally:
                part.unlink(missing_ok=True)
            if chosen == "quit":
                break
        return kept

    def _record(self, step: Step, voice: Voice, part: Path) -> str:
        """Record into ``part`` until the trainer keeps it, skips the line or quits."""
        self._show(step)
        chosen = self._before(voices.find(self.folder, voice))
        while chosen == "record":
            recorded = self.microphone.record(part, self.stage.watch)
            self.stage.close()
            samples = None
            if recorded.ending is Ending.DISCARDED:
                say(self.console, _("Discarded."))
            else:
                cut_off = recorded.ending is Ending.DEVICE_LOST
                samples = self._checked(part, step.line, cut_off=cut_off)
            chosen = self._after(samples)
        return chosen

    def _show(self, step: Step) -> None:
        line, console = step.line, self.console
        live.print_situation(console, step)
        if self.assessor is not None:
            say(console, _("Say: {script}").format(script=line.script), "bold cyan", indent=2)
        elif line.customer:
            text = _("Customer: “{words}”").format(words=line.customer)
            say(console, text, "bold cyan", indent=2)

    def _before(self, existing: Path | None) -> str:
        keys = {"record": live.ENTER, "skip": ("n",), "quit": live.QUIT}
        offer = _("Enter or Space: speak   N: skip   Q: quit")
        if existing is not None:
            text = _("A voice already exists: {file}").format(file=existing.name)
            say(self.console, text, "yellow", indent=2)
            keys["record"] = ("r",)
            offer = _("R: replace   N: skip   Q: quit")
        return self._choose(keys, offer)

    def _after(self, samples: Samples | None) -> str:
        """Ask what to do with a recording; without ``samples`` there is none to keep."""
        self.stage.settle()
        keys = {"record": ("r",), "skip": ("n",), "quit": live.QUIT}
        offer = _("R: again   N: skip   Q: quit")
        if samples is not None:
            keys |= {"keep": live.ENTER, "listen": ("l",)}
            offer = _("Enter: keep   L: listen   {others}").format(others=offer)
        while (chosen := self._choose(keys, offer)) == "listen":
            self.stage.hear(samples)
        return chosen

    def _choose(self, keys: dict[str, tuple[str, ...]], offer: str) -> str:
        say(self.console, offer, "dim")
        return self.stage.choose(keys)

    def _checked(self, part: Path, line: Line, *, cut_off: bool) -> Samples | None:
        """Print the faults of a recording, and trim the silence around its speech.

        Returns:
            The trimmed samples; None if the recording cannot be kept, because it has no
            speech or is too poor to be assessed.
        """
        clip = audio.read(part)
        if self.assessor is None:
            check = check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)
            reason = Unscored.CUT_OFF if cut_off else find_obstacle(check)
        else:
            assessment = self.assessor.assess(clip, line, cut_off=cut_off)
            check, reason = assessment.check, assessment.score.reason
            if reason is None:
                self._print_faults(assessment.score)
        if reason is not None:
            say(self.console, reason_text(check, reason), "yellow")
            return None
        voices.trim(part, *_stretch(check))
        return audio.read(part).samples

    def _print_faults(self, score: Score) -> None:
        """Print what keeps a recording from being a reference."""
        console = self.console
        unsure = element_names(score.with_verdict(Verdict.UNSURE))
        missed = missed_text(score)
        if score.off_script:
            say(console, _("This is not the script: something else was said."), "red")
        elif missed:
            text = _(
                "Missed: {elements}. A reference recording needs them all: please say it again."
            )
            say(console, text.format(elements=missed), "red")
        elif unsure:
            text = _(
                "The machine is unsure: {elements}. Listen to the recording before you keep it."
            )
            say(console, text.format(elements=unsure), "yellow")
        else:
            say(console, _("No courtesy is missing."), "green")
        for hit in score.banned:
            text = _("Never say “{phrase}”. Say instead: {instead}")
            say(console, text.format(phrase=hit.phrase, instead=hit.instead), "red")


def _stretch(check: SpeechCheck) -> tuple[float, float]:
    """Return start and end of the speech in seconds, with ``MARGIN_S`` around it."""
    return check.spans_s[0][0] - MARGIN_S, check.spans_s[-1][1] + MARGIN_S


def _reference(text: str) -> Callable[..., Any]:
    """Build the option that chooses reference recordings, as the parameter ``role``."""
    return click.option(
        "--reference",
        "role",
        cls=options.Renamed,
        former="--model",
        is_flag=True,
        callback=lambda _ctx, _param, chosen: Role.MODEL if chosen else Role.CUSTOMER,
        help=text,
    )


@click.group()
def voice() -> None:
    """Group the voice commands."""


@voice.command(help=_("Record the customer's words, or with --reference a reference recording."))
@click.argument("scenario_id", metavar="SCENARIO")
@options.line
@_reference(_("Record reference recordings, and check them against the script."))
@options.device
@options.whisper_model("--whisper", _("Whisper model that checks reference recordings."))
@options.prompts
def record(
    scenario_id: str,
    line: int | None,
    role: Role,
    device: str | None,
    model_name: str,
    prompts_dir: Path,
) -> None:
    """Record the voices of a scenario's lines and print the files that were kept."""
    from practice.audio.devices import choose
    from practice.audio.recorder import Microphone
    from practice.output.stage import TerminalStage

    _require_own(prompts_dir)
    steps = _to_record(prompts_dir, scenario_id, line, role)
    if not context.is_interactive():
        raise PracticeError(
            _(
                "There is no terminal to press keys in. Run it in a terminal, or put a "
                "file next to the scenario: {file}"
            ).format(file=f"{_voice(steps[0], role).stem}.wav")
        )
    voices.part_of(prompts_dir, _voice(steps[0], role)).unlink()
    microphone = Microphone(choose(device), options.END_SILENCE_S)
    console = live.console(as_json=False)
    # Only voices are played here, so no folder of recordings is needed.
    playback = context.playback(console, prompts_dir, prompts_dir)
    with (
        context.loaded_ahead(context.build_assessor(model_name, prompts_dir))
        if role is Role.MODEL
        else nullcontext() as assessor,
        closing(TerminalStage(console, voices=playback)) as stage,
    ):
        say(console, _("Microphone: {device}").format(device=microphone.device.name), "dim")
        recorder = VoiceRecorder(console, stage, microphone, prompts_dir, assessor)
        kept = recorder.walk([(step, _voice(step, role)) for step in steps])
    for path in kept:
        say(console, _("Kept: {path}").format(path=path))


@voice.command("list", help=_("List the voices of all scenarios, or of one."))
@click.argument("scenario_id", metavar="[SCENARIO]", required=False)
@options.as_json
@options.prompts
def list_(scenario_id: str | None, as_json: bool, prompts_dir: Path) -> None:
    """Print the voices of a scenario's lines; by default, of all scenarios with a voice."""
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
@options.line
@_reference(_("Remove the reference recordings."))
@options.yes
@options.prompts
def remove(scenario_id: str, line: int | None, role: Role, yes: bool, prompts_dir: Path) -> None:
    """List the files, ask for confirmation and remove them."""
    # Found by file name, so that voices of deleted lines are removed too.
    found = voices.files_of(prompts_dir, scenario_id, role, line)
    if not found:
        raise PracticeError(
            _("{scenario} has no such voice. `practice voice list` shows the voices.").format(
                scenario=scenario_id
            )
        )
    names = "\n".join(map(str, found))
    if not yes and not context.confirm_removal(lambda: click.echo(names, err=True)):
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
    return Voice(step.scenario.id, step.number, role)


def _list_line(step: Step, found: dict[Voice, Path], *, as_json: bool) -> None:
    customer = found.get(_voice(step, Role.CUSTOMER))
    model = found.get(_voice(step, Role.MODEL))
    if as_json:
        context.emit_json(
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
    console = context.console()
    say(console, f"{step.scenario.id} {step.number}  {step.line.script}", "bold", indent=2)
    for label, path in (
        (_("the customer's voice: {file}"), customer),
        (_("reference recording: {file}"), model),
    ):
        say(console, "  " + label.format(file=path.name if path else "-"), indent=4)
