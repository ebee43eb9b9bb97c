"""The pitch of a recording over time, and the figures that are derived from it.

Distances in pitch are in semitones, 12 × log2 of a ratio of frequencies, so that a low and a high
voice that speak alike get similar figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Hertz = npt.NDArray[np.float64]

JUMP_SEMITONES = 3.0
"""Largest change of a voice's pitch between two frames, in semitones.

Speakers who change by an octave as fast as they can move less than 1 semitone in 10 ms (Xu and
Sun, J. Acoust. Soc. Am. 111, 2002)."""

OCTAVE_FROM = 9.0
"""Jump within a stretch of voice, in semitones, from which it counts as an octave error."""

LOW_PERCENTILE, HIGH_PERCENTILE = 10.0, 90.0
"""Percentiles between which the pitch range is measured.

The extremes are errors of the estimator as often as not."""

FINAL_S = 0.3
"""Length of the end of an utterance, in seconds, over which its last rise or fall is measured.

It is about one syllable."""

FINAL_LEAST_S = 0.15
"""Minimum length of that end, in seconds; anything shorter has no direction."""


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """The pitch in steps of equal length: frame ``i`` is at ``i * step_s``.

    ``hz`` is NaN where there is no voice: in silence, whispers and voiceless consonants.
    """

    step_s: float
    hz: Hertz

    @property
    def times_s(self) -> Hertz:
        """Time of each frame, in seconds from the start."""
        times: Hertz = np.arange(len(self.hz), dtype=np.float64) * self.step_s
        return times

    @property
    def is_voiced(self) -> npt.NDArray[np.bool_]:
        """Mask of the frames that have a pitch."""
        return ~np.isnan(self.hz)

    @property
    def voiced_hz(self) -> Hertz:
        """The pitch of the voiced frames alone."""
        return self.hz[self.is_voiced]

    @property
    def voiced_s(self) -> float:
        """Duration of all voice, in seconds."""
        return float(np.count_nonzero(self.is_voiced)) * self.step_s


def semitones(hz: Hertz, base_hz: float) -> Hertz:
    """Return how far each pitch is above ``base_hz``, in semitones; NaN stays NaN."""
    above: Hertz = 12 * np.log2(hz / base_hz)
    return above


def within(track: PitchTrack, spans_s: Iterable[tuple[float, float]]) -> PitchTrack:
    """Return a track of the same length without the voice outside of ``spans_s`` (seconds)."""
    times = track.times_s
    inside = np.zeros(len(times), dtype=bool)
    for start, end in spans_s:
        inside |= (times >= start) & (times < end)
    return PitchTrack(track.step_s, np.where(inside, track.hz, np.nan))


def without_octave_errors(track: PitchTrack) -> PitchTrack:
    """Remove the pieces that jumped by about an octave within a stretch of voice.

    A stretch is cut where two neighboring frames are more than JUMP_SEMITONES apart. Its pieces
    that are OCTAVE_FROM or more away from the longest one (by their medians) are removed. A whole
    stretch is never removed: the next syllable may begin an octave higher.
    """
    hz = track.hz.copy()
    for start, end in _stretches(track.hz):
        above = semitones(track.hz[start:end], float(track.hz[start]))
        cuts = start + 1 + np.flatnonzero(np.abs(np.diff(above)) > JUMP_SEMITONES)
        bounds = [start, *cuts.tolist(), end]
        pieces = list(pairwise(bounds))
        first, last = max(pieces, key=lambda piece: piece[1] - piece[0])
        middle = float(np.median(track.hz[first:last]))
        for a, b in pieces:
            if abs(float(np.median(semitones(track.hz[a:b], middle)))) >= OCTAVE_FROM:
                hz[a:b] = np.nan
    return PitchTrack(track.step_s, hz)


def median_hz(track: PitchTrack) -> float | None:
    """Return the median of the pitch in Hz, or None without voice."""
    return float(np.median(track.voiced_hz)) if track.voiced_s else None


def range_semitones(track: PitchTrack) -> float | None:
    """Return the distance from the 10th to the 90th percentile of the pitch, in semitones.

    None without voice.
    """
    if not track.voiced_s:
        return None
    low, high = np.percentile(track.voiced_hz, [LOW_PERCENTILE, HIGH_PERCENTILE])
    return float(12 * np.log2(high / low))


def variation(track: PitchTrack) -> float | None:
    """Return the pitch variation quotient: standard deviation over mean of the pitch in Hz.

    A measure of monotony (Hincks, Computer Assisted Language Learning 18, 2005, and System 33,
    2005): the smaller, the flatter. None without voice.
    """
    hz = track.voiced_hz
    return float(np.std(hz) / np.mean(hz)) if hz.size else None


def final_semitones(track: PitchTrack) -> float | None:
    """Return the rise of the pitch at the end, in semitones; a fall is negative.

    A line is fitted by least squares to the last stretch of voice, at most its last FINAL_S. The
    rise is that of the line from its first to its last frame. It includes the tone of the last
    syllable, so compare it only with attempts at the same words. None if the stretch is shorter
    than FINAL_LEAST_S.
    """
    start, end = max(_stretches(track.hz), default=(0, 0))
    start = max(start, end - round(FINAL_S / track.step_s))
    if (end - start) * track.step_s < FINAL_LEAST_S:
        return None
    above = semitones(track.hz[start:end], float(track.hz[start]))
    slope = float(np.polyfit(np.arange(end - start), above, 1)[0])
    return slope * (end - start - 1)


def jumps_per_s(track: PitchTrack) -> float | None:
    """Return how often the pitch jumps further than a voice can move, per second of voice.

    A pitch that does so again and again goes to and fro between two voices. None without voice.
    """
    if not track.voiced_s:
        return None
    steps = 12 * np.diff(np.log2(track.hz))  # NaN, which exceeds nothing, at the edges of silence
    return int(np.count_nonzero(np.abs(steps) > JUMP_SEMITONES)) / track.voiced_s


def _stretches(hz: Hertz) -> Iterator[tuple[int, int]]:
    """Yield the runs of voiced frames, as start and end indices."""
    edges = np.diff(np.concatenate([[0], (~np.isnan(hz)).astype(np.int8), [0]]))
    yield from zip(
        np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True
    )
