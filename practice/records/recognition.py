"""What a recognizer heard, and why a recording is not scored."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

# ---- scenarios -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which recognizer made a transcript: enough to tell whether it would be the same again."""

    name: str
    sha256: str
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the recognizer wrote, and how sure it was.

    ``avg_logprob`` is the mean log-probability (nats) of the tokens;
    ``compression_ratio`` rises when the text repeats itself. Where a take was
    recognised in several windows they are the worst of all windows. ``times_s`` is where
    each character of the text begins in the recording, ``logprobs`` its own log-probability;
    empty where that is not known.
    """

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    times_s: tuple[float, ...] = ()
    logprobs: tuple[float, ...] = ()


class Unscored(StrEnum):
    """Why a take is not judged; it is neither a pass nor a fail."""

    NO_SPEECH = "no-speech"
    TOO_QUIET = "too-quiet"
    CLIPPED = "clipped"
    NOISY = "noisy"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NO_TEXT = "no-text"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True)
class SpeechCheck:
    """What the signal itself shows, before any recognizer is asked.

    ``reason`` is None when the take can be judged. Levels are dBFS of the signal's
    RMS against a full-scale square wave (peak for ``peak_dbfs``); None where there
    is nothing to measure.
    """

    duration_s: float
    speech_s: float
    peak_dbfs: float | None
    speech_dbfs: float | None
    snr_db: float | None
    clipped_share: float
    spans_s: tuple[tuple[float, float], ...] = ()
    reason: Unscored | None = None

    @property
    def silences_s(self) -> tuple[tuple[float, float], ...]:
        """The silences between the spans of speech, from when to when."""
        return tuple((end, start) for (_start, end), (start, _end) in pairwise(self.spans_s))
