"""A recognizer that caches its last recognition and all answers about it.

An attempt can thus be recognized while the trainee might still go on speaking. If it turns out
to have been complete, the result is reused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
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
    """Recognizer that passes a recording on to another one, unless it is the same as the last.

    Recordings are the same if their speech is, sample by sample, and if it is at the same times;
    silence after it makes no difference. Thread-safe: the same question is answered once, and
    other threads that ask it meanwhile wait.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._lock = Lock()
        self._last: _Last | None = None

    @property
    def info(self) -> ModelInfo:
        """The model and settings of the recognizer."""
        return self._recognizer.info

    def use_threads(self, number: int) -> None:
        """Set how many threads compute the calling thread's requests."""
        self._recognizer.use_threads(number)

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        """Recognize the speech of a recording, or return the cached recognition.

        The arguments are those of ``Recognizer.listen``. The drafts are not compared, since they
        never change the result.
        """
        speech = cut(samples, spans_s)
        with self._lock:
            last = self._last
            if last and last.spans_s == spans_s and np.array_equal(last.speech, speech):
                return last.recognition
            self._last = None
            recognition = _CachedRecognition(self._recognizer.listen(samples, spans_s, drafts))
            self._last = _Last(spans_s, speech, recognition)
            return recognition


class _CachedRecognition:
    def __init__(self, recognition: Recognition) -> None:
        self._recognition = recognition
        self._lock = RLock()
        self._answers: dict[TextPair, float] = {}
        self._times_s = cache(recognition.times_s)

        def look_again() -> Recognition | None:
            second = recognition.second_look()
            return None if second is None else _CachedRecognition(second)

        self._second_look = cache(look_again)

    @property
    def transcript(self) -> Transcript:
        return self._recognition.transcript

    def times_s(self) -> tuple[float, ...]:
        with self._lock:
            return self._times_s()

    def logprobs(self) -> tuple[float, ...]:
        return self._recognition.logprobs()

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        with self._lock:
            new = [pair for pair in pairs if pair not in self._answers]
            if new:
                answers = self._recognition.compare(new)
                if answers is None:
                    return None
                self._answers |= dict(zip(new, answers, strict=True))
            return [self._answers[pair] for pair in pairs]

    def second_look(self) -> Recognition | None:
        with self._lock:
            return self._second_look()
