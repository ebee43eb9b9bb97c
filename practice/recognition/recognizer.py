"""Speech to text with openai-whisper, on this machine.

The recogniser is never told the script: a prompt with the script's words leaks into the
text where nothing was said, and a language model fills in exactly what was left out. As a
draft (practice/recognition/whisper/greedy.py) it only saves steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from practice.audio.signal_check import LEAST_CONTEXT_S, SPARE_S, Samples, Spans
from practice.errors import WeightsError
from practice.i18n import gettext as _
from practice.recognition.whisper import weights
from practice.records.recognition import ModelInfo, Transcript
from practice.scoring.evidence import Pair

if TYPE_CHECKING:
    from practice.recognition.whisper.recognition import WhisperTranscriber

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


class Hearing(Protocol):
    """A take as a recogniser hears it: encoded once, for the text and all questions on it."""

    @property
    def transcript(self) -> Transcript:
        """What was said, as the recogniser writes it."""

    def times_s(self) -> tuple[float, ...]:
        """Where in the recording each character of the transcript begins."""

    def logprobs(self) -> tuple[float, ...]:
        """The log-probability of each character of the transcript, in nats."""

    def compare(self, pairs: Sequence[Pair]) -> list[float] | None:
        """For each pair of texts log P(first) - log P(second) given the audio, in nats.

        None where the take is too long to be compared as a whole.
        """

    def second_look(self) -> Hearing | None:
        """Hear the take in a dearer way, for when this one is doubtful; None if there is none."""


class Transcriber(Protocol):
    """Something that hears speech."""

    @property
    def info(self) -> ModelInfo:
        """Which model and settings it uses."""

    def listen(
        self,
        samples: Samples,
        spans_s: Spans,
        drafts: Sequence[str] = (),
    ) -> Hearing:
        """Hear the speech that lies in ``spans_s`` of mono samples at 16 kHz.

        ``drafts`` are texts that may be what was said. They can make it faster, and never
        change what is heard.
        """


def use_threads(number: int) -> None:
    """Let what this thread asks of a recogniser be computed by so many threads, at least one."""
    import torch

    torch.set_num_threads(max(1, number))


def info_of(model: weights.Installed) -> ModelInfo:
    """What a transcriber of this model will say of itself, without loading it."""
    settings = {**SETTINGS, "least_context_s": LEAST_CONTEXT_S, "spare_s": SPARE_S}
    return ModelInfo(model.name, model.sha256, settings)


def load(model: weights.Installed) -> WhisperTranscriber:
    """Load an installed model after checking that it is whole. Raises WeightsError."""
    weights.verify(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whisper's remarks on triton are no user's concern
        import whisper

        from practice.recognition.whisper.recognition import WhisperTranscriber

    try:
        loaded = whisper.load_model(str(model.path), device="cpu")
        # A checkpoint that is loaded by its path doesn't say which heads follow the audio.
        heads = whisper._ALIGNMENT_HEADS.get(model.name)
        if heads is not None:
            loaded.set_alignment_heads(heads)
    except (RuntimeError, KeyError, TypeError) as error:
        raise WeightsError(
            _("The weights {path} could not be loaded ({why}).").format(
                path=model.path, why=str(error).splitlines()[0]
            )
        ) from None
    return WhisperTranscriber(loaded, info_of(model), SETTINGS)
