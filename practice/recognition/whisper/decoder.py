"""Whisper's text decoder with its keys and values in the open.

openai-whisper hides them behind hooks that serve one token after the other. Here any
number of tokens go through at once, a text that was fed in vain is taken back, and
several questions about the same audio share what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from whisper.model import Whisper

FEW_ROWS = 100
"""Up to so many tokens at a time ``weight @ x`` is faster than ``x @ weight``."""


@dataclass(frozen=True)
class Audio:
    """Encoded audio as the decoder looks it up: keys and values for each block.

    Each tensor is (heads, frames, width of a head). Computed once for a take, whatever is
    asked about it.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def frames(self) -> int:
        """Length of the encoded audio, 50 frames a second."""
        return self.keys[0].shape[1]


class Memory:
    """The decoder's keys and values of the tokens so far; ``length`` says how many count.

    Lowering ``length`` forgets the last ones.
    """

    def __init__(self, blocks: int, heads: int, capacity: int, width: int) -> None:
        self.keys = torch.empty(blocks, heads, capacity, width)
        self.values = torch.empty(blocks, heads, capacity, width)
        self.length = 0

    def fork(self, room: int) -> Memory:
        """A copy, with room for so many tokens more."""
        blocks, heads, _capacity, width = self.keys.shape
        copy = Memory(blocks, heads, self.length + room, width)
        copy.keys[:, :, : self.length] = self.keys[:, :, : self.length]
        copy.values[:, :, : self.length] = self.values[:, :, : self.length]
        copy.length = self.length
        return copy


@dataclass(frozen=True)
class Pass:
    """What came of tokens that went through the decoder.

    ``hidden`` are the last states, (tokens, width). ``attention`` is how the heads that
    follow the audio look at it, before the softmax: (heads, tokens, frames).
    """

    hidden: Tensor
    attention: Tensor


class TextDecoder:
    """The decoder of one loaded model; it may be used by several threads."""

    def __init__(self, model: Whisper) -> None:
        self._decoder = model.decoder
        self._heads = model.dims.n_text_head
        self._width = model.dims.n_text_state // model.dims.n_text_head
        self.capacity = model.dims.n_text_ctx
        blocks, heads = model.alignment_heads.indices().tolist()
        self._watched = [
            [head for block, head in zip(blocks, heads, strict=True) if block == i]
            for i in range(model.dims.n_text_layer)
        ]

    @property
    def embedding(self) -> Tensor:
        """The vectors of all tokens, (tokens, width), which also make the logits."""
        weight: Tensor = self._decoder.token_embedding.weight
        return weight

    @torch.inference_mode()
    def look_up(self, encoding: Tensor) -> Audio:
        """Prepare what the encoder gave, (frames, width)."""
        attentions = [block.cross_attn for block in self._decoder.blocks]
        return Audio(
            tuple(self._split(attention.key(encoding)) for attention in attentions),
            tuple(self._split(attention.value(encoding)) for attention in attentions),
        )

    def memory(self) -> Memory:
        """An empty memory, for one text."""
        return Memory(len(self._decoder.blocks), self._heads, self.capacity, self._width)

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of all tokens to follow, (tokens, vocabulary)."""
        return _times(self.embedding, hidden)

    @torch.inference_mode()
    def run(
        self,
        tokens: Sequence[int],
        audio: Audio,
        memory: Memory,
        *,
        depths: Sequence[int] | None = None,
        may_attend: Tensor | None = None,
    ) -> Pass:
        """Put tokens through the decoder after those in ``memory``, which they are added to.

        By default each token follows the one before it. ``depths`` gives them other places
        in the text, and ``may_attend`` says which of them each attends to, (tokens, tokens);
        all attend to what was in memory.
        """
        new, start = len(tokens), memory.length
        end = start + new
        if depths is None:
            depths = range(start, end)
        if may_attend is None:
            may_attend = torch.ones(new, new, dtype=torch.bool).tril()
        mask = torch.cat([torch.ones(new, start, dtype=torch.bool), may_attend], dim=1)
        decoder = self._decoder
        x = self.embedding[list(tokens)] + decoder.positional_embedding[list(depths)]
        looks = []
        for i, block in enumerate(decoder.blocks):
            y, own = block.attn_ln(x), block.attn
            memory.keys[i, :, start:end] = self._split(_apply(own.key, y))
            memory.values[i, :, start:end] = self._split(_apply(own.value, y))
            query = self._split(_apply(own.query, y))
            found = _attend(query, memory.keys[i, :, :end], memory.values[i, :, :end], mask)
            x = x + _apply(own.out, found)
            y, cross = block.cross_attn_ln(x), block.cross_attn
            query = self._split(_apply(cross.query, y))
            x = x + _apply(cross.out, _attend(query, audio.keys[i], audio.values[i], None))
            heads = self._watched[i]
            if heads:
                looks.append(query[heads] @ audio.keys[i][heads].mT * self._width**-0.5)
            inner, _gelu, outer = block.mlp
            x = x + _apply(outer, functional.gelu(_apply(inner, block.mlp_ln(x))))
        memory.length = end
        return Pass(decoder.ln(x), torch.cat(looks))

    def _split(self, x: Tensor) -> Tensor:
        """(tokens, width) as (heads, tokens, width of a head)."""
        return x.view(-1, self._heads, self._width).transpose(0, 1)


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """What (heads, tokens, width of a head) find in the keys, as (tokens, width)."""
    found = functional.scaled_dot_product_attention(
        query[None], keys[None], values[None], attn_mask=mask
    )
    return found[0].transpose(0, 1).flatten(1)


def _apply(layer: nn.Linear, x: Tensor) -> Tensor:
    y = _times(layer.weight, x)
    return y if layer.bias is None else y + layer.bias


def _times(weight: Tensor, x: Tensor) -> Tensor:
    """``x @ weight.T`` for few rows, as fast as memory is read.

    The matrix library goes about a few rows against a large matrix in a way that takes
    several times as long as the same product from the other side (a single row, too:
    it is doubled). benchmarks/decoding.py prints the ratios.
    """
    if len(x) > FEW_ROWS:
        return functional.linear(x, weight)
    rows = x if len(x) > 1 else x.repeat(2, 1)
    return (weight @ rows.T).T[: len(x)].contiguous()
