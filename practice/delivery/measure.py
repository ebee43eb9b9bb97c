"""Delivery of an attempt, from data that exists anyway: pace, pauses, loudness, pitch.

A figure is reported if it can be measured; otherwise, the reason is reported. A number that is
based on a single syllable, a whisper or another person's voice would be believed all the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import islice, product

import numpy as np

from practice.audio.signal_check import RATE_HZ, Samples, dbfs
from practice.delivery import level, pitch
from practice.delivery.pitch import PitchTrack
from practice.mandarin.alignment import middles
from practice.mandarin.normalization import Normalized, normal_form, normalize, numerals, plain
from practice.records.delivery import (
    FIGURES,
    Aim,
    AimResult,
    Delivery,
    Flaw,
    Pause,
    Targets,
    Unavailable,
    Volume,
)
from practice.records.recognition import SpeechCheck, Transcript
from practice.records.score import Score
from practice.scoring.score import loops

LEAST_CHARACTERS = 4
LEAST_SPEECH_S = 0.8
"""Minimum number of characters and seconds of speech for a pace.

The start and end of speech are known to 0.05 s, which is 6 % of 0.8 s at either end. The smallest
difference that listeners notice is 10 %."""

LEAST_VOICED_S = 0.4
"""Minimum of voice for a median of the pitch, in seconds: two syllables."""

LEAST_MELODY_S = 1.0
"""Minimum of voice for figures of the pitch's movement, in seconds."""

LEAST_VOICED_SHARE = 0.25
"""Share of voice in the speech below which it is a whisper.

Mandarin is voiced for half of the time or more: only the initials of its syllables can be
voiceless."""

LEAST_SNR_DB = 12.0
"""Required signal-to-noise ratio.

Below it, a pitch may be that of the background, and the background may fill a pause."""

OTHERS_S = 0.25
"""Voice away from the detected speech, in seconds, above which it is another person's, or music."""

OTHERS_RANGE_ST = 24.0
"""Pitch range above which there are two speakers, in semitones.

One voice that speaks a sentence does not move over two octaves."""

OTHERS_JUMPS_PER_S = 2.0
"""Jumps of the pitch per second above which there are two voices at once.

One voice alone has 1.3 at most, on 30 human clips."""

FAR_DB = 10.0
"""Difference to the loudest span of speech, in dB, above which a span comes from further away."""

_NEAR_S = 0.3
"""Distance from speech, in seconds, within which voice belongs to it."""

_SPAN_S = 0.6
"""Minimum length of a span of speech, in seconds, for a finding about it.

Speech of this length has a character, or it does not belong to the attempt."""

LOW_DBFS = -38.0
"""Level below which the recognizer begins to lose sounds: 16 dB under the -22 dBFS that RFC 7874
recommends for speech."""

CLIPPED_SHARE = 0.001

PACE_TOLERANCE = 0.1
"""Relative tolerance beyond either threshold of a line's pace.

10 % is the smallest difference in tempo that listeners notice (Quené, Journal of Phonetics 35,
2007)."""

HESITATION_S = 0.5
"""Length from which a pause inside a phrase counts, in seconds.

Research on fluency counts pauses from 0.25 s on (De Jong and Bosker, DiSS 2013). With Whisper's
times, the position of pauses shorter than this is uncertain."""

VOLUMES: dict[Volume, tuple[float, float]] = {
    Volume.CLEAR: (-30.0, -14.0),
    Volume.SOFT: (-40.0, -24.0),
}
"""Lowest and highest active speech level in dBFS.

Clear is 8 dB around the -22 dBFS of RFC 7874; soft is 10 dB lower. The levels are meaningful only
if microphone and distance stay the same."""

_Figures = dict[str, float | tuple[Pause, ...] | Unavailable]
"""Figures by name; each is a value, or the reason why it is unavailable."""


def measure(
    samples: Samples,
    check: SpeechCheck,
    track: PitchTrack,
    transcript: Transcript,
    score: Score,
) -> Delivery:
    """Measure the delivery of a scored attempt.

    Args:
        samples: Mono, 16 kHz.
        check: Speech found in the samples.
        track: Pitch of the samples.
        transcript: Transcript of the samples.
        score: Score of the attempt.
    """
    if samples.size:  # a constant offset is not sound
        samples = (samples - np.mean(samples, dtype=np.float64)).astype(np.float32)
    near = pitch.within(track, ((a - _NEAR_S, b + _NEAR_S) for a, b in check.spans_s))
    voice = pitch.without_octave_errors(near)
    others = _has_others(check, track, near, voice)
    found: _Figures = {
        **_timing(samples, check, transcript, score, others=others),
        **_melody(check, voice, others=others),
        "level_dbfs": _or_short(level.active_level(samples), 1),
    }
    told = {name: value for name, value in found.items() if not isinstance(value, Unavailable)}
    untold = {name: value for name, value in found.items() if isinstance(value, Unavailable)}
    loudness = found["level_dbfs"]
    flaws = {
        Flaw.LOW: isinstance(loudness, float) and loudness < LOW_DBFS,
        Flaw.CLIPPED: check.clipped_share > CLIPPED_SHARE,
        Flaw.NOISY: _is_noisy(check),
    }
    present = tuple(flaw for flaw, is_present in flaws.items() if is_present)
    return Delivery(**told, flaws=present, untold=untold)  # type: ignore[arg-type]


def unmeasured() -> Delivery:
    """Return the delivery of an attempt that was not scored."""
    return Delivery(untold=dict.fromkeys(FIGURES, Unavailable.UNSCORED))


def aims_of(delivery: Delivery, targets: Targets) -> tuple[AimResult, ...]:
    """Compare a delivery with a line's targets, as far as its figures are available."""
    found = []
    pace, pauses, loudness = delivery.speech_cps, delivery.pauses, delivery.level_dbfs
    low, high = targets.pace
    if pace is not None:
        kept = low * (1 - PACE_TOLERANCE) <= pace <= high * (1 + PACE_TOLERANCE)
        found.append(AimResult(Aim.PACE, kept, pace, low, high))
    if pauses is not None and all(pause.after is not None for pause in pauses):
        longest = max((pause.length_s for pause in pauses if pause.inside), default=0.0)
        kept = longest < HESITATION_S
        found.append(AimResult(Aim.FLUENCY, kept, longest, None, HESITATION_S))
    if targets.volume is not None and loudness is not None:
        low, high = VOLUMES[targets.volume]
        found.append(AimResult(Aim.VOLUME, low <= loudness <= high, loudness, low, high))
    return tuple(found)


# ---- pace and pauses -------------------------------------------------------------


def _timing(
    samples: Samples,
    check: SpeechCheck,
    transcript: Transcript,
    score: Score,
    *,
    others: bool,
) -> _Figures:
    """Return the articulation rate, the speech rate and the pauses.

    Articulation rate: characters heard over seconds of speech, without pauses of 0.3 s or more.
    Speech rate: the same characters over the time from first to last, pauses included. (Both as
    in de Jong and Wempe, Behavior Research Methods 41, 2009, with characters for syllables. In
    Mandarin a character is a syllable, except a 儿 that only colors one.) A pause is a silence of
    at least 0.3 s between two spans of speech.
    """
    characters = len(normalize(transcript.text))
    reason = _no_timing(samples, check, transcript, others=others)
    if reason is not None:
        return dict.fromkeys(("articulation_cps", "speech_cps", "pauses"), reason)
    spans = check.spans_s
    pauses = tuple(
        _placed(Pause(round(begin, 2), round(end - begin, 2)), transcript, score)
        for begin, end in check.silences_s
    )
    whole_s = spans[-1][1] - spans[0][0]
    is_short = characters < LEAST_CHARACTERS or check.speech_s < LEAST_SPEECH_S
    return {
        "articulation_cps": _or_short(None if is_short else characters / check.speech_s, 2),
        "speech_cps": _or_short(None if is_short else characters / whole_s, 2),
        "pauses": pauses,
    }


def _no_timing(
    samples: Samples, check: SpeechCheck, transcript: Transcript, *, others: bool
) -> Unavailable | None:
    """Return why neither pace nor pauses are available, or None if they are."""
    if not check.spans_s or not normalize(transcript.text):
        return Unavailable.TEXT
    if _is_noisy(check):
        return Unavailable.NOISY
    if others or _is_far_somewhere(samples, check):
        return Unavailable.OTHERS
    if loops(transcript, check.speech_s) or _has_empty_span(check, transcript):
        return Unavailable.TEXT
    return None


def _is_far_somewhere(samples: Samples, check: SpeechCheck) -> bool:
    """Return whether a longer span of speech is much quieter than another one."""
    levels = [
        found
        for start, end in check.spans_s
        if end - start >= _SPAN_S
        and (found := dbfs(samples[int(start * RATE_HZ) : int(end * RATE_HZ)])) is not None
    ]
    return bool(levels) and max(levels) - min(levels) > FAR_DB


def _has_empty_span(check: SpeechCheck, transcript: Transcript) -> bool:
    """Return whether a span of speech has no character: another speaker, or unrecognized words."""
    said_s = middles(transcript.times_s)
    return bool(said_s) and any(
        end - start >= _SPAN_S
        and not any(start - _NEAR_S <= at_s <= end + _NEAR_S for at_s in said_s)
        for start, end in check.spans_s
    )


def _placed(pause: Pause, transcript: Transcript, score: Score) -> Pause:
    """Return a pause with its position in the script.

    It follows the characters whose middle is before its own, since the recognizer often makes it
    a part of the next character. That is right to one character. So a pause one character off a
    punctuation mark is taken to be at the mark, and no broken phrase is reported by mistake.
    """
    if not transcript.times_s:
        return pause
    middle_s = pause.start_s + pause.length_s / 2
    before = {place for place, at_s in enumerate(middles(transcript.times_s)) if at_s < middle_s}
    passed, last, left = 0, 0, 0
    for chunk in score.chunks:
        for i in range(max(len(chunk.reference), len(chunk.hypothesis))):
            passed += i < len(chunk.reference)
            if i < len(chunk.origin):
                if chunk.origin[i] in before:
                    last = passed
                elif i < len(chunk.reference):
                    left += 1
    reference = "".join(chunk.reference for chunk in score.chunks)
    form = _form_of(score.wording, reference)
    if form is None:
        return pause
    if last == 0 or left == 0:
        # Before the first or after the last character of the script that was said.
        return replace(pause, after=0 if last == 0 else len(score.wording))
    near = [_gap(form, score.wording, place) for place in (last, last - 1, last + 1)]
    at_sign = next((after for after, has_sign in near if has_sign), None)
    if at_sign is not None:
        return replace(pause, after=at_sign, inside=False)
    return replace(pause, after=near[0][0], inside=True)


def _gap(form: Normalized, script: str, place: int) -> tuple[int, bool]:
    """Return where the first ``place`` characters of a normal form end in the script.

    Punctuation after them is not included; the second value tells whether there is any.
    """
    if not 0 < place < len(form.places):
        return 0, False
    following = form.places[place]
    if form.origin[place] == form.origin[place - 1]:  # in a numeral, a point is not punctuation
        return following, False
    between = script[form.places[place - 1] + 1 : following]
    signs = "".join(c for c in between if unicodedata.category(c)[0] == "P")
    return following - len(between) + len(between.rstrip(signs + " ")), bool(signs)


def _form_of(script: str, reference: str) -> Normalized | None:
    """Return the normal form of a script that was compared, with one reading of each numeral."""
    found = numerals(plain(script))
    for readings in islice(product(*(numeral.readings for numeral in found)), 1000):
        said = {numeral.start: reading for numeral, reading in zip(found, readings, strict=True)}
        form = normal_form(script, said)
        if form.text == reference:
            return form
    return None


# ---- loudness and pitch ----------------------------------------------------------


def _or_short(value: float | None, digits: int) -> float | Unavailable:
    return Unavailable.SHORT if value is None else round(value, digits)


def _is_noisy(check: SpeechCheck) -> bool:
    return check.snr_db is not None and check.snr_db < LEAST_SNR_DB


def _has_others(check: SpeechCheck, track: PitchTrack, near: PitchTrack, voice: PitchTrack) -> bool:
    """Return whether there is another voice, or music.

    One of three signs is enough: ``track`` has more voice than ``near``, which is the voice near
    the speech; ``voice``, which is without octave errors, covers a wider range than one voice
    can; or the pitch goes to and fro as between two voices.
    """
    jumps = pitch.jumps_per_s(pitch.within(track, check.spans_s)) or 0.0
    return (
        track.voiced_s - near.voiced_s > OTHERS_S
        or (pitch.range_semitones(voice) or 0.0) > OTHERS_RANGE_ST
        or (jumps > OTHERS_JUMPS_PER_S and voice.voiced_s >= LEAST_VOICED_S)
    )


def _melody(check: SpeechCheck, voice: PitchTrack, *, others: bool) -> _Figures:
    """Return the figures of the pitch; ``practice.delivery.pitch`` has their formulas."""
    voiced_s = voice.voiced_s
    obstacles = {
        Unavailable.NOISY: _is_noisy(check),
        Unavailable.OTHERS: others,
        Unavailable.UNVOICED: voiced_s < LEAST_VOICED_SHARE * check.speech_s,
        Unavailable.SHORT: voiced_s < LEAST_VOICED_S,
    }
    for reason, is_so in obstacles.items():
        if is_so:
            names = ("pitch_hz", "pitch_range_st", "pitch_variation", "final_st")
            return dict.fromkeys(names, reason)
    moves = voiced_s >= LEAST_MELODY_S
    final = pitch.final_semitones(voice)
    return {
        "pitch_hz": _or_short(pitch.median_hz(voice), 1),
        "pitch_range_st": _or_short(pitch.range_semitones(voice) if moves else None, 1),
        "pitch_variation": _or_short(pitch.variation(voice) if moves else None, 3),
        "final_st": Unavailable.UNVOICED if final is None else round(final, 1),
    }
