"""Whisper's audio encoder on as much context as the speech needs, instead of 30 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import whisper
from torch import Tensor
from torch.nn import functional

from practice.audio.signal_check import RATE_HZ, Samples

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
