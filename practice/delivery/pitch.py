"""The pitch of a take over time, and the figures that are read off it.

Distances in pitch are in semitones: 12 × log2 of a ratio of frequencies, so that a low and
a high voice which speak alike get like figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Hertz = npt.NDArray[np.float64]

JUMP_SEMITONES = 3.0
"""More than this between two frames no voice moves: as fast as they can, speakers change an
octave by less than 1 semitone in 10 ms (Xu and Sun, J. Acoust. Soc. Am. 111, 2002)."""

OCTAVE_FROM = 9.0
"""A stretch that jumped at least so far is taken for an error of about an octave."""

LOW_PERCENTILE, HIGH_PERCENTILE = 10.0, 90.0
"""Between which the range lies; the extremes are the estimator's errors as often as not."""

FINAL_S = 0.3
"""The end of an utterance over which its last rise or fall is measured: about one syllable."""

FINAL_LEAST_S = 0.15
"""A shorter stretch of voice has no direction."""


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """The pitch in steps of equal length: frame ``i`` stands at ``i * step_s``.

    ``hz`` is NaN where there is no voice: silence, whisper, the consonants without one.
    """

    step_s: float
    hz: Hertz

    @property
    def times_s(self) -> Hertz:
        """When each frame is, in seconds from the start."""
        times: Hertz = np.arange(len(self.hz), dtype=np.float64) * self.step_s
        return times

    @property
    def is_voiced(self) -> npt.NDArray[np.bool_]:
        """Of each frame whether it has a pitch."""
        return ~np.isnan(self.hz)

    @property
    def voiced_s(self) -> float:
        """How long there is voice, in seconds."""
        return float(np.count_nonzero(self.is_voiced)) * self.step_s


def semitones(hz: Hertz, base_hz: float) -> Hertz:
    """How far each pitch lies above ``base_hz``, in semitones; NaN stays."""
    above: Hertz = 12 * np.log2(hz / base_hz)
    return above


def within(track: PitchTrack, spans_s: Iterable[tuple[float, float]]) -> PitchTrack:
    """A track of the same length whose voice outside of ``spans_s`` is left out."""
    times = track.times_s
    inside = np.zeros(len(times), dtype=bool)
    for start, end in spans_s:
        inside |= (times >= start) & (times < end)
    return PitchTrack(track.step_s, np.where(inside, track.hz, np.nan))


def without_octave_errors(track: PitchTrack) -> PitchTrack:
    """Leave out what jumped by about an octave inside of a stretch of voice.

    A stretch is cut where two neighboring frames lie more than JUMP_SEMITONES apart. Of
    its pieces, those are left out that lie OCTAVE_FROM or more from the longest. A whole
    stretch is never left out: the next syllable may begin an octave higher.
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
    """The median of the pitch in Hz; None without voice."""
    voiced = track.hz[track.is_voiced]
    return float(np.median(voiced)) if voiced.size else None


def range_semitones(track: PitchTrack) -> float | None:
    """How far the pitch moves: from its 10th to its 90th percentile, in semitones."""
    voiced = track.hz[track.is_voiced]
    if not voiced.size:
        return None
    low, high = np.percentile(voiced, [LOW_PERCENTILE, HIGH_PERCENTILE])
    return float(12 * np.log2(high / low))


def variation(track: PitchTrack) -> float | None:
    """The pitch variation quotient: standard deviation over mean of the pitch in Hz.

    The measure of monotony of Hincks, Computer Assisted Language Learning 18 (2005), and
    System 33 (2005): the smaller the flatter.
    """
    voiced = track.hz[track.is_voiced]
    return float(np.std(voiced) / np.mean(voiced)) if voiced.size else None


def final_semitones(track: PitchTrack) -> float | None:
    """How far the pitch rises (or falls, below 0) at the end, in semitones.

    The line of least squares through the last stretch of voice, at most its last FINAL_S,
    from its first to its last frame. The tone of the last syllable is in it: to be compared
    with takes of the same words. None where the stretch is shorter than FINAL_LEAST_S.
    """
    start, end = max(_stretches(track.hz), default=(0, 0))
    start = max(start, end - round(FINAL_S / track.step_s))
    if (end - start) * track.step_s < FINAL_LEAST_S:
        return None
    above = semitones(track.hz[start:end], float(track.hz[start]))
    slope = float(np.polyfit(np.arange(end - start), above, 1)[0])
    return slope * (end - start - 1)


def perturbation(track: PitchTrack) -> float | None:
    """How unsteadily the voice is held: relative average perturbation of the periods.

    The mean of |T(i) - (T(i-1) + T(i) + T(i+1)) / 3| over the mean of T, for the periods T
    of three frames in a row: the formula of the jitter measure RAP (Koike 1973; Praat's
    manual). There the periods are those of single cycles, here those of frames: it is no
    clinical jitter, and only to be compared with itself. A steady glide gives nearly 0.
    """
    periods = [1 / track.hz[start:end] for start, end in _stretches(track.hz) if end - start >= 3]
    if not periods:
        return None
    apart = np.concatenate([np.abs(2 * t[1:-1] - t[:-2] - t[2:]) / 3 for t in periods])
    return float(np.mean(apart) / np.mean(np.concatenate(periods)))


def jumps_per_s(track: PitchTrack) -> float | None:
    """How often, in a second of voice, the pitch jumps further than a voice can move.

    Where it does so time and again it goes to and fro between two voices.
    """
    voiced_s = track.voiced_s
    if not voiced_s:
        return None
    return (
        sum(
            int(np.count_nonzero(np.abs(12 * np.diff(np.log2(track.hz[a:b]))) > JUMP_SEMITONES))
            for a, b in _stretches(track.hz)
        )
        / voiced_s
    )


def _stretches(hz: Hertz) -> Iterator[tuple[int, int]]:
    """The runs of frames with voice, as indices from and to."""
    edges = np.diff(np.concatenate([[0], (~np.isnan(hz)).astype(np.int8), [0]]))
    yield from zip(
        np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True
    )
