"""Records of the signal check and the recognizer, and reasons for not scoring a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from practice.records.limits import Seconds, Span


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Identity of a recognizer: equal ones produce the same transcript of a recording."""

    name: str
    sha256: str
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The recognizer's text, with its confidence in it.

    If a recording was recognized in several windows, the confidence figures are the worst
    of all windows.

    Attributes:
        avg_logprob: Mean log-probability of the tokens, in nats.
        compression_ratio: Rises if the text repeats itself.
        times_s: Start of each character in the recording; empty if unknown.
        logprobs: Log-probability of each character, in nats; empty if unknown.
    """

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    times_s: tuple[Seconds, ...] = ()
    logprobs: tuple[float, ...] = ()


class Unscored(StrEnum):
    """Reason why an attempt is not scored; it neither passes nor fails."""

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
    """Measurements of the signal, made before any recognizer runs.

    Levels are the signal's RMS (peak for ``peak_dbfs``) in dBFS, relative to a full-scale
    square wave; None if there is nothing to measure.

    Attributes:
        clipped_share: Share of the samples at full scale.
        spans_s: Start and end of each span of speech.
    """

    duration_s: float
    speech_s: float
    peak_dbfs: float | None
    speech_dbfs: float | None
    snr_db: float | None
    clipped_share: float
    spans_s: tuple[Span, ...] = ()

    @property
    def silences_s(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each silence between two spans of speech."""
        return tuple((end, start) for (_start, end), (start, _end) in pairwise(self.spans_s))
