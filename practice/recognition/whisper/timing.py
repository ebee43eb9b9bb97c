"""Time and log-probability of each character, from Whisper's decoder.

The attention heads that follow the audio were found by OpenAI; openai-whisper's
``timing.find_alignment`` makes word times from them. Here the attention is that of decoding
itself, so that times need no further pass.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from whisper.timing import median_filter

from practice.recognition.whisper.encoder import FRAMES_PER_S

_SMOOTHED = 7
"""Frames over which the attention is smoothed; openai-whisper's own value."""

_LEAD_S = 0.1
"""Time by which the decoder looks ahead of the sound that it writes, in seconds.

The times are delayed by it; most sounds then begin at them (`python benchmarks/delivery.py`,
onsets)."""


@torch.inference_mode()
def token_times_s(attention: Tensor, duration_s: float) -> list[float]:
    """Return where each token begins, in seconds from the start of the audio.

    The times are those of the most likely path on which the tokens follow each other and each
    has a frame of its own. The first token begins with the audio; the others are delayed by the
    time that the decoder looks ahead.

    Args:
        attention: Attention to the audio at the choice of each token, before the softmax:
            (heads, tokens, frames). The end of text is one of the tokens.
        duration_s: Length of the speech, which fills the first frames.
    """
    tokens = attention.shape[1]
    frames = min(int(duration_s * FRAMES_PER_S), attention.shape[2])
    if frames < tokens:  # too many tokens to be speech: a loop has no times
        return [duration_s * i / tokens for i in range(tokens)]
    weights = attention[:, :, :frames].softmax(dim=-1)
    std, mean = torch.std_mean(weights, dim=1, keepdim=True, correction=0)
    weights = median_filter((weights - mean) / std.clamp_min(1e-9), _SMOOTHED)
    starts = _course(weights.mean(dim=0).double().numpy())
    later = (min(start / FRAMES_PER_S + _LEAD_S, duration_s) for start in starts[1:])
    return [0.0, *later]


def _course(gains: npt.NDArray[np.float64]) -> list[int]:
    """Return each token's first frame on the path of the highest sum through (tokens, frames)."""
    tokens, frames = gains.shape
    best = np.full(tokens, -np.inf)
    best[0] = gains[0, 0]
    moved = np.zeros((frames, tokens), dtype=bool)
    for frame in range(1, frames):
        before = np.concatenate([[-np.inf], best[:-1]])
        moved[frame] = before > best
        best = np.maximum(before, best) + gains[:, frame]
    starts = [0] * tokens
    token = tokens - 1
    for frame in range(frames - 1, 0, -1):
        if moved[frame, token]:
            starts[token] = frame
            token -= 1
    return starts


def character_times_s(
    pieces: Sequence[bytes], starts_s: Sequence[float], text: str
) -> Iterator[float]:
    """Yield where each character of a text begins, in seconds.

    A token's time is shared evenly among the characters that begin in it.

    Args:
        pieces: Bytes of each token.
        starts_s: Start of each token, and the end of the text.
        text: Text of the tokens, without the blanks around it.
    """
    written, spans = _spans(pieces)
    origin = [first for first, _last in spans]
    counts = Counter(origin)
    for place in _places(written, text):
        token = origin[place]
        nth = place - origin.index(token)
        start_s, end_s = starts_s[token], starts_s[token + 1]
        yield start_s + (end_s - start_s) * nth / counts[token]


def character_logprobs(
    pieces: Sequence[bytes], logprobs: Sequence[float], text: str
) -> Iterator[float]:
    """Yield the log-probability of each character of a text, in nats.

    It is the sum over the tokens that are part of the character. Characters of one token each
    get the token's whole log-probability: none of them is less certain than that.

    Args:
        pieces: Bytes of each token.
        logprobs: Log-probability of each token, in nats.
        text: Text of the tokens, without the blanks around it.
    """
    written, spans = _spans(pieces)
    for place in _places(written, text):
        first, last = spans[place]
        yield sum(logprobs[first : last + 1])


def _places(written: str, text: str) -> range:
    """Return where a text is in what its tokens spell, which may have blanks around it."""
    first = max(written.find(text), 0)
    return range(first, first + len(text))


def _spans(pieces: Sequence[bytes]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text that the pieces spell, and the first and last piece of each character."""
    reader = codecs.getincrementaldecoder("utf-8")("replace")
    written, spans = "", []
    pending: int | None = None
    final = len(pieces) - 1
    for i, piece in enumerate([*pieces, b""]):
        new = reader.decode(piece, final=i == len(pieces))
        begun = [i if pending is None or k else pending for k in range(len(new))]
        spans += [(min(token, final), min(i, final)) for token in begun]
        written += new
        waiting, _flags = reader.getstate()
        if not waiting:
            pending = None
        elif new or pending is None:
            pending = i
    return written, spans
