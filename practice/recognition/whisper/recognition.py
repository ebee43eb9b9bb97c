"""Recognition with Whisper: transcript, character times and answers from one encoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.utils import compression_ratio

from practice.audio.signal_check import RATE_HZ, Samples, Spans, cut, uncut
from practice.recognition.whisper.decoder import TextDecoder
from practice.recognition.whisper.encoder import (
    FRAMES_PER_S,
    FULL_CONTEXT_S,
    Encoder,
    context_s,
    windows,
)
from practice.recognition.whisper.greedy import decode, rules_of
from practice.recognition.whisper.likelihood import Likelihood
from practice.recognition.whisper.timing import (
    character_logprobs,
    character_times_s,
    token_times_s,
)
from practice.records.recognition import ModelInfo, Transcript
from practice.scoring.evidence import TextPair, as_recognizer_writes

if TYPE_CHECKING:
    from whisper.model import Whisper


class WhisperRecognizer:
    """openai-whisper, loaded once: greedy decoding after one encoder pass per window."""

    def __init__(
        self, model: Whisper, info: ModelInfo, settings: dict[str, str | int | float | bool]
    ) -> None:
        self.info = info
        self.encoder = Encoder(model)
        self.decoder = TextDecoder(model)
        task = DecodingTask(model, DecodingOptions(fp16=False, **settings))
        self.tokenizer = task.tokenizer
        self.rules = rules_of(task)
        self.likelihood = Likelihood(self.decoder, self.tokenizer, self.rules.trunk[-1])

    def use_threads(self, number: int) -> None:
        """Set how many threads, at least one, compute the calling thread's requests."""
        torch.set_num_threads(max(1, number))

    def listen(
        self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()
    ) -> WhisperRecognition:
        """Recognize the speech of a recording.

        The arguments are those of ``Recognizer.listen``.
        """
        parts = [_Part(spans, cut(samples, spans)) for spans in windows(spans_s)]
        tokens = [self.tokenizer.encode(as_recognizer_writes(text)) for text in drafts]
        return WhisperRecognition(self, parts, tokens)


@dataclass(frozen=True)
class _Part:
    """A window of a recording, recognized at once: its speech without the silence between."""

    spans_s: Spans
    samples: Samples

    @property
    def duration_s(self) -> float:
        """Length of the speech with its margins."""
        return len(self.samples) / RATE_HZ


class WhisperRecognition:
    """Whisper's result for a recording, window by window."""

    def __init__(
        self,
        engine: WhisperRecognizer,
        parts: Sequence[_Part],
        drafts: Sequence[Sequence[int]],
        *,
        in_full: bool = False,
    ) -> None:
        self._engine = engine
        self._parts = parts
        self._drafts = drafts
        self._audio = [
            engine.decoder.look_up(
                engine.encoder.encode(
                    part.samples, FULL_CONTEXT_S if in_full else context_s(part.duration_s)
                )
            )
            for part in parts
        ]
        self._decoded = [
            decode(engine.decoder, audio, engine.rules, drafts) for audio in self._audio
        ]
        self._texts = [engine.tokenizer.decode(list(d.tokens)).strip() for d in self._decoded]
        self.transcript = Transcript(
            text="".join(self._texts),
            avg_logprob=min(decoded.avg_logprob for decoded in self._decoded),
            no_speech_prob=max(decoded.no_speech_prob for decoded in self._decoded),
            compression_ratio=max(map(compression_ratio, self._texts)),
        )

    def second_look(self) -> WhisperRecognition | None:
        """Recognize with the full context that Whisper was trained on, at three times the cost.

        Returns:
            The new recognition, or None if all windows have the full context already.
        """
        if all(audio.frames == FULL_CONTEXT_S * FRAMES_PER_S for audio in self._audio):
            return None
        drafts = [*(decoded.tokens for decoded in self._decoded), *self._drafts]
        return WhisperRecognition(self._engine, self._parts, drafts, in_full=True)

    def times_s(self) -> tuple[float, ...]:
        """Return where each character of the transcript begins, in seconds of the recording."""
        spell = self._engine.rules.spell
        return tuple(
            round(uncut(part.spans_s, time_s), 2)
            for part, decoded, text in zip(self._parts, self._decoded, self._texts, strict=True)
            for time_s in character_times_s(
                [spell(token) for token in decoded.tokens],
                token_times_s(decoded.attention, part.duration_s),
                text,
            )
        )

    def logprobs(self) -> tuple[float, ...]:
        """Return the log-probability of each character of the transcript, in nats."""
        spell = self._engine.rules.spell
        return tuple(
            round(logprob, 3)
            for decoded, text in zip(self._decoded, self._texts, strict=True)
            for logprob in character_logprobs(
                [spell(token) for token in decoded.tokens], decoded.logprobs, text
            )
        )

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        """Compare the likelihoods of the two texts of each pair, given the audio.

        Returns:
            log P(first) - log P(second) for each pair, in nats, or None if the recording has more
            than one window.
        """
        if not pairs:
            return []
        if len(self._parts) != 1:
            return None
        return self._engine.likelihood.compare(self._audio[0], self._decoded[0].trunk, pairs)
