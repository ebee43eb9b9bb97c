"""What is heard in a run beside the trainee: customers, model readings, their own takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from practice.audio import clip as audio
from practice.audio import player
from practice.audio import system_voice as speaker
from practice.audio.signal_check import Samples
from practice.errors import AudioError, DeviceError, PracticeError
from practice.records.attempt import Attempt
from practice.scenarios import voices
from practice.scenarios.voices import Role, Voice
from practice.training.session import Step


class Playback:
    """Finds and plays voices. What can't be heard is told through ``tell``, and never ends a run.

    Customers' voices lie beside the scenarios in ``prompts_dir``, else the system's voice
    says their words; takes lie in ``recordings``.
    """

    def __init__(
        self, prompts_dir: Path, recordings: Path, tell: Callable[[PracticeError], None]
    ) -> None:
        self._prompts_dir = prompts_dir
        self._recordings = recordings
        self._tell = tell
        self._spoken: dict[str, Samples] = {}
        self._has_speaker = speaker.is_installed()
        self._is_mute = False

    def customer(self, step: Step) -> Samples | None:
        """What the customer says before a step, where there is a voice for it."""
        if self._is_mute:  # which was told
            return None
        path = voices.find(self._prompts_dir, _voice(step, Role.CUSTOMER))
        return self._say(step.line.customer) if path is None else self._read(path)

    def has_model(self, step: Step) -> bool:
        """Whether there is a model reading of a step."""
        return voices.find(self._prompts_dir, _voice(step, Role.MODEL)) is not None

    def model(self, step: Step) -> Samples | None:
        """The model reading of a step, where there is one."""
        path = voices.find(self._prompts_dir, _voice(step, Role.MODEL))
        return None if path is None else self._read(path)

    def own(self, attempt: Attempt) -> Samples | None:
        """What the trainee said in an attempt that was just made."""
        try:
            return audio.read(self._recordings / (attempt.take.audio or "")).samples
        except AudioError as error:
            self._tell(error)
            return None

    def play(self, samples: Samples, is_stopped: Callable[[], bool]) -> None:
        """Play to the end, or until ``is_stopped`` says so."""
        try:
            player.play(samples, is_stopped)
        except DeviceError as error:
            self._is_mute = True
            self._tell(error)

    def _read(self, path: Path) -> Samples | None:
        try:
            return voices.read(path)
        except AudioError as error:
            self._tell(error)
            return None

    def _say(self, words: str) -> Samples | None:
        if words and words not in self._spoken and self._has_speaker:
            try:
                self._spoken[words] = speaker.speak(words)
            except DeviceError as error:
                self._has_speaker = False
                self._tell(error)
        return self._spoken.get(words)


def _voice(step: Step, role: Role) -> Voice:
    return Voice(step.scenario.id, step.number, role)
