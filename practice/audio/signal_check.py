"""Whether a take holds speech that can be judged, from the signal alone.

Recognizers write courtesies into silence and noise, so nothing reaches them unless voice
activity was found first; and what is too quiet, clipped or drowned in noise is not
judged, because the trainee would pay for the microphone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from practice.records.recognition import SpeechCheck, Unscored

Samples = npt.NDArray[np.float32]

Spans = tuple[tuple[float, float], ...]
"""Where the speech is in a recording: begin and end of each stretch, in seconds."""

RATE_HZ = 16_000
"""The rate at which everything after the microphone works."""

MAX_TAKE_S = 60.0
"""A longer take is not one utterance; the longest script of the standard takes 15 s."""

MIN_SPEECH_S = 0.2
"""Less voice activity than this in all is no utterance. The shortest labeled utterance
that these values were chosen on has 0.42 s, and non-speech has none."""

ONSET = 0.5
OFFSET = 0.35
"""Probability at which speech begins and ends; the values of Silero's own defaults."""

BRIDGE_S = 0.3
"""Spans that are closer than this are one: a breath, not a pause."""

QUIET_DBFS = -55.0
"""Speech below this level is not judged: cheap headsets have noise of their own at -60 to
-70 dBFS. Careful human recordings lie at -20 to -35 dBFS."""

CLIPPED_LEVEL = 0.99
CLIPPED_SHARE = 0.01
"""A take is clipped when more than this share of its samples is at full scale."""

NOISY_SNR_DB = 3.0
"""Speech must stand above the background by this much."""

MARGIN_S = 0.3
"""What is kept before and after the speech: VAD finds consonants late."""


def dbfs(samples: Samples) -> float | None:
    """Level of a signal in dBFS: RMS against full scale; None for silence or no samples."""
    if not samples.size:
        return None
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10 * float(np.log10(power)) if power > 0 else None


def gain_for_vad(samples: Samples) -> float:
    """Amplification that brings a quiet take's peak to -6 dBFS, at most 40 dB.

    The detector was trained on usual levels; a quiet voice must be found in order to
    be told that it is too quiet.
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    return float(np.clip(0.5 / peak, 1.0, 100.0)) if peak > 0 else 1.0


def clipped_share(samples: npt.NDArray[np.float32]) -> float:
    """Share of samples at full scale; to be measured before any resampling."""
    return float(np.mean(np.abs(samples) >= CLIPPED_LEVEL)) if samples.size else 0.0


def spans_from_probabilities(probabilities: list[float], frame_s: float) -> Spans:
    """Turn a speech probability per frame into spans of speech, in seconds.

    Speech begins at ONSET and ends below OFFSET (hysteresis); spans nearer than
    BRIDGE_S are joined.
    """
    spans: list[tuple[float, float]] = []
    start: int | None = None
    for i, probability in enumerate([*probabilities, 0.0]):
        if start is None and probability >= ONSET:
            start = i
        elif start is not None and probability < OFFSET:
            spans.append((start * frame_s, i * frame_s))
            start = None
    joined: list[tuple[float, float]] = []
    for begin, end in spans:
        if joined and begin - joined[-1][1] < BRIDGE_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def check_speech(samples: Samples, spans_s: Spans, clipped: float) -> SpeechCheck:
    """Measure a take and say whether it can be judged.

    ``samples`` are mono at RATE_HZ, ``spans_s`` the speech found in them, ``clipped``
    the share of full-scale samples in the original recording.
    """
    duration_s = len(samples) / RATE_HZ
    speech_s = sum(end - start for start, end in spans_s)
    mask = np.zeros(len(samples), dtype=bool)
    near = np.zeros(len(samples), dtype=bool)
    for start, end in spans_s:
        mask[int(start * RATE_HZ) : int(end * RATE_HZ)] = True
        near[max(0, int((start - 0.1) * RATE_HZ)) : int((end + 0.1) * RATE_HZ)] = True
    # A constant offset, as cheap sound cards have it, is no sound.
    centred = samples - np.float32(np.mean(samples)) if samples.size else samples
    speech_dbfs = dbfs(centred[mask])
    noise_dbfs = _background_dbfs(centred[~near])
    snr_db = (
        speech_dbfs - noise_dbfs if speech_dbfs is not None and noise_dbfs is not None else None
    )
    peak = float(np.max(np.abs(samples), initial=0.0))
    reason: Unscored | None = None
    if speech_s < MIN_SPEECH_S or speech_dbfs is None:
        reason = Unscored.TOO_SHORT if duration_s < MIN_SPEECH_S else Unscored.NO_SPEECH
    elif speech_dbfs < QUIET_DBFS:
        reason = Unscored.TOO_QUIET
    elif clipped > CLIPPED_SHARE:
        reason = Unscored.CLIPPED
    elif snr_db is not None and snr_db < NOISY_SNR_DB:
        reason = Unscored.NOISY
    return SpeechCheck(
        duration_s=duration_s,
        speech_s=speech_s,
        peak_dbfs=20 * float(np.log10(peak)) if peak > 0 else None,
        speech_dbfs=speech_dbfs,
        snr_db=snr_db,
        clipped_share=clipped,
        spans_s=spans_s,
        reason=reason,
    )


def _background_dbfs(samples: Samples) -> float | None:
    """Level of what is no speech; None for less than 0.2 s, which says nothing.

    The median of short frames, so that an echo or a cough does not count.
    """
    frame = int(0.03 * RATE_HZ)
    if len(samples) < 0.2 * RATE_HZ:
        return None
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = float(np.median(np.mean(np.square(whole, dtype=np.float64), axis=1)))
    return 10 * float(np.log10(power)) if power > 0 else None


def too_long(duration_s: float) -> SpeechCheck:
    """The check of a take that is too long to be one utterance; it is not measured."""
    return SpeechCheck(duration_s, 0.0, None, None, None, 0.0, (), Unscored.TOO_LONG)


def cut(samples: Samples, spans_s: Spans) -> Samples:
    """The speech of a window with a margin around each span, and nothing else.

    Recognizers write courtesies into long silences, after real speech too: they get none.
    """
    keep = np.zeros(len(samples), dtype=bool)
    for start, end in spans_s:
        first = max(0, int((start - MARGIN_S) * RATE_HZ))
        keep[first : int((end + MARGIN_S) * RATE_HZ)] = True
    return samples[keep]


def uncut(spans_s: Spans, time_s: float) -> float:
    """Where a moment of what ``cut`` gave lies in the recording, in seconds."""
    kept = 0.0
    last_end = 0.0
    for start, end in spans_s:
        first = max(last_end, start - MARGIN_S, 0.0)
        last_end = end + MARGIN_S
        if time_s < kept + last_end - first:
            return first + time_s - kept
        kept += last_end - first
    return last_end
