"""Greedy decoding that reads ahead in a draft, and writes the same text as without it.

This is speculative decoding (Leviathan, Kalman & Matias, "Fast inference from transformers via
speculative decoding", ICML 2023) with a given text instead of a draft model. Several tokens of
the draft go through the decoder in one pass. Those that the decoder itself chooses are kept, one
after the other. At the first that it does not choose, its own choice is used and the rest of the
draft is taken back. So a draft saves passes, and cannot put a token into the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from whisper.decoding import DecodingTask

    from practice.recognition.whisper.decoder import Audio, Memory, TextDecoder

FIRST_GUESS = 24
"""Length of the first guess, in tokens of the draft.

If all of a guess was right, the next one is twice as long. Otherwise it is as long as the part
that was right, at least one token: a second token in a pass costs nothing, and few phrases that
depart from a draft return to it for long. Of the strategies that were tried on the labeled clips,
this one took the least time."""

CHECKED = 8
"""Tokens of a guess that are checked at a time; no batch after the first wrong token is checked."""

SEARCHED = 8
"""Tokens of the draft that are searched for a token that was not expected."""


@dataclass(frozen=True)
class Rules:
    """The tokens before a text, and those that it may contain.

    Attributes:
        trunk: Tokens before the text.
        sot: Index in ``trunk`` of the token after which the probability of no speech is read.
        suppressed: Tokens that never occur in a text.
        not_first: Tokens that a text cannot begin with.
        no_speech: Token that means no speech.
        eot: Token that ends a text.
        longest: Maximum number of tokens after ``trunk``.
        spell: Function that returns the bytes of a token of a text.
    """

    trunk: tuple[int, ...]
    sot: int
    suppressed: Tensor
    not_first: Tensor
    no_speech: int
    eot: int
    longest: int
    spell: Callable[[int], bytes]

    @property
    def scored_from(self) -> int:
        """Index in ``trunk`` of the token whose state chooses the first token of the text."""
        return len(self.trunk) - 1


def rules_of(task: DecodingTask) -> Rules:
    """Return the rules of an openai-whisper task, which is greedy and without timestamps."""
    tokenizer = task.tokenizer
    assert tokenizer.no_speech is not None  # every model that supports Chinese has one
    return Rules(
        trunk=task.initial_tokens,
        sot=task.sot_index,
        suppressed=torch.tensor(task._get_suppress_tokens()),
        not_first=torch.tensor([*tokenizer.encode(" "), tokenizer.eot]),
        no_speech=tokenizer.no_speech,
        eot=tokenizer.eot,
        longest=task.sample_len,
        spell=tokenizer.encoding.decode_single_token_bytes,
    )


@dataclass(frozen=True)
class Decoded:
    """A decoded text.

    Attributes:
        tokens: Tokens of the text, without the end of text.
        logprobs: Log-probabilities of the tokens and of the end of text, in nats.
        no_speech_prob: Probability that there is no speech.
        attention: Attention to the audio at the choice of each token and of the end, before the
            softmax: (heads, tokens + 1, frames).
        trunk: Memory of ``Rules.trunk`` without its last token.
        passes: Number of decoder passes.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    no_speech_prob: float
    attention: Tensor
    trunk: Memory
    passes: int

    @property
    def avg_logprob(self) -> float:
        """Mean log-probability in nats, with the end of text as a token, as in openai-whisper."""
        return sum(self.logprobs) / (len(self.tokens) + 1)


@torch.inference_mode()
def decode(
    decoder: TextDecoder, audio: Audio, rules: Rules, drafts: Sequence[Sequence[int]] = ()
) -> Decoded:
    """Decode audio greedily.

    The text is that of openai-whisper's own greedy decoding without timestamps, whatever the
    drafts are.

    Args:
        decoder: Decoder of the model.
        audio: Encoded audio.
        rules: Tokens that a text may contain.
        drafts: Texts, as tokens, that may be what was said.
    """
    memory = decoder.memory()
    ahead = _DraftCursor(drafts, rules.spell)
    guess = ahead.first()
    done = decoder.run([*rules.trunk, *guess], audio, memory)
    no_speech = decoder.logits(done.hidden[rules.sot : rules.sot + 1]).softmax(-1)
    hidden, attention = done.hidden[rules.scored_from :], done.attention[:, rules.scored_from :]
    tokens: list[int] = []
    figures: list[float] = []
    seen, passes = [], 1
    while True:
        kept, logprobs = _choices(decoder, hidden, rules, guess, first=not tokens)
        agreed = len(kept) - 1
        if rules.eot in kept:
            kept = kept[: kept.index(rules.eot) + 1]
        kept = kept[: rules.longest - len(tokens)]
        tokens += kept
        figures += logprobs[: len(kept)]
        seen.append(attention[:, : len(kept)])
        if tokens[-1] == rules.eot or len(tokens) == rules.longest:
            break
        memory.length = len(rules.trunk) + len(tokens) - 1
        guess = ahead.after(tokens, agreed)[: rules.longest - len(tokens)]
        done = decoder.run([tokens[-1], *guess], audio, memory)
        hidden, attention = done.hidden, done.attention
        passes += 1
    if tokens[-1] == rules.eot:
        tokens.pop()
    memory.length = len(rules.trunk) - 1
    return Decoded(
        tuple(tokens),
        tuple(figures),
        float(no_speech[0, rules.no_speech]),
        torch.cat(seen, dim=1),
        memory.fork(0),
        passes,
    )


def _choices(
    decoder: TextDecoder, hidden: Tensor, rules: Rules, guess: Sequence[int], *, first: bool
) -> tuple[list[int], list[float]]:
    """Return the decoder's own tokens as far as they agree with the guess, and the next one.

    Each is the most likely of the allowed tokens after a state. The second list has the
    log-probabilities of the tokens among those allowed, in nats.
    """
    tokens: list[int] = []
    logprobs: list[float] = []
    for start in range(0, len(hidden), CHECKED):
        logits = decoder.logits(hidden[start : start + CHECKED])
        logits[:, rules.suppressed] = -torch.inf
        if first and start == 0:
            logits[0, rules.not_first] = -torch.inf
        best, chosen = logits.max(-1)
        tokens += chosen.tolist()
        logprobs += (best - logits.logsumexp(-1)).tolist()
        agreed = common_prefix(guess, tokens)
        if agreed < len(tokens):
            return tokens[: agreed + 1], logprobs[: agreed + 1]
    return tokens, logprobs


class _DraftCursor:
    """A position in the drafts, from which the next guess is read.

    The recognizer may write a character with more or fewer tokens than the draft. After a departure
    from the draft, its next character is therefore expected next.
    """

    def __init__(self, drafts: Sequence[Sequence[int]], spell: Callable[[int], bytes]) -> None:
        self._drafts = [list(draft) for draft in drafts] or [[]]
        self._spell = spell
        self._draft = self._drafts[0]
        self._next = 0
        self._guessed = FIRST_GUESS
        self._is_first = True

    def first(self) -> list[int]:
        return self._draft[: self._guessed]

    def after(self, tokens: Sequence[int], agreed: int) -> list[int]:
        """Return the next guess.

        Args:
            tokens: All tokens of the text so far.
            agreed: How many tokens of the last guess are among them.
        """
        is_first, self._is_first = self._is_first, False
        departed = agreed < min(self._guessed, len(self._draft) - self._next)
        self._guessed = max(1, agreed) if departed else 2 * self._guessed
        if is_first:
            self._draft = max(self._drafts, key=lambda draft: common_prefix(draft, tokens))
            agreed = common_prefix(self._draft, tokens)
        self._next += agreed
        if not is_first or agreed < len(tokens):
            self._find(tokens[-1], moved=is_first or agreed > 0)
        if self._is_unfinished(tokens):
            return []
        return self._draft[self._next : self._next + self._guessed]

    def _find(self, token: int, *, moved: bool) -> None:
        """Move to where the draft continues after a token that it may not contain."""
        near = self._draft[self._next : self._next + SEARCHED]
        if token in near:
            self._next += near.index(token) + 1
        elif moved:
            self._next += 1
            while self._next < len(self._draft) and self._is_inside(self._draft[self._next]):
                self._next += 1

    def _is_inside(self, token: int) -> bool:
        """Return whether a token continues a character that another one began."""
        return _goes_on(self._spell(token)[0])

    def _is_unfinished(self, tokens: Sequence[int]) -> bool:
        """Return whether the last character lacks bytes, which further tokens bring."""
        text = b"".join(self._spell(token) for token in tokens[-4:])
        tail = next((i for i in range(1, len(text) + 1) if not _goes_on(text[-i])), len(text))
        try:
            text[-tail:].decode()
        except UnicodeDecodeError:
            return True
        return False


def _goes_on(byte: int) -> bool:
    """Return whether a byte of UTF-8 continues a character."""
    return 0x80 <= byte < 0xC0


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Return the length of the common prefix."""
    most = min(len(a), len(b))
    return next((i for i in range(most) if a[i] != b[i]), most)
