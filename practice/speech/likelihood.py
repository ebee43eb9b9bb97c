"""How likely one text is against another for the same audio, by Whisper's own decoder.

Teacher forcing: the decoder is given the text and says how likely each token was. All
texts about one take share a tree of tokens, so that a common beginning is computed once,
and go through the decoder in one pass; each token attends to its own ancestors only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from practice.core.hypotheses import Pair

if TYPE_CHECKING:
    from whisper.model import Whisper
    from whisper.tokenizer import Tokenizer

TAIL = 4
"""Tokens after a difference that are still counted: an element makes what follows it
likelier or less so, and further on nothing changes by more than about a nat."""


class Likelihood:
    """Compares texts under one model; ``trunk`` are the tokens that every text follows."""

    def __init__(self, model: Whisper, tokenizer: Tokenizer, trunk: Sequence[int]) -> None:
        self._decoder = model.decoder
        self._heads = model.dims.n_text_head
        self._tokenizer = tokenizer
        self._trunk = list(trunk)
        weight = self._decoder.token_embedding.weight
        # Most of the vocabulary is other languages, which get no probability worth
        # counting: without it the figures shift by less than half a nat, in half the time.
        self._competing = weight[torch.tensor(_competing_tokens(tokenizer))].contiguous()

    def compare(self, encoding: Tensor, pairs: Sequence[Pair]) -> list[float]:
        """For each pair give log P(first | audio) - log P(second | audio), in nats.

        ``encoding`` is the encoder's output for the audio, (frames, width).
        """
        tokens = {text: self._tokens(text) for text in dict.fromkeys(t for p in pairs for t in p)}
        tree = _Tree(self._trunk)
        sides = []
        for first, second in pairs:
            a, b = tokens[first], tokens[second]
            before, after = _shared(a, b)
            for side in (a, b):
                end = len(side) - after + min(after, TAIL)
                sides.append(tree.add(side[:end])[before:])
        gains = self._log_probabilities(encoding, tree, {e for side in sides for e in side})
        sums = [sum(gains[edge] for edge in side) for side in sides]
        return [a - b for a, b in zip(sums[::2], sums[1::2], strict=True)]

    def _tokens(self, text: str) -> list[int]:
        return [*self._tokenizer.encode(text), self._tokenizer.eot]

    @torch.inference_mode()
    def _log_probabilities(
        self, encoding: Tensor, tree: _Tree, edges: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], float]:
        """Log-probability of each edge: (node, token that follows it)."""
        hidden = self._hidden(encoding, tree)
        wanted = sorted(edges)
        parents = sorted({node for node, _token in wanted})
        row = {node: i for i, node in enumerate(parents)}
        states = hidden[parents]
        totals = (states @ self._competing.T).logsumexp(-1)
        rows = [row[node] for node, _token in wanted]
        weight = self._decoder.token_embedding.weight[[token for _node, token in wanted]]
        values = (states[rows] * weight).sum(-1) - totals[rows]
        return dict(zip(wanted, values.tolist(), strict=True))

    def _hidden(self, encoding: Tensor, tree: _Tree) -> Tensor:
        """The decoder's last states for all nodes of a tree, (nodes, width)."""
        decoder = self._decoder
        mask = torch.from_numpy(tree.ancestry())[None, None]
        x = decoder.token_embedding.weight[tree.tokens]
        x = (x + decoder.positional_embedding[tree.depths])[None]
        audio = encoding[None]
        for block in decoder.blocks:
            y = block.attn_ln(x)
            own = block.attn
            x = x + own.out(self._attend(own.query(y), own.key(y), own.value(y), mask))
            y, cross = block.cross_attn_ln(x), block.cross_attn
            x = x + cross.out(
                self._attend(cross.query(y), cross.key(audio), cross.value(audio), None)
            )
            x = x + block.mlp(block.mlp_ln(x))
        out: Tensor = decoder.ln(x)[0]
        return out

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = (
            t.view(1, t.shape[1], self._heads, -1).transpose(1, 2) for t in (query, key, value)
        )
        out = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return out.transpose(1, 2).flatten(2)


class _Tree:
    """Token sequences with their common beginnings merged; node 0 is the trunk's first."""

    def __init__(self, trunk: Sequence[int]) -> None:
        self.tokens: list[int] = []
        self.depths: list[int] = []
        self._parents: list[int] = []
        self._children: dict[tuple[int, int], int] = {}
        self._root = -1
        for token in trunk:
            self._root = self._child(self._root, token)

    def add(self, sequence: Sequence[int]) -> list[tuple[int, int]]:
        """Add a sequence after the trunk; give its edges (node, following token).

        The last token is not a node: nothing follows it.
        """
        edges = []
        node = self._root
        for i, token in enumerate(sequence):
            edges.append((node, token))
            if i + 1 < len(sequence):
                node = self._child(node, token)
        return edges

    def ancestry(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Which nodes each node may attend to: itself and those it follows."""
        n = len(self.tokens)
        allowed = np.eye(n, dtype=bool)
        for node, parent in enumerate(self._parents):
            if parent >= 0:
                allowed[node] |= allowed[parent]
        return allowed

    def _child(self, node: int, token: int) -> int:
        found = self._children.get((node, token))
        if found is None:
            found = self._children[node, token] = len(self.tokens)
            self.tokens.append(token)
            self.depths.append(self.depths[node] + 1 if node >= 0 else 0)
            self._parents.append(node)
        return found


def _shared(a: Sequence[int], b: Sequence[int]) -> tuple[int, int]:
    """Lengths of the common beginning and, not overlapping it, the common end."""
    most = min(len(a), len(b))
    before = next((i for i in range(most) if a[i] != b[i]), most)
    after = next((i for i in range(most - before) if a[-1 - i] != b[-1 - i]), most - before)
    return before, after


def _competing_tokens(tokenizer: Tokenizer) -> list[int]:
    """Tokens that can stand in a Chinese transcript: not pure Latin letters."""
    kept = [tokenizer.eot]
    signs = {b",", b".", b"?", b"!", b" ", b":", b"-"}
    for token in range(tokenizer.eot):
        raw = tokenizer.encoding.decode_single_token_bytes(token)
        if any(byte >= 0x80 for byte in raw) or raw in signs or raw.strip().isdigit():
            kept.append(token)
    return kept
