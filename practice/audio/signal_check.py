"""Check, from the signal alone, that a recording has speech that can be scored.

Recognizers hallucinate courtesies in silence and noise, so a recording reaches them only if
voice activity was found. A recording that is too quiet, clipped or noisy is not scored, because
the trainee would lose points for the microphone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from practice.records.recognition import SpeechCheck, Unscored

Samples = npt.NDArray[np.float32]

Spans = tuple[tuple[float, float], ...]
"""Start and end of each span of speech in a recording, in seconds."""

RATE_HZ = 16_000
"""Sample rate of all processing after the recording."""

MAX_RECORDING_S = 60.0
"""Maximum duration of one utterance; the longest script of the standard takes 15 s."""

MIN_SPEECH_S = 0.2
"""Minimum total voice activity of an utterance.

In the labeled clips on which these values were chosen, the shortest utterance has 0.42 s and
non-speech has none."""

ONSET = 0.5
OFFSET = 0.35
"""Speech probability at which a span begins, and below which it ends: Silero's defaults."""

BRIDGE_S = 0.3
"""Spans with a smaller gap are joined: the gap is a breath, not a pause."""

QUIET_DBFS = -55.0
"""Minimum level of speech. Cheap headsets have a noise floor of -60 to -70 dBFS; careful
recordings of people are at -20 to -35 dBFS."""

CLIPPED_LEVEL = 0.99
CLIPPED_SHARE = 0.01
"""A recording is clipped if more than this share of its samples is at full scale."""

NOISY_SNR_DB = 3.0
"""Minimum level of the speech above the background."""

MARGIN_S = 0.3
"""Audio that is kept before and after speech, because VAD detects consonants late."""


def dbfs(samples: Samples) -> float | None:
    """Return the RMS level in dBFS; None for silence or no samples."""
    if not samples.size:
        return None
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10 * float(np.log10(power)) if power > 0 else None


def gain_for_vad(samples: Samples) -> float:
    """Return the factor that raises a quiet recording's peak to -6 dBFS, by at most 40 dB.

    The detector was trained on usual levels, and a quiet voice must be detected before it can
    be reported as too quiet.
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    return float(np.clip(0.5 / peak, 1.0, 100.0)) if peak > 0 else 1.0


def clipped_share(samples: Samples) -> float:
    """Return the share of samples at full scale; measure it before any resampling."""
    return float(np.mean(np.abs(samples) >= CLIPPED_LEVEL)) if samples.size else 0.0


def spans_from_probabilities(probabilities: list[float], frame_s: float) -> Spans:
    """Convert the speech probability of each frame to spans of speech.

    Speech begins at ONSET and ends below OFFSET (hysteresis). Spans less than BRIDGE_S apart
    are joined.
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
    """Measure a recording.

    Args:
        samples: Mono, at RATE_HZ.
        spans_s: The speech found in the samples.
        clipped: Share of full-scale samples in the original recording.
    """
    duration_s = len(samples) / RATE_HZ
    speech_s = sum(end - start for start, end in spans_s)
    # Cheap sound cards add a constant offset, which is not audible.
    centered = samples - np.float32(np.mean(samples)) if samples.size else samples
    speech_dbfs = dbfs(centered[_inside(samples, spans_s, margin_s=0.0)])
    noise_dbfs = _background_dbfs(centered[~_inside(samples, spans_s, margin_s=0.1)])
    snr_db = (
        speech_dbfs - noise_dbfs if speech_dbfs is not None and noise_dbfs is not None else None
    )
    peak = float(np.max(np.abs(samples), initial=0.0))
    return SpeechCheck(
        duration_s=duration_s,
        speech_s=speech_s,
        peak_dbfs=20 * float(np.log10(peak)) if peak > 0 else None,
        speech_dbfs=speech_dbfs,
        snr_db=snr_db,
        clipped_share=clipped,
        spans_s=spans_s,
    )


def find_obstacle(check: SpeechCheck) -> Unscored | None:
    """Return why a recording of normal length cannot be scored, or None if it can."""
    if check.speech_s < MIN_SPEECH_S or check.speech_dbfs is None:
        return Unscored.TOO_SHORT if check.duration_s < MIN_SPEECH_S else Unscored.NO_SPEECH
    if check.speech_dbfs < QUIET_DBFS:
        return Unscored.TOO_QUIET
    if check.clipped_share > CLIPPED_SHARE:
        return Unscored.CLIPPED
    if check.snr_db is not None and check.snr_db < NOISY_SNR_DB:
        return Unscored.NOISY
    return None


def _background_dbfs(samples: Samples) -> float | None:
    """Return the level of samples without speech, in dBFS; None for less than 0.2 s.

    Less is too short to be reliable. The median over frames of 30 ms ignores an echo or a cough.
    """
    frame = int(0.03 * RATE_HZ)
    if len(samples) < 0.2 * RATE_HZ:
        return None
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = float(np.median(np.mean(np.square(whole, dtype=np.float64), axis=1)))
    return 10 * float(np.log10(power)) if power > 0 else None


def cut(samples: Samples, spans_s: Spans) -> Samples:
    """Return only the speech of a window, with MARGIN_S around each span.

    Recognizers hallucinate courtesies in long silences, even after real speech, so they get no
    silence.
    """
    return samples[_inside(samples, spans_s, MARGIN_S)]


def _inside(samples: Samples, spans_s: Spans, margin_s: float) -> npt.NDArray[np.bool_]:
    """Return which samples are in a span, or at most a margin away from it."""
    mask = np.zeros(len(samples), dtype=bool)
    for start, end in spans_s:
        first = max(0, int((start - margin_s) * RATE_HZ))
        mask[first : int((end + margin_s) * RATE_HZ)] = True
    return mask


def uncut(spans_s: Spans, time_s: float) -> float:
    """Convert a time in the result of ``cut`` to a time in the recording, in seconds."""
    kept = 0.0
    last_end = 0.0
    for start, end in spans_s:
        first = max(last_end, start - MARGIN_S, 0.0)
        last_end = end + MARGIN_S
        if time_s < kept + last_end - first:
            return first + time_s - kept
        kept += last_end - first
    return last_end
