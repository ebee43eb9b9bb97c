"""The pitch of a voice by SwiftF0, whose wheel carries its network; nothing is downloaded."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from practice.audio.onnx import disable_telemetry
from practice.audio.signal_check import RATE_HZ, Samples
from practice.delivery.pitch import PitchTrack

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

_HOP = 256
STEP_S = _HOP / RATE_HZ
"""From frame to frame of the model."""

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
"""Where voices lie that speak: low men's to high women's, with their highest tones."""

VOICED_FROM = 0.5
"""Confidence from which a frame has voice; what the model is calibrated to."""

_PEAK = 0.5
_SILENT = 1e-5


@cache
def _detector() -> SwiftF0:
    from swift_f0 import SwiftF0

    disable_telemetry()
    # One thread that sleeps between the calls: the recognizer needs the others.
    return SwiftF0(threads=1, spin=False)


def load() -> None:
    """Load the network, which else the first take waits for."""
    _detector()


def track(samples: Samples) -> PitchTrack:
    """Follow the pitch of mono samples at 16 kHz.

    The level makes no difference, nor does a constant offset.
    """
    if not samples.size:
        return PitchTrack(STEP_S, np.zeros(0))
    return _track(np.asarray(samples, dtype=np.float32).tobytes())


@lru_cache(maxsize=4)  # a recording is measured, compared and plotted
def _track(data: bytes) -> PitchTrack:
    samples = np.frombuffer(data, dtype=np.float32)
    centred = samples - np.mean(samples, dtype=np.float64)
    peak = float(np.max(np.abs(centred)))
    if peak < _SILENT:
        return PitchTrack(STEP_S, np.full(max(1, len(samples) // _HOP), np.nan))
    # The model takes what is very quiet for silence, whatever is in it.
    level = (centred * (_PEAK / peak)).astype(np.float32)
    found = _detector().detect(level, RATE_HZ, LOWEST_HZ, HIGHEST_HZ)
    hz = np.where(found.confidence >= VOICED_FROM, found.pitch_hz, np.nan)
    return PitchTrack(STEP_S, hz)
