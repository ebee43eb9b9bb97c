"""Playback during a session: customer voices, reference recordings, the trainee's recordings."""

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
    """Finds and plays voices. Errors are passed to ``tell`` and never end a session.

    Customer voices are stored with the scenarios in ``prompts_dir``; without one, the system's
    voice speaks the customer's words. The trainee's recordings are in ``recordings``.
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
        """Return the customer's words before a step, or None if there is no voice for them."""
        if self._is_mute:  # already reported
            return None
        path = self._find(step, Role.CUSTOMER)
        return self._say(step.line.customer) if path is None else self._read(voices.read, path)

    def has_reference(self, step: Step) -> bool:
        """Return True if a step has a reference recording."""
        return self._find(step, Role.MODEL) is not None

    def model(self, step: Step) -> Samples | None:
        """Return the reference recording of a step, or None if it has none."""
        path = self._find(step, Role.MODEL)
        return None if path is None else self._read(voices.read, path)

    def own(self, attempt: Attempt) -> Samples | None:
        """Return the trainee's recording of an attempt, or None if it cannot be read."""
        path = self._recordings / (attempt.take.audio or "")
        return self._read(lambda path: audio.read(path).samples, path)

    def play(self, samples: Samples, is_stopped: Callable[[], bool]) -> None:
        """Play samples until the end, or until ``is_stopped`` returns True."""
        try:
            player.play(samples, is_stopped)
        except DeviceError as error:
            self._is_mute = True
            self._tell(error)

    def _find(self, step: Step, role: Role) -> Path | None:
        return voices.find(self._prompts_dir, Voice(step.scenario.id, step.number, role))

    def _read(self, read: Callable[[Path], Samples], path: Path) -> Samples | None:
        try:
            return read(path)
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
