"""Greedy decoding that reads ahead in a draft, and writes what it would write without.

Speculative decoding with a given text for a draft (Leviathan, Kalman & Matias, "Fast
inference from transformers via speculative decoding", ICML 2023, for a draft that is no
model): tokens of the draft go through the decoder together, and those are kept that the
decoder chooses itself, one after the other. At the first that it doesn't, its own choice
stands and the rest of the draft is taken back. So a draft saves steps, and cannot put a
token into the text.
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
"""Tokens of the draft that are tried at once to begin with. Twice as many are tried whenever
all of a guess was right, and where one was wrong as many as were right, at least one: a
second token in a pass costs nothing, and few phrases that depart from a draft return to
it for long. Of the ways that were tried on the labeled clips this took the least time."""

CHECKED = 8
"""Tokens of a guess that are checked at a time: none are beyond the first wrong one."""

SEARCHED = 8
"""Tokens of the draft among which a token is looked for that was not expected."""


@dataclass(frozen=True)
class Rules:
    """What a text begins with, and what it may hold.

    ``trunk`` are the tokens before the text, ``sot`` the place among them after which the
    probability of no speech is read. ``suppressed`` never stand in a text, ``not_first`` not
    at its beginning, ``eot`` ends it. ``longest`` is how many tokens may follow the trunk;
    ``spell`` gives the bytes of one of a text.
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
        """The place in the trunk whose state chooses the first token of the text."""
        return len(self.trunk) - 1


def rules_of(task: DecodingTask) -> Rules:
    """The rules of one of openai-whisper's tasks, which is greedy and without timestamps."""
    tokenizer = task.tokenizer
    assert tokenizer.no_speech is not None  # no model that has Chinese is without
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
    """A text that was decoded.

    ``logprobs`` are those of the tokens and of the end of text, in nats. ``attention`` is how the
    decoder looked at the audio when it chose each token and the end: (heads, tokens + 1,
    frames), before the softmax. ``trunk`` remembers what came before the text, but for the last
    token. ``passes`` counts how often the decoder ran.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    no_speech_prob: float
    attention: Tensor
    trunk: Memory
    passes: int

    @property
    def avg_logprob(self) -> float:
        """As openai-whisper counts it: the end of text is one of the tokens."""
        return sum(self.logprobs) / (len(self.tokens) + 1)


@torch.inference_mode()
def decode(
    decoder: TextDecoder, audio: Audio, rules: Rules, drafts: Sequence[Sequence[int]] = ()
) -> Decoded:
    """Decode audio greedily. ``drafts`` are texts in tokens that may be what was said.

    The text is that of openai-whisper's own greedy decoding, without timestamps, whatever
    the drafts are.
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
    """The decoder's own tokens as far as the guess has them, and the next; with their figures.

    Each is the likeliest after a state among those allowed; the figure is its
    log-probability.
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
        agreed = _in_common(guess, tokens)
        if agreed < len(tokens):
            return tokens[: agreed + 1], logprobs[: agreed + 1]
    return tokens, logprobs


class _DraftCursor:
    """Finds in the drafts what may come next.

    What the recognizer writes for a character may take more or fewer tokens than the
    draft's: after a departure the next character of the draft is the next to be expected.
    """

    def __init__(self, drafts: Sequence[Sequence[int]], spell: Callable[[int], bytes]) -> None:
        self._drafts = [list(draft) for draft in drafts] or [[]]
        self._spell = spell
        self._draft = self._drafts[0]
        self._next = 0
        self._guessed = FIRST_GUESS
        self._is_first = True

    def first(self) -> list[int]:
        """What the text may begin with."""
        return self._draft[: self._guessed]

    def after(self, tokens: Sequence[int], agreed: int) -> list[int]:
        """What may follow these tokens, when so many of the last guess stand among them."""
        is_first, self._is_first = self._is_first, False
        departed = agreed < min(self._guessed, len(self._draft) - self._next)
        self._guessed = max(1, agreed) if departed else 2 * self._guessed
        if is_first:
            self._draft = max(self._drafts, key=lambda draft: _in_common(draft, tokens))
            agreed = _in_common(self._draft, tokens)
        self._next += agreed
        if not is_first or agreed < len(tokens):
            self._find(tokens[-1], moved=is_first or agreed > 0)
        if self._is_unfinished(tokens):
            return []
        return self._draft[self._next : self._next + self._guessed]

    def _find(self, token: int, *, moved: bool) -> None:
        """Go to where the draft goes on after a token that it may not have."""
        near = self._draft[self._next : self._next + SEARCHED]
        if token in near:
            self._next += near.index(token) + 1
        elif moved:
            self._next += 1
            while self._next < len(self._draft) and self._is_inside(self._draft[self._next]):
                self._next += 1

    def _is_inside(self, token: int) -> bool:
        """Whether a token goes on with a character that another began."""
        return _goes_on(self._spell(token)[0])

    def _is_unfinished(self, tokens: Sequence[int]) -> bool:
        """Whether the last character lacks bytes that further tokens bring."""
        text = b"".join(self._spell(token) for token in tokens[-4:])
        tail = next((i for i in range(1, len(text) + 1) if not _goes_on(text[-i])), len(text))
        try:
            text[-tail:].decode()
        except UnicodeDecodeError:
            return True
        return False


def _goes_on(byte: int) -> bool:
    """Whether a byte of UTF-8 goes on with a character."""
    return 0x80 <= byte < 0xC0


def _in_common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two texts begin with in common."""
    most = min(len(a), len(b))
    return next((i for i in range(most) if a[i] != b[i]), most)
