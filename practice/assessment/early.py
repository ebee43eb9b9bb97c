"""Assessment of an attempt during the end silence, while the microphone still records.

The result is neither shown nor stored. It fills the recognizer's cache, and the assessment of
the finished recording uses the cache if no more speech followed. Otherwise the work is lost.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.recorder import Meter
from practice.errors import PracticeError
from practice.records.scenario import Line

PAUSE_S = 0.5
"""Silence after speech that triggers an early assessment.

By then the recording must contain the margin that is kept after the speech, plus the delay of
voice activity detection and resampling: less than 0.45 s altogether."""


class EarlyAssessment:
    """Background assessment of a growing recording, started at each pause.

    Call ``watch`` for every block, and ``close`` at the end.
    """

    def __init__(self, assessor: Assessor, path: Path, line: Line) -> None:
        self._assessor = assessor
        self._path = path
        self._line = line
        self._worker = ThreadPoolExecutor(1)
        self._is_assessed = False

    def watch(self, meter: Meter) -> None:
        """Start an assessment in the background if the pause is long enough."""
        if meter.pause_s < PAUSE_S:
            self._is_assessed = False
        elif not self._is_assessed:
            self._is_assessed = True
            self._worker.submit(self._assess)

    def _assess(self) -> None:
        # The final assessment reports what is wrong with the recording.
        with suppress(PracticeError):
            self._assessor.assess(audio.read(self._path), self._line)

    def close(self) -> None:
        """Start no more assessments; one that is running may finish."""
        self._worker.shutdown(wait=False, cancel_futures=True)
