"""Recording of voices with the keys and the level meter of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from practice.audio import clip as audio
from practice.audio.recorder import Ending
from practice.audio.signal_check import MARGIN_S, Samples, check_speech
from practice.audio.voice_activity import find_speech
from practice.i18n import gettext as _
from practice.output.wording import element_names, missed_text, reason_text
from practice.output.wrap import say
from practice.records.recognition import Unscored
from practice.records.score import Score, Verdict
from practice.scenarios import voices
from practice.scenarios.voices import Voice

if TYPE_CHECKING:
    from rich.console import Console

    from practice.assessment.pipeline import Assessor
    from practice.audio.recorder import Microphone
    from practice.output.stage import TerminalStage
    from practice.records.recognition import SpeechCheck
    from practice.records.scenario import Line
    from practice.training.session import Step

_ENTER = ("KEY_ENTER", " ")
_QUIT = ("q", "KEY_ESCAPE")


class VoiceRecorder:
    """Recorder of voices, one line after the other.

    Args:
        folder: Scenario folder, where the voices are kept.
        judge: Judge that checks each recording against the script, for reference recordings;
            None for the customer's voice.
    """

    def __init__(
        self,
        console: Console,
        stage: TerminalStage,
        microphone: Microphone,
        folder: Path,
        judge: Assessor | None,
    ) -> None:
        self._console = console
        self._stage = stage
        self._microphone = microphone
        self._folder = folder
        self._judge = judge

    def walk(self, wanted: list[tuple[Step, Voice]]) -> list[Path]:
        """Record the wanted voices until the trainer quits.

        Returns:
            The files that were kept.
        """
        kept = []
        for step, voice in wanted:
            part = voices.part_of(self._folder, voice)
            try:
                chosen = self._record(step, voice, part)
                if chosen == "keep":
                    kept.append(voices.keep(self._folder, voice, part))
            finally:
                part.unlink(missing_ok=True)
            if chosen == "quit":
                break
        return kept

    def _record(self, step: Step, voice: Voice, part: Path) -> str:
        """Record into ``part`` until the trainer keeps it, skips the line or quits."""
        self._show(step)
        chosen = self._before(voices.find(self._folder, voice))
        while chosen == "record":
            recorded = self._microphone.record(part, self._stage.watch)
            self._stage.close()
            sound = None
            if recorded.ending is Ending.DISCARDED:
                say(self._console, _("Discarded."))
            else:
                cut_off = recorded.ending is Ending.DEVICE_LOST
                sound = self._judged(part, step.line, cut_off=cut_off)
            chosen = self._after(sound)
        return chosen

    def _show(self, step: Step) -> None:
        line, console = step.line, self._console
        console.print()
        count = len(step.scenario.lines)
        say(console, f"{step.scenario.title} {step.number}/{count}", "bold")
        say(console, _("Situation: {cue}").format(cue=line.cue), indent=2)
        if self._judge is not None:
            say(console, _("Say: {script}").format(script=line.script), "bold cyan", indent=2)
        elif line.customer:
            text = _("Customer: “{words}”").format(words=line.customer)
            say(console, text, "bold cyan", indent=2)

    def _before(self, there: Path | None) -> str:
        keys = {"record": _ENTER, "skip": ("n",), "quit": _QUIT}
        offer = _("Enter or Space: speak   N: skip   Q: quit")
        if there is not None:
            text = _("A voice already exists: {file}").format(file=there.name)
            say(self._console, text, "yellow", indent=2)
            keys["record"] = ("r",)
            offer = _("R: replace   N: skip   Q: quit")
        return self._choose(keys, offer)

    def _after(self, sound: Samples | None) -> str:
        """Ask what to do with a recording; without ``sound`` there is none to keep."""
        self._stage.settle()
        keys = {"record": ("r",), "skip": ("n",), "quit": _QUIT}
        offer = _("R: again   N: skip   Q: quit")
        if sound is not None:
            keys |= {"keep": _ENTER, "listen": ("l",)}
            offer = _("Enter: keep   L: listen   {others}").format(others=offer)
        while (chosen := self._choose(keys, offer)) == "listen":
            self._stage.hear(sound)
        return chosen

    def _choose(self, keys: dict[str, tuple[str, ...]], offer: str) -> str:
        say(self._console, offer, "dim")
        return self._stage.choose(keys)

    def _judged(self, part: Path, line: Line, *, cut_off: bool) -> Samples | None:
        """Print the faults of a recording, and trim the silence around its speech.

        Returns:
            The trimmed samples; None if the recording cannot be kept, because it has no
            speech or is too poor to be assessed.
        """
        clip = audio.read(part)
        if self._judge is None:
            check = check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)
            reason = Unscored.CUT_OFF if cut_off else check.reason
        else:
            assessment = self._judge.assess(clip, line, cut_off=cut_off)
            check, reason = assessment.check, assessment.score.reason
            if reason is None:
                self._tell_faults(assessment.score)
        if reason is not None:
            say(self._console, reason_text(check, reason), "yellow")
            return None
        voices.trim(part, *_stretch(check))
        return audio.read(part).samples

    def _tell_faults(self, score: Score) -> None:
        """Print what keeps a recording from being a reference."""
        console = self._console
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
