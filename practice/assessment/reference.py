"""Model readings as the recognizer hears them, remembered for as long as the process lives."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Lock

from practice import scenarios as prompts
from practice.assessment.pipeline import Judge
from practice.audio import clip as audio
from practice.delivery import pitch_tracker as pitch
from practice.delivery.comparison import Comparison, NotCompared, RecordedLine, compare
from practice.errors import PracticeError
from practice.records.attempt import Attempt
from practice.records.scenario import Line
from practice.scenarios import voices
from practice.scenarios.voices import Role, Voice


class ModelReadings:
    """Sets takes beside the model readings that lie in a folder of scenarios.

    ``judge`` is called when the first of them is listened to. May be used by several threads.
    """

    def __init__(self, folder: Path, judge: Callable[[], Judge]) -> None:
        self._folder = folder
        self._judge = judge
        self._lock = Lock()
        self._heard: dict[tuple[bytes, Line], RecordedLine] = {}

    def find(self, attempt: Attempt) -> Path | None:
        """The model reading of an attempt's line; None without, or if the take wasn't scored."""
        if attempt.assessment.score.reason is not None or not self._folder.is_dir():
            return None
        voice = Voice(attempt.take.scenario, attempt.take.line, Role.MODEL)
        return voices.find(self._folder, voice)

    def compare(self, attempt: Attempt, sound: bytes | None) -> Comparison | NotCompared | None:
        """Set an attempt, whose recording is ``sound``, beside the model reading of its line.

        None where there is no model reading, or no recording. Raises PracticeError where one
        of them, or the recognizer, can't be read.
        """
        path = self.find(attempt)
        if path is None or sound is None:
            return None
        if self._script(attempt) != attempt.take.spec.script:
            return NotCompared.CHANGED
        samples = audio.decode(sound, attempt.take.audio or "").samples
        own = RecordedLine(attempt.assessment, pitch.track(samples))
        return compare(own, self._listen(path, attempt.take.spec))

    def _script(self, attempt: Attempt) -> str:
        """The script of an attempt's line as it is now; empty where there is none."""
        try:
            lines = prompts.load(self._folder, attempt.take.scenario).lines
        except PracticeError:
            return ""
        return lines[attempt.take.line - 1].script if attempt.take.line <= len(lines) else ""

    def _listen(self, path: Path, line: Line) -> RecordedLine:
        clip = audio.read(path)
        key = sha256(clip.samples.tobytes()).digest(), line
        with self._lock:
            if key not in self._heard:
                assessment = self._judge().assess(clip, line)
                self._heard[key] = RecordedLine(assessment, pitch.track(clip.samples))
            return self._heard[key]
