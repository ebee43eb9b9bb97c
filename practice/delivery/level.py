"""Loudness of speech: the active speech level, which silences do not lower."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from practice.audio.signal_check import RATE_HZ, Samples

_MARGIN_DB = 15.9
_HANGOVER_S = 0.2
_TIME_CONSTANT_S = 0.03
_BLOCK = 16
"""Samples per value of the envelope.

Its rate is then 1 kHz, which loses nothing: the recommendation requires 694 Hz."""

_STEPS = 15
"""Number of thresholds: the first is half of the peak, the others half of the one before."""


def active_level(samples: Samples) -> float | None:
    """Return the active speech level, by method B of ITU-T P.56 (12/2011).

    The energy of the recording is divided by the time with active speech. That is the time in
    which the envelope (|x|, smoothed twice with a time constant of 30 ms) was above a threshold
    within the last 0.2 s. The threshold is the one that is 15.9 dB below the resulting level.

    Args:
        samples: Mono, 16 kHz.

    Returns:
        RMS in dB against full scale (dBFS, here the same as dBov), or None for silence.
    """
    centered = samples - np.mean(samples, dtype=np.float64) if samples.size else samples
    whole = centered[: len(centered) // _BLOCK * _BLOCK].astype(np.float64)
    peak = float(np.max(np.abs(whole), initial=0.0))
    if peak < 1e-6:
        return None
    whole /= peak
    energy = float(np.sum(np.square(whole)))
    envelope = _smooth(_smooth(np.mean(np.abs(whole.reshape(-1, _BLOCK)), axis=1)))
    hangover = int(_HANGOVER_S * RATE_HZ / _BLOCK)
    found: tuple[float, float] | None = None
    for step in range(_STEPS):
        threshold = 0.5 ** (step + 1)
        active = _active(envelope >= threshold, hangover)
        if not active:
            continue
        level = 10 * float(np.log10(energy / (active * _BLOCK)))
        above = level - 20 * float(np.log10(threshold)) - _MARGIN_DB
        if above >= 0:
            if found is not None:
                # Between two thresholds the level is interpolated linearly.
                level += (found[0] - level) * above / (above - found[1])
            return level + 20 * float(np.log10(peak))
        found = (level, above)
    return None


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the exponentially weighted running mean, with a time constant of 30 ms."""
    kept = float(np.exp(-_BLOCK / RATE_HZ / _TIME_CONSTANT_S))
    mean, out = 0.0, []
    for value in values.tolist():
        mean = kept * mean + (1 - kept) * value
        out.append(mean)
    return np.array(out)


def _active(above: npt.NDArray[np.bool_], hangover: int) -> int:
    """Count the values that are above the threshold, or within the hangover after one."""
    places = np.arange(len(above))
    last = np.maximum.accumulate(np.where(above, places, -hangover - 1))
    return int(np.count_nonzero(places - last <= hangover))
