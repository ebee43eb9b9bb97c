"""openai-whisper loaded as a recognizer, on this machine."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from practice.errors import WeightsError
from practice.i18n import gettext as _
from practice.recognition.whisper import weights
from practice.recognition.whisper.windows import LEAST_CONTEXT_S, SPARE_S
from practice.records.recognition import ModelInfo

if TYPE_CHECKING:
    from practice.recognition.whisper.recognition import WhisperRecognizer

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


def info_of(model: weights.Installed) -> ModelInfo:
    """What a transcriber of this model will say of itself, without loading it."""
    settings = {**SETTINGS, "least_context_s": LEAST_CONTEXT_S, "spare_s": SPARE_S}
    return ModelInfo(model.name, model.sha256, settings)


def load(model: weights.Installed) -> WhisperRecognizer:
    """Load an installed model after checking that it is whole. Raises WeightsError."""
    weights.verify(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whisper's remarks on triton are no user's concern
        import whisper

        from practice.recognition.whisper.recognition import WhisperRecognizer

    try:
        loaded = whisper.load_model(str(model.path), device="cpu")
        # A checkpoint that is loaded by its path doesn't say which heads follow the audio.
        heads = whisper._ALIGNMENT_HEADS.get(model.name)
        if heads is not None:
            loaded.set_alignment_heads(heads)
    except (RuntimeError, KeyError, TypeError) as error:
        raise WeightsError(
            _("The model weights {path} cannot be loaded ({why}). Install the model again.").format(
                path=model.path, why=str(error).splitlines()[0]
            )
        ) from None
    return WhisperRecognizer(loaded, info_of(model), SETTINGS)
