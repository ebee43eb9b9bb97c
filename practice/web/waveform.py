"""The waveform of a take, as the outline of its peaks."""

from __future__ import annotations

import numpy as np

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError

WIDTH = 1000
"""Columns of the picture, whatever the take's length."""

HEIGHT = 120


def outline(sound: bytes) -> tuple[str, float] | None:
    """The waveform as the ``d`` of an SVG path, WIDTH by HEIGHT, and the duration in seconds.

    It is drawn as loud as the take's own peak, so that quiet speech can be seen. None for
    what is no recording.
    """
    try:
        clip = audio.decode(sound, "")
    except AudioError:
        return None
    samples = clip.samples
    if not len(samples):
        return None
    # Where samples are fewer than columns, they are repeated.
    edges = np.linspace(0, len(samples), WIDTH + 1).astype(int)
    starts = np.minimum(edges[:-1], len(samples) - 1)
    peaks = np.maximum.reduceat(np.abs(samples), starts)
    # The noise of an empty recording stays a line.
    loudest = max(float(peaks.max()), 0.01)
    half = HEIGHT / 2
    heights = np.maximum(peaks / loudest * (half - 2), 0.5)
    upper = [f"{x} {half - y:.1f}" for x, y in enumerate(heights)]
    lower = [f"{x} {half + y:.1f}" for x, y in reversed(list(enumerate(heights)))]
    return "M" + "L".join(upper + lower) + "Z", len(samples) / RATE_HZ
