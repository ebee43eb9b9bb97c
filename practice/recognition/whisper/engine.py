"""Load openai-whisper as a recognizer on this machine."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from practice.errors import WeightsError
from practice.i18n import gettext as _
from practice.recognition.whisper import weights
from practice.recognition.whisper.encoder import LEAST_CONTEXT_S, SPARE_S
from practice.records.recognition import ModelInfo

if TYPE_CHECKING:
    from practice.recognition.whisper.recognition import WhisperRecognizer

PROMPT = "以下是普通话的句子。"
"""Neutral prompt. It steers toward simplified characters and punctuation, and contains no courtesy
that could leak."""

SETTINGS: dict[str, str | int | float | bool] = {
    "language": "zh",
    "temperature": 0.0,
    "prompt": PROMPT,
    "without_timestamps": True,
}
"""Decoding settings, saved with each attempt.

There is one temperature only: fallbacks would run the decoder again, and their figures would
differ from run to run."""


def info_of(model: weights.Installed) -> ModelInfo:
    """Return the info of a model's recognizer without loading the model."""
    settings = {**SETTINGS, "least_context_s": LEAST_CONTEXT_S, "spare_s": SPARE_S}
    return ModelInfo(model.name, model.sha256, settings)


def load(model: weights.Installed) -> WhisperRecognizer:
    """Load an installed model after verifying its checksum.

    Raises:
        WeightsError: The checkpoint is damaged or cannot be loaded.
    """
    weights.verify(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whisper's remarks on triton do not concern users
        import whisper

        from practice.recognition.whisper.recognition import WhisperRecognizer

    try:
        loaded = whisper.load_model(str(model.path), device="cpu")
        # A checkpoint that is loaded by its path does not name the heads that follow the audio.
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
