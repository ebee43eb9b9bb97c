"""Speech to text with openai-whisper, on this machine.

The recogniser never sees the script: a prompt with the script's words leaks into the
text where nothing was said, and a language model fills in exactly what was left out.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Protocol

from practice.core.models import ModelInfo, Transcript
from practice.core.speechcheck import Samples, cut, windows
from practice.errors import WeightsError
from practice.i18n import gettext as _
from practice.speech import weights

if TYPE_CHECKING:
    from whisper.model import Whisper

PROMPT = "以下是普通话的句子。"
"""A neutral prompt: it steers towards simplified characters and punctuation, and has no
courtesy in it that could leak."""

SETTINGS: dict[str, str | int | float | bool] = {
    "language": "zh",
    "temperature": 0.0,
    "prompt": PROMPT,
    "without_timestamps": True,
}
"""Decoding settings, kept with each attempt. One temperature: fallbacks would run the
decoder again and make figures that differ from run to run."""


class Transcriber(Protocol):
    """Something that writes down speech."""

    @property
    def info(self) -> ModelInfo:
        """Which model and settings it uses."""

    def transcribe(self, samples: Samples, spans_s: tuple[tuple[float, float], ...]) -> Transcript:
        """Write down the speech that lies in ``spans_s`` of mono samples at 16 kHz."""


class WhisperTranscriber:
    """openai-whisper, loaded once: greedy decoding of one encoder pass per window."""

    def __init__(self, model: Whisper, info: ModelInfo) -> None:
        self._model = model
        self.info = info

    def transcribe(self, samples: Samples, spans_s: tuple[tuple[float, float], ...]) -> Transcript:
        """Write down the speech that lies in ``spans_s`` of mono samples at 16 kHz."""
        parts = [self._decode(cut(samples, window)) for window in windows(spans_s)]
        return Transcript(
            text="".join(part.text for part in parts),
            avg_logprob=min(part.avg_logprob for part in parts),
            no_speech_prob=max(part.no_speech_prob for part in parts),
            compression_ratio=max(part.compression_ratio for part in parts),
        )

    def _decode(self, samples: Samples) -> Transcript:
        import torch
        import whisper

        mel = whisper.log_mel_spectrogram(
            whisper.pad_or_trim(torch.from_numpy(samples)), n_mels=self._model.dims.n_mels
        )
        options = whisper.DecodingOptions(fp16=False, **SETTINGS)
        result = whisper.decode(self._model, mel, options)
        return Transcript(
            text=result.text,
            avg_logprob=result.avg_logprob,
            no_speech_prob=result.no_speech_prob,
            compression_ratio=result.compression_ratio,
        )


def load(model: weights.Installed) -> WhisperTranscriber:
    """Load an installed model after checking that it is whole. Raises WeightsError."""
    weights.verify(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whisper's remarks on triton are no user's concern
        import whisper

    try:
        loaded = whisper.load_model(str(model.path), device="cpu")
    except (RuntimeError, KeyError, TypeError) as error:
        raise WeightsError(
            _("The weights {path} could not be loaded ({why}).").format(
                path=model.path, why=str(error).splitlines()[0]
            )
        ) from None
    return WhisperTranscriber(loaded, ModelInfo(model.name, model.sha256, dict(SETTINGS)))
