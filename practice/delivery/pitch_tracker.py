"""Pitch tracking by SwiftF0, whose wheel contains its network: nothing is downloaded."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from practice.audio.signal_check import RATE_HZ, Samples
from practice.audio.voice_activity import disable_telemetry
from practice.delivery.pitch import PitchTrack

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

_HOP = 256
STEP_S = _HOP / RATE_HZ
"""Time between two of the model's frames, in seconds."""

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
"""Pitch range of speaking voices: from low male to high female voices, with their highest tones."""

VOICED_FROM = 0.5
"""Confidence from which a frame is voiced; the model is calibrated to this value."""

_PEAK = 0.5
_SILENT = 1e-5


@cache
def _detector() -> SwiftF0:
    from swift_f0 import SwiftF0

    disable_telemetry()
    # One thread that sleeps between calls: the recognizer needs the others.
    return SwiftF0(threads=1, spin=False)


def load() -> None:
    """Load the network, so that the first recording does not have to wait for it."""
    _detector()


def track(samples: Samples) -> PitchTrack:
    """Track the pitch of mono samples at 16 kHz.

    The result depends neither on the level nor on a constant offset.
    """
    if not samples.size:
        return PitchTrack(STEP_S, np.zeros(0))
    return _track(np.asarray(samples, dtype=np.float32).tobytes())


@lru_cache(maxsize=4)  # a recording is measured, compared and plotted
def _track(data: bytes) -> PitchTrack:
    samples = np.frombuffer(data, dtype=np.float32)
    centered = samples - np.mean(samples, dtype=np.float64)
    peak = float(np.max(np.abs(centered)))
    if peak < _SILENT:
        return PitchTrack(STEP_S, np.full(max(1, len(samples) // _HOP), np.nan))
    # The model takes very quiet audio for silence, whatever it contains.
    level = (centered * (_PEAK / peak)).astype(np.float32)
    found = _detector().detect(level, RATE_HZ, LOWEST_HZ, HIGHEST_HZ)
    hz = np.where(found.confidence >= VOICED_FROM, found.pitch_hz, np.nan)
    return PitchTrack(STEP_S, hz)
