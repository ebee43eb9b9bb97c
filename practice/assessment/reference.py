"""Comparison of attempts with reference recordings, whose assessments are cached in memory."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Lock

from practice import scenarios as prompts
from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.delivery import pitch_tracker as pitch
from practice.delivery.comparison import Comparison, NotCompared, RecordedLine, compare
from practice.errors import PracticeError
from practice.records.attempt import Attempt
from practice.records.scenario import Line
from practice.scenarios import voices
from practice.scenarios.voices import Role, Voice


class ReferenceRecordings:
    """The reference recordings in a folder of scenarios, for comparison with attempts.

    ``assessor`` is called when the first reference recording is assessed. Thread-safe.
    """

    def __init__(self, folder: Path, assessor: Callable[[], Assessor]) -> None:
        self._folder = folder
        self._assessor = assessor
        self._lock = Lock()
        self._assessed: dict[tuple[bytes, Line], RecordedLine] = {}

    def find(self, attempt: Attempt) -> Path | None:
        """Return the path of the reference recording of an attempt's line.

        Returns:
            None if there is none, or if the attempt was not scored.
        """
        if attempt.assessment.score.reason is not None or not self._folder.is_dir():
            return None
        voice = Voice(attempt.take.scenario, attempt.take.line, Role.MODEL)
        return voices.find(self._folder, voice)

    def compare(self, attempt: Attempt, recording: bytes | None) -> Comparison | NotCompared | None:
        """Compare an attempt with the reference recording of its line.

        Args:
            attempt: The attempt.
            recording: Its recording, as the bytes of an audio file.

        Returns:
            None if there is no reference recording or no recording of the attempt.

        Raises:
            PracticeError: A recording or the recognizer cannot be read.
        """
        path = self.find(attempt)
        if path is None or recording is None:
            return None
        if self._script(attempt) != attempt.take.spec.script:
            return NotCompared.CHANGED
        samples = audio.decode(recording, attempt.take.audio or "").samples
        own = RecordedLine(attempt.assessment, pitch.track(samples))
        return compare(own, self._assess(path, attempt.take.spec))

    def _script(self, attempt: Attempt) -> str:
        """Return the current script of an attempt's line; empty if the line no longer exists."""
        try:
            lines = prompts.load(self._folder, attempt.take.scenario).lines
        except PracticeError:
            return ""
        return lines[attempt.take.line - 1].script if attempt.take.line <= len(lines) else ""

    def _assess(self, path: Path, line: Line) -> RecordedLine:
        clip = audio.read(path)
        key = sha256(clip.samples.tobytes()).digest(), line
        with self._lock:
            if key not in self._assessed:
                assessment = self._assessor().assess(clip, line)
                self._assessed[key] = RecordedLine(assessment, pitch.track(clip.samples))
            return self._assessed[key]
