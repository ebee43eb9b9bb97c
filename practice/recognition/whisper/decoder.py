"""Whisper's text decoder with direct access to its keys and values.

openai-whisper hides them behind hooks that handle one token after the other. Here any number of
tokens go through in one pass, rejected tokens are taken back, and several questions about the
same audio share their common prefix.
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
"""Number of rows up to which ``weight @ x`` is faster than ``x @ weight``."""


@dataclass(frozen=True)
class Audio:
    """Encoded audio as keys and values of the cross-attention, one tensor per block.

    Each tensor is (heads, frames, width of a head). It is computed once per recording, for all
    questions.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def frames(self) -> int:
        """Length of the encoded audio in frames, 50 per second."""
        return self.keys[0].shape[1]


class Memory:
    """The decoder's keys and values of the tokens so far, of which the first ``length`` are valid.

    The tensors are (blocks, heads, capacity, width of a head). A smaller ``length`` forgets the
    last tokens.
    """

    def __init__(self, blocks: int, heads: int, capacity: int, width: int) -> None:
        self.keys = torch.empty(blocks, heads, capacity, width)
        self.values = torch.empty(blocks, heads, capacity, width)
        self.length = 0

    def fork(self, room: int) -> Memory:
        """Return a copy with room for ``room`` more tokens."""
        blocks, heads, _capacity, width = self.keys.shape
        copy = Memory(blocks, heads, self.length + room, width)
        copy.keys[:, :, : self.length] = self.keys[:, :, : self.length]
        copy.values[:, :, : self.length] = self.values[:, :, : self.length]
        copy.length = self.length
        return copy


@dataclass(frozen=True)
class Pass:
    """The result of one pass of tokens through the decoder.

    Attributes:
        hidden: Last hidden states, (tokens, width).
        attention: Attention to the audio of the alignment heads (those that follow the audio),
            before the softmax: (heads, tokens, frames).
    """

    hidden: Tensor
    attention: Tensor


class TextDecoder:
    """The decoder of one loaded model. Thread-safe."""

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
        """Embeddings of all tokens, (vocabulary, width), which also produce the logits."""
        weight: Tensor = self._decoder.token_embedding.weight
        return weight

    @torch.inference_mode()
    def look_up(self, encoding: Tensor) -> Audio:
        """Compute the cross-attention's keys and values of encoded audio, (frames, width)."""
        attentions = [block.cross_attn for block in self._decoder.blocks]
        return Audio(
            tuple(self._split(attention.key(encoding)) for attention in attentions),
            tuple(self._split(attention.value(encoding)) for attention in attentions),
        )

    def memory(self) -> Memory:
        """Return an empty memory for one text."""
        return Memory(len(self._decoder.blocks), self._heads, self.capacity, self._width)

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of the token that follows each of the states: (tokens, vocabulary)."""
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
        """Run tokens through the decoder after those in ``memory``, and add them to it.

        Args:
            tokens: New tokens. By default, each follows the one before it.
            audio: Encoded audio.
            memory: Tokens so far, with room for the new ones.
            depths: Positions of the new tokens in the text, if they do not follow each other.
            may_attend: The new tokens that each new token attends to, (tokens, tokens). All
                attend to the tokens that were in memory.
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
        """Reshape (tokens, width) to (heads, tokens, width of a head)."""
        return x.view(-1, self._heads, self._width).transpose(0, 1)


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Attend with queries, (heads, tokens, width of a head), and return (tokens, width)."""
    found = functional.scaled_dot_product_attention(
        query[None], keys[None], values[None], attn_mask=mask
    )
    return found[0].transpose(0, 1).flatten(1)


def _apply(layer: nn.Linear, x: Tensor) -> Tensor:
    y = _times(layer.weight, x)
    return y if layer.bias is None else y + layer.bias


def _times(weight: Tensor, x: Tensor) -> Tensor:
    """Return ``x @ weight.T``, for few rows as fast as memory is read.

    For a few rows against a large matrix, the matrix library takes several times as long as for
    the same product from the other side. A single row is slow as well, so it is doubled.
    benchmarks/decoding.py prints the ratios.
    """
    if len(x) > FEW_ROWS:
        return functional.linear(x, weight)
    rows = x if len(x) > 1 else x.repeat(2, 1)
    return (weight @ rows.T).T[: len(x)].contiguous()
