"""Speech to text with openai-whisper, on this machine.

The recogniser never sees the script: a prompt with the script's words leaks into the
text where nothing was said, and a language model fills in exactly what was left out.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from practice.core.hypotheses import Pair
from practice.core.models import ModelInfo, Transcript
from practice.core.speechcheck import MARGIN_S, Samples, cut, uncut, windows
from practice.errors import WeightsError
from practice.i18n import gettext as _
from practice.speech import weights

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.decoding import DecodingResult
    from whisper.model import Whisper

    from practice.speech.likelihood import Likelihood
    from practice.speech.timing import CharacterTimes

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

    def second_look(self) -> Transcript:
        """What was said, decoded in another way; for when the first is doubtful."""

    def times_s(self, transcript: Transcript) -> tuple[float, ...]:
        """Where in the recording each character of one of its transcripts begins."""

    def compare(self, pairs: Sequence[Pair]) -> list[float] | None:
        """For each pair of texts log P(first) - log P(second) given the audio, in nats.

        None where the take is too long to be compared as a whole.
        """


class Transcriber(Protocol):
    """Something that hears speech."""

    @property
    def info(self) -> ModelInfo:
        """Which model and settings it uses."""

    def listen(self, samples: Samples, spans_s: tuple[tuple[float, float], ...]) -> Hearing:
        """Hear the speech that lies in ``spans_s`` of mono samples at 16 kHz."""


class WhisperTranscriber:
    """openai-whisper, loaded once: greedy decoding of one encoder pass per window."""

    def __init__(self, model: Whisper, info: ModelInfo) -> None:
        from whisper.tokenizer import get_tokenizer

        from practice.speech.likelihood import Likelihood
        from practice.speech.timing import CharacterTimes

        self._model = model
        self.info = info
        tokenizer = get_tokenizer(
            model.is_multilingual,
            num_languages=model.num_languages,
            language="zh",
            task="transcribe",
        )
        # As whisper.decoding lays out a prompt.
        trunk = [
            tokenizer.sot_prev,
            *tokenizer.encode(" " + PROMPT),
            *tokenizer.sot_sequence_including_notimestamps,
        ]
        self._likelihood = Likelihood(model, tokenizer, trunk)
        self._timing = CharacterTimes(model, tokenizer)

    def listen(self, samples: Samples, spans_s: tuple[tuple[float, float], ...]) -> Hearing:
        """Hear the speech that lies in ``spans_s`` of mono samples at 16 kHz."""
        encoded = [_Window(spans, self._encode(cut(samples, spans))) for spans in windows(spans_s)]
        return _WhisperHearing(self._model, self._likelihood, self._timing, encoded)

    def _encode(self, samples: Samples) -> Tensor:
        import torch
        import whisper

        mel = whisper.log_mel_spectrogram(
            whisper.pad_or_trim(torch.from_numpy(samples)), n_mels=self._model.dims.n_mels
        )
        with torch.inference_mode():
            encoding: Tensor = self._model.encoder(mel[None])
        return encoding


@dataclass(frozen=True)
class _Window:
    """Speech that went through the encoder at once, without the silence between."""

    spans_s: tuple[tuple[float, float], ...]
    encoding: Tensor

    @property
    def duration_s(self) -> float:
        """How long the speech is with its margins."""
        return sum(end - start + 2 * MARGIN_S for start, end in self.spans_s)


class _WhisperHearing:
    """What Whisper's encoder made of a take, window by window."""

    def __init__(
        self,
        model: Whisper,
        likelihood: Likelihood,
        timing: CharacterTimes,
        encoded: Sequence[_Window],
    ) -> None:
        self._model = model
        self._likelihood = likelihood
        self._timing = timing
        self._windows = encoded
        self._decoded: dict[Transcript, list[DecodingResult]] = {}
        self.transcript = self._decode(SETTINGS)

    def second_look(self) -> Transcript:
        """Decode without the prompt: as dear as the first time, and wrong in other places."""
        return self._decode({k: v for k, v in SETTINGS.items() if k != "prompt"})

    def times_s(self, transcript: Transcript) -> tuple[float, ...]:
        """Where in the recording each character of one of its transcripts begins."""
        return tuple(
            round(uncut(window.spans_s, time_s), 2)
            for window, part in zip(self._windows, self._decoded[transcript], strict=True)
            for time_s in self._timing.find(
                window.encoding, part.tokens, part.text, window.duration_s
            )
        )

    def compare(self, pairs: Sequence[Pair]) -> list[float] | None:
        """For each pair of texts log P(first) - log P(second) given the audio, in nats."""
        if not pairs:
            return []
        if len(self._windows) != 1:
            return None
        return self._likelihood.compare(self._windows[0].encoding[0], pairs)

    def _decode(self, settings: dict[str, str | int | float | bool]) -> Transcript:
        import whisper

        options = whisper.DecodingOptions(fp16=False, **settings)
        parts = [whisper.decode(self._model, w.encoding, options)[0] for w in self._windows]
        transcript = Transcript(
            text="".join(part.text for part in parts),
            avg_logprob=min(part.avg_logprob for part in parts),
            no_speech_prob=max(part.no_speech_prob for part in parts),
            compression_ratio=max(part.compression_ratio for part in parts),
        )
        self._decoded[transcript] = parts
        return transcript


def info_of(model: weights.Installed) -> ModelInfo:
    """What a transcriber of this model will say of itself, without loading it."""
    return ModelInfo(model.name, model.sha256, dict(SETTINGS))


def load(model: weights.Installed) -> WhisperTranscriber:
    """Load an installed model after checking that it is whole. Raises WeightsError."""
    weights.verify(model)
    # whisper.timing would compile its dynamic programming for two seconds, to run it for
    # a few milliseconds. What was imported before must go on as it began.
    if "numba" not in sys.modules:
        os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whisper's remarks on triton are no user's concern
        import whisper

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
    return WhisperTranscriber(loaded, info_of(model))
