"""Likelihood ratios of texts for the same audio, from Whisper's own decoder.

Teacher forcing: the decoder is given a text and returns how likely each token was. All texts
about one recording share a tree of tokens, so that a common prefix is computed once. The tree
goes through the decoder in one pass; each token attends to its own ancestors only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from practice.recognition.whisper.greedy import common_prefix
from practice.scoring.evidence import TextPair

if TYPE_CHECKING:
    from whisper.tokenizer import Tokenizer

    from practice.recognition.whisper.decoder import Audio, Memory, TextDecoder

TAIL = 4
"""Tokens after a difference that still count: an element makes those that follow it more or less
likely; further on, nothing changes by more than about a nat."""


class Likelihood:
    """Comparison of texts under one model; ``root`` is the token that they all follow."""

    def __init__(self, decoder: TextDecoder, tokenizer: Tokenizer, root: int) -> None:
        self._decoder = decoder
        self._root = root
        self._tokenizer = tokenizer
        # Most of the vocabulary belongs to other languages, whose probability is negligible.
        # Without it the results shift by less than half a nat and take half the time.
        competing = torch.tensor(_competing_tokens(tokenizer))
        self._competing = decoder.embedding[competing].contiguous()

    def compare(self, audio: Audio, trunk: Memory, pairs: Sequence[TextPair]) -> list[float]:
        """Return log P(first | audio) - log P(second | audio) for each pair, in nats.

        Args:
            audio: Encoded audio.
            trunk: Memory of the tokens before every text, without the last one.
            pairs: Two texts each.
        """
        tokens = {text: self._tokens(text) for text in dict.fromkeys(t for p in pairs for t in p)}
        tree = _Tree(self._root)
        sides = []
        for first, second in pairs:
            a, b = tokens[first], tokens[second]
            before, after = _shared(a, b)
            for side in (a, b):
                end = len(side) - after + min(after, TAIL)
                sides.append(tree.add(side[:end])[before:])
        gains = self._log_probabilities(audio, trunk, tree, {e for side in sides for e in side})
        sums = [sum(gains[edge] for edge in side) for side in sides]
        return [a - b for a, b in zip(sums[::2], sums[1::2], strict=True)]

    def _tokens(self, text: str) -> list[int]:
        return [*self._tokenizer.encode(text), self._tokenizer.eot]

    @torch.inference_mode()
    def _log_probabilities(
        self, audio: Audio, trunk: Memory, tree: _Tree, edges: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], float]:
        """Return the log-probability of each edge (node, token that follows it), in nats."""
        done = self._decoder.run(
            tree.tokens,
            audio,
            trunk.fork(len(tree.tokens)),
            depths=[trunk.length + depth for depth in tree.depths],
            may_attend=torch.from_numpy(tree.ancestry()),
        )
        wanted = sorted(edges)
        parents = sorted({node for node, _token in wanted})
        row = {node: i for i, node in enumerate(parents)}
        states = done.hidden[parents]
        totals = (states @ self._competing.T).logsumexp(-1)
        rows = [row[node] for node, _token in wanted]
        weight = self._decoder.embedding[[token for _node, token in wanted]]
        values = (states[rows] * weight).sum(-1) - totals[rows]
        return dict(zip(wanted, values.tolist(), strict=True))


class _Tree:
    """Prefix tree of token sequences; node 0 comes before them all."""

    def __init__(self, root: int) -> None:
        self.tokens = [root]
        self.depths = [0]
        self._parents = [-1]
        self._children: dict[tuple[int, int], int] = {}

    def add(self, sequence: Sequence[int]) -> list[tuple[int, int]]:
        """Add a sequence after the root, and return its edges (node, following token).

        The last token is not a node, since nothing follows it.
        """
        edges = []
        node = 0
        for i, token in enumerate(sequence):
            edges.append((node, token))
            if i + 1 < len(sequence):
                node = self._child(node, token)
        return edges

    def ancestry(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Return which nodes each node may attend to: itself and its ancestors, (nodes, nodes)."""
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
            self.depths.append(self.depths[node] + 1)
            self._parents.append(node)
        return found


def _shared(a: Sequence[int], b: Sequence[int]) -> tuple[int, int]:
    """Return the lengths of the common prefix and, not overlapping it, the common suffix."""
    before = common_prefix(a, b)
    return before, common_prefix(a[before:][::-1], b[before:][::-1])


def _competing_tokens(tokenizer: Tokenizer) -> list[int]:
    """Return the tokens that can occur in a Chinese transcript: all but pure Latin letters."""
    kept = [tokenizer.eot]
    signs = {b",", b".", b"?", b"!", b" ", b":", b"-"}
    for token in range(tokenizer.eot):
        raw = tokenizer.encoding.decode_single_token_bytes(token)
        if any(byte >= 0x80 for byte in raw) or raw in signs or raw.strip().isdigit():
            kept.append(token)
    return kept
