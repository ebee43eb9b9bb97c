"""A transcriber that remembers the last take it heard, and all that was asked about it.

So that what was heard while a take might still go on need not be heard again when it
turns out to have been all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock, RLock

import numpy as np

from practice.audio.signal_check import Samples, Spans, cut
from practice.recognition.recognizer import Recognition, Recognizer
from practice.records.recognition import ModelInfo, Transcript
from practice.scoring.evidence import TextPair


@dataclass(frozen=True)
class _Last:
    spans_s: Spans
    speech: Samples
    recognition: Recognition


class CachedRecognizer:
    """Passes a take on to another transcriber, unless it is the last one over again.

    What counts is the speech, sample by sample, and where it lies: silence that came after
    it makes no difference. May be used by several threads; the same question is answered
    once, and whoever asks it meanwhile waits.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._transcriber = recognizer
        self._lock = Lock()
        self._last: _Last | None = None

    @property
    def info(self) -> ModelInfo:
        """Which model and settings it uses."""
        return self._transcriber.info

    def use_threads(self, number: int) -> None:
        """Let what the calling thread asks be computed by so many threads."""
        self._transcriber.use_threads(number)

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        """Hear the speech that lies in ``spans_s`` of mono samples at 16 kHz."""
        speech = cut(samples, spans_s)
        with self._lock:
            last = self._last
            if last and last.spans_s == spans_s and np.array_equal(last.speech, speech):
                return last.recognition
            self._last = None
            recognition = _CachedRecognition(self._transcriber.listen(samples, spans_s, drafts))
            self._last = _Last(spans_s, speech, recognition)
            return recognition


class _CachedRecognition:
    """A hearing whose answers are kept."""

    def __init__(self, recognition: Recognition) -> None:
        self._hearing = recognition
        self._lock = RLock()
        self._answers: dict[TextPair, float] = {}
        self._times_s: tuple[float, ...] | None = None
        self._second: list[Recognition | None] = []

    @property
    def transcript(self) -> Transcript:
        return self._hearing.transcript

    def times_s(self) -> tuple[float, ...]:
        with self._lock:
            if self._times_s is None:
                self._times_s = self._hearing.times_s()
            return self._times_s

    def logprobs(self) -> tuple[float, ...]:
        return self._hearing.logprobs()

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        with self._lock:
            new = [pair for pair in pairs if pair not in self._answers]
            if new:
                answers = self._hearing.compare(new)
                if answers is None:
                    return None
                self._answers |= dict(zip(new, answers, strict=True))
            return [self._answers[pair] for pair in pairs]

    def second_look(self) -> Recognition | None:
        with self._lock:
            if not self._second:
                second = self._hearing.second_look()
                self._second = [None if second is None else _CachedRecognition(second)]
            return self._second[0]
