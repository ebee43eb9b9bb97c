"""Comparison of an attempt with the reference recording of its line: pace and pitch contour.

The pitch is compared where the same characters of the script were said, in semitones from each
speaker's own median: a high and a low voice that speak alike do not differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from practice.delivery.measure import LEAST_CHARACTERS
from practice.delivery.pitch import PitchTrack, median_hz, semitones, within, without_octave_errors
from practice.mandarin.alignment import after_pauses, columns, places
from practice.records.attempt import Assessment
from practice.records.delivery import Delivery
from practice.records.score import Op

PACE_FROM = 0.15
"""Relative difference from which paces count as different.

The smallest difference that listeners notice is 10 % (Quené, Journal of Phonetics 35, 2007), and
each of the two paces may be off by 2 % (docs/delivery.md)."""

PITCH_FROM_ST = 3.0
"""Difference from which pitch movements count as different, in semitones.

Smaller differences play no part in speech ('t Hart, J. Acoust. Soc. Am. 69, 1981). The estimator
is off by at most 0.2."""

_LEAST_FRAMES = 5
"""Frames voiced in both recordings that the comparison of a character requires: 80 ms."""

_SAID = (Op.EQUAL, Op.HOMOPHONE, Op.NEAR)


class NotCompared(StrEnum):
    """A reason why an attempt is not compared with an existing reference recording."""

    CHANGED = "changed"  # the script has changed since
    UNSCORED = "unscored"  # the reference recording was not scored
    UNLIKE = "unlike"  # too few of the script's characters were heard in both


class Trait(StrEnum):
    """A trait in which two recordings of a line can differ."""

    PACE = "pace"  # characters per second
    FINAL = "final"  # rise of the pitch at the end, in semitones
    RANGE = "range"  # pitch range in semitones
    HEIGHT = "height"  # pitch of some characters above the speaker's median, in semitones


@dataclass(frozen=True, slots=True)
class Difference:
    """A reliable difference; for a height, ``words`` are the characters that differ."""

    trait: Trait
    own: float
    theirs: float
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The comparison of an attempt with a reference recording.

    Attributes:
        pace: Pace of the attempt over that of the reference recording, or None if unavailable.
        contour: Pitch of the reference recording at the times of the attempt and around its
            median, or None if either has no pitch.
        differences: The reliable differences.
    """

    pace: float | None
    contour: PitchTrack | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecordedLine:
    """A recording of a line: its assessment, and the pitch of the whole recording."""

    assessment: Assessment
    track: PitchTrack

    @property
    def voice(self) -> PitchTrack:
        """The pitch of the speech alone, without octave errors."""
        return without_octave_errors(within(self.track, self.assessment.check.spans_s))


Anchor = tuple[int, float, float]
"""A place in the script's normal form, and its times in the two recordings, in seconds."""


def compare(own: RecordedLine, theirs: RecordedLine) -> Comparison | NotCompared:
    """Compare an attempt with a reference recording of the same script.

    Args:
        own: The attempt.
        theirs: The reference recording.

    Returns:
        The comparison, or the reason why there is none.
    """
    if theirs.assessment.score.reason is not None:
        return NotCompared.UNSCORED
    anchors = _anchors(own.assessment, theirs.assessment)
    if len({place for place, _own_s, _their_s in anchors}) < LEAST_CHARACTERS:
        return NotCompared.UNLIKE
    ours, other = (line.assessment.delivery or Delivery() for line in (own, theirs))
    pace = None
    differences: list[Difference] = []
    if ours.speech_cps and other.speech_cps:
        pace = ours.speech_cps / other.speech_cps
        if abs(pace - 1) >= PACE_FROM:
            differences.append(Difference(Trait.PACE, ours.speech_cps, other.speech_cps))
    if not (ours.pitch_hz and other.pitch_hz):
        return Comparison(pace, None, tuple(differences))
    if _end_alike(own.assessment, theirs.assessment):
        differences += _beyond(Trait.FINAL, ours.final_st, other.final_st)
    differences += _beyond(Trait.RANGE, ours.pitch_range_st, other.pitch_range_st)
    moments = list(_moments(anchors, own.assessment, theirs.assessment))
    contour = warp_pitch(own.voice, theirs.voice, moments)
    if contour is not None:
        contour = within(contour, own.assessment.check.spans_s)
        differences += _heights(own, contour, anchors)
    return Comparison(pace, contour, tuple(differences))


def warp_pitch(
    own: PitchTrack, theirs: PitchTrack, moments_s: Sequence[tuple[float, float]]
) -> PitchTrack | None:
    """Map the pitch of ``theirs`` to the time and the median of ``own``.

    Args:
        own: Pitch of the attempt.
        theirs: Pitch of the reference recording.
        moments_s: Times in ``own`` and ``theirs`` that correspond, in seconds. Between them, time
            is interpolated linearly. The medians are those between the first and the last.

    Returns:
        A track with the steps of ``own``, or None if either has no voice.
    """
    ours_s, other_s = (np.array(times) for times in zip(*moments_s, strict=True))
    base = median_hz(within(own, [(ours_s[0], ours_s[-1])]))
    other_base = median_hz(within(theirs, [(other_s[0], other_s[-1])]))
    if base is None or other_base is None:
        return None
    at_s = own.times_s
    frames = np.rint(np.interp(at_s, ours_s, other_s) / theirs.step_s).astype(int)
    hz = theirs.hz[np.clip(frames, 0, len(theirs.hz) - 1)] * (base / other_base)
    inside = (at_s >= ours_s[0]) & (at_s < ours_s[-1])
    return PitchTrack(own.step_s, np.where(inside, hz, np.nan))


def _reference(assessment: Assessment) -> str:
    return "".join(chunk.reference for chunk in assessment.score.chunks)


def _anchors(own: Assessment, theirs: Assessment) -> list[Anchor]:
    """Return when each character that was heard in both begins, and when the speech ends."""
    if _reference(own) != _reference(theirs):
        return []
    ours, other = dict(_begins(own)), dict(_begins(theirs))
    found: list[Anchor] = []
    for place in sorted(ours.keys() & other.keys()):
        begins = ours[place], other[place]
        if not found or (begins[0] > found[-1][1] and begins[1] > found[-1][2]):
            found.append((place, *begins))
    if not found:
        return []
    ends = own.check.spans_s[-1][1], theirs.check.spans_s[-1][1]
    if _end_alike(own, theirs) and ends[0] > found[-1][1] and ends[1] > found[-1][2]:
        found.append((len(_reference(own)) - 1, *ends))
    return found


def _end_alike(own: Assessment, theirs: Assessment) -> bool:
    """Return whether both end with the last character of the script, and nothing after it."""
    ends = [assessment.score.chunks[-1:] for assessment in (own, theirs)]
    return all(end and end[0].op in _SAID for end in ends)


def _moments(
    anchors: Sequence[Anchor], own: Assessment, theirs: Assessment
) -> Iterator[tuple[float, float]]:
    """Yield the times that correspond: where characters begin, and where a pause cuts them off."""
    for (_place, ours, other), (_next, ours_next, other_next) in pairwise(anchors):
        yield ours, other
        ends = _spoken_until(own, ours, ours_next), _spoken_until(theirs, other, other_next)
        if ends != (ours_next, other_next):
            yield ends
    yield anchors[-1][1:]


def _spoken_until(assessment: Assessment, begin: float, following: float) -> float:
    """Return when a character ends: at the next pause, or where the next character begins."""
    silences = (start for start, _end in assessment.check.silences_s if begin < start < following)
    return min(silences, default=following)


def _begins(assessment: Assessment) -> Iterator[tuple[int, float]]:
    """Yield the places of the script that were said, and when each begins, in seconds."""
    transcript, chunks = assessment.transcript, assessment.score.chunks
    times_s = after_pauses(transcript.times_s if transcript else (), assessment.check.silences_s)
    spans = assessment.check.spans_s
    place = 0
    for column, heard_at in zip(columns(chunks), places(chunks), strict=True):
        if not column.reference:
            continue
        if column.op in _SAID and heard_at is not None and heard_at < len(times_s) and spans:
            # The recognizer gets a margin before the speech, and may let a character begin there.
            yield place, max(times_s[heard_at], spans[0][0])
        place += 1


def _beyond(trait: Trait, own: float | None, theirs: float | None) -> Iterator[Difference]:
    if own is not None and theirs is not None and abs(own - theirs) >= PITCH_FROM_ST:
        yield Difference(trait, own, theirs)


def _heights(
    own: RecordedLine, contour: PitchTrack, anchors: Sequence[Anchor]
) -> Iterator[Difference]:
    """Yield the two neighboring characters, if any, furthest from the reference recording.

    Two, because the times are right to one character at best.
    """
    script, voice = _reference(own.assessment), own.voice
    bounds = [(a, b) for _place, a, b in anchors]
    base = median_hz(within(voice, [(bounds[0][0], bounds[-1][0])]))
    if base is None:
        return
    ours, other = semitones(voice.hz, base), semitones(contour.hz, base)
    both = ~np.isnan(ours) & ~np.isnan(other)
    at_s = voice.times_s
    found: list[tuple[int, float, float] | None] = []
    for (place, start, _b), (_place, end, _c) in pairwise(anchors):
        here = both & (at_s >= start) & (at_s < end)
        enough = np.count_nonzero(here) >= _LEAST_FRAMES
        found.append(
            (place, float(np.median(ours[here])), float(np.median(other[here]))) if enough else None
        )
    apart: list[Difference] = []
    for one, two in pairwise(found):
        if one is None or two is None or two[0] != one[0] + 1:
            continue
        first, second = one[1] - one[2], two[1] - two[2]
        if min(abs(first), abs(second)) >= PITCH_FROM_ST and first * second > 0:
            words = script[one[0] : two[0] + 1]
            height = (one[1] + two[1]) / 2, (one[2] + two[2]) / 2
            apart.append(Difference(Trait.HEIGHT, *height, words))
    if apart:
        yield max(apart, key=lambda found: abs(found.own - found.theirs))
