"""Judging a take in the silence in which the microphone waits whether more will be said.

Nothing of it is shown or kept: the transcriber remembers what it heard, and the judgment
of the finished recording finds it there if nothing was added to the speech. If speech
goes on, it was for nothing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from practice.assessment.pipeline import Judge
from practice.audio import clip as audio
from practice.audio.recorder import Meter
from practice.errors import PracticeError
from practice.records.scenario import Line

PAUSE_S = 0.5
"""Silence after speech from which it is judged: what is cut out with the speech, and what
voice activity and resampling lag behind, all in all below 0.45 s, must have been written."""


class EarlyAssessment:
    """Judges a growing recording at each pause. ``watch`` is to be told of every block."""

    def __init__(self, judge: Judge, path: Path, line: Line) -> None:
        self._judge = judge
        self._path = path
        self._line = line
        self._worker = ThreadPoolExecutor(1)
        self._is_heard = False

    def watch(self, meter: Meter) -> None:
        """Begin to judge where a pause is long enough; returns at once."""
        if meter.pause_s < PAUSE_S:
            self._is_heard = False
        elif not self._is_heard:
            self._is_heard = True
            self._worker.submit(self._hear)

    def _hear(self) -> None:
        # What is wrong with the recording is told when it is judged for good.
        with suppress(PracticeError):
            self._judge.assess(audio.read(self._path), self._line)

    def close(self) -> None:
        """Begin nothing more; what is under way may finish."""
        self._worker.shutdown(wait=False, cancel_futures=True)
