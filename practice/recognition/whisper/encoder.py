"""Whisper's audio encoder and its windows: as much context as the speech needs, not 30 s."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import whisper
from torch import Tensor
from torch.nn import functional

from practice.audio.signal_check import MARGIN_S, RATE_HZ, Samples, Spans

if TYPE_CHECKING:
    from whisper.model import Whisper

FRAMES_PER_S = 50
"""Frames of encoded audio per second."""


class Encoder:
    """The encoder of one loaded model. Thread-safe."""

    def __init__(self, model: Whisper) -> None:
        self._encoder = model.encoder
        self._mels = model.dims.n_mels

    @torch.inference_mode()
    def encode(self, samples: Samples, seconds: int) -> Tensor:
        """Encode audio.

        Args:
            samples: Mono, 16 kHz.
            seconds: Context to which the samples are cut or padded with silence.

        Returns:
            Encoded audio, (frames, width).
        """
        filled = whisper.pad_or_trim(torch.from_numpy(samples), seconds * RATE_HZ)
        mel = whisper.log_mel_spectrogram(filled, n_mels=self._mels)
        encoder = self._encoder
        x = functional.gelu(encoder.conv1(mel[None]))
        x = functional.gelu(encoder.conv2(x)).transpose(1, 2)
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        out: Tensor = encoder.ln_post(x)[0]
        return out


FULL_CONTEXT_S = 30
"""Context that Whisper was trained on, in seconds."""

WINDOW_S = 28.0
"""Longest window that Whisper gets, in seconds."""

LEAST_CONTEXT_S = 10
SPARE_S = 2.0
"""Minimum context, and minimum silence after the speech, in seconds.

Whisper encodes this much instead of its full context. In a context that fits the speech closely,
the decoder repeats itself: on the labeled clips, one second of silence led to five to ten times
the errors, and these values to no more errors that matter (docs/speed.md)."""


def windows(spans_s: Spans) -> tuple[Spans, ...]:
    """Group spans of speech (seconds) into windows of at most WINDOW_S each.

    The length of a window is that of its speech with margins, since the silence between the
    spans is cut out. A span that is longer than a window is split at a fixed length.
    """
    out: list[list[tuple[float, float]]] = []
    used = 0.0
    for span_start, span_end in spans_s:
        start = span_start
        while start < span_end:
            end = min(span_end, start + WINDOW_S - 2 * MARGIN_S)
            length = end - start + 2 * MARGIN_S
            if out and used + length <= WINDOW_S:
                out[-1].append((start, end))
                used += length
            else:
                out.append([(start, end)])
                used = length
            start = end
    return tuple(tuple(window) for window in out)


def context_s(duration_s: float) -> int:
    """Return how much context speech of a duration gets in the encoder, in whole seconds."""
    return min(FULL_CONTEXT_S, max(LEAST_CONTEXT_S, math.ceil(duration_s + SPARE_S)))
