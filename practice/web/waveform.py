"""The waveform of a recording, as an outline of its peaks."""

from __future__ import annotations

import numpy as np

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError

WIDTH = 1000
"""Columns of the picture, regardless of the duration."""

HEIGHT = 120


def outline(sound: bytes) -> tuple[str, float] | None:
    """Return the waveform of a recording and its duration.

    The height is relative to the recording's own peak, so that quiet speech is visible.

    Args:
        sound: Content of an audio file.

    Returns:
        The ``d`` attribute of an SVG path, ``WIDTH`` × ``HEIGHT``, and the duration in seconds;
        None if the file cannot be decoded or is empty.
    """
    try:
        clip = audio.decode(sound, "")
    except AudioError:
        return None
    samples = clip.samples
    if not len(samples):
        return None
    # If there are fewer samples than columns, they are repeated.
    edges = np.linspace(0, len(samples), WIDTH + 1).astype(int)
    starts = np.minimum(edges[:-1], len(samples) - 1)
    peaks = np.maximum.reduceat(np.abs(samples), starts)
    # Draw the noise of a silent recording as a line.
    loudest = max(float(peaks.max()), 0.01)
    half = HEIGHT / 2
    heights = np.maximum(peaks / loudest * (half - 2), 0.5)
    upper = [f"{x} {half - y:.1f}" for x, y in enumerate(heights)]
    lower = [f"{x} {half + y:.1f}" for x, y in reversed(list(enumerate(heights)))]
    return "M" + "L".join(upper + lower) + "Z", len(samples) / RATE_HZ
