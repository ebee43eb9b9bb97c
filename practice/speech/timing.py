"""When each character was said, by the attention of Whisper's decoder on the audio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from whisper.timing import find_alignment

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.model import Whisper
    from whisper.tokenizer import Tokenizer

_FRAMES_PER_S = 100


class CharacterTimes:
    """openai-whisper's word timing, asked for the characters of audio that is encoded already."""

    def __init__(self, model: Whisper, tokenizer: Tokenizer) -> None:
        self._encoded = _Encoded(model)
        self._tokenizer = tokenizer

    def find(
        self, encoding: Tensor, tokens: Sequence[int], text: str, duration_s: float
    ) -> list[float]:
        """Where each character of ``text`` begins, in seconds from the start of the audio.

        ``encoding`` is the encoder's output, (1, frames, width); ``tokens`` are those that
        were decoded into the text.
        """
        words = find_alignment(
            self._encoded,
            self._tokenizer,
            list(tokens),
            encoding[0],
            num_frames=int(duration_s * _FRAMES_PER_S),
        )
        raw = "".join(word.word for word in words)
        begin = max(raw.find(text), 0)
        times = [t for word in words for t in _spread(word.start, word.end, len(word.word))]
        return times[begin : begin + len(text)]


def _spread(start_s: float, end_s: float, n: int) -> Iterator[float]:
    """Share the time of one token evenly among its characters."""
    return (float(start_s + (end_s - start_s) * i / n) for i in range(n))


class _Encoded:
    """The part of a model that find_alignment uses, given encoded audio in place of a spectrogram.

    The encoder is the dearest part, and has run already.
    """

    def __init__(self, model: Whisper) -> None:
        self._model = model
        self.dims = model.dims
        self.decoder = model.decoder
        self.device = model.device

    @property
    def alignment_heads(self) -> Tensor:
        """The attention heads that follow the audio."""
        heads: Tensor = self._model.alignment_heads
        return heads

    def __call__(self, encoding: Tensor, tokens: Tensor) -> Tensor:
        """Run the decoder."""
        logits: Tensor = self.decoder(tokens, encoding)
        return logits
