"""Phrases in a transcript, found by spelling and by sound.

A phrase may begin with ``^`` if it must begin a clause, and end with ``$`` if it must end one.
Clauses are delimited by punctuation and the ends of the text; a modal particle (不知道啊) may
follow ``$``. A match does not cross punctuation unless the phrase has punctuation there itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

from practice.mandarin.alignment import RIVALS
from practice.mandarin.normalization import Normalized, normal_form
from practice.mandarin.pinyin import NEAR, Sound, nearest, sounds

_STOPS = frozenset("。！？；.!?;")
"""Punctuation that ends a sentence. The recognizer sets other punctuation less reliably."""

_PARTICLES = frozenset("啊呀吧呢嘛吗哦喔啦了哈哎")


@dataclass(frozen=True, slots=True)
class PhraseText:
    """A text in normal form: characters, their readings, and the punctuation after each.

    ``starts`` and ``ends`` are True if the phrase must begin or end a clause.
    """

    chars: str
    sounds: tuple[frozenset[Sound], ...]
    signs: tuple[str, ...]
    starts: bool = False
    ends: bool = False

    @classmethod
    def of(cls, text: Normalized) -> PhraseText:
        """Prepare a transcript for the search."""
        edges = [*text.at, len(text.written)]
        between = (text.written[a + 1 : b] for a, b in pairwise(edges))
        signs = tuple("".join(filter(_is_sign, some)) for some in between)
        return cls(text.text, sounds(text.text), signs)

    def __len__(self) -> int:
        return len(self.chars)

    def is_bounded(self, text: PhraseText, start: int, end: int) -> bool:
        """Return True if ``start:end`` of a transcript is where this phrase may stand."""
        begins = start == 0 or bool(text.signs[start - 1])
        if end < len(text) and not text.signs[end - 1] and text.chars[end] in _PARTICLES:
            end += 1
        closes = end == len(text) or bool(text.signs[end - 1])
        inside = zip(text.signs[start : end - 1], self.signs[: len(self) - 1], strict=False)
        crossing = any(there and not own for there, own in inside)
        return (begins or not self.starts) and (closes or not self.ends) and not crossing


@lru_cache(maxsize=20_000)
def parse_phrase(written: str) -> PhraseText:
    """Parse a phrase of a rules file, with ``^`` and ``$``."""
    text = PhraseText.of(normal_form(written.removeprefix("^").removesuffix("$")))
    return PhraseText(
        text.chars, text.sounds, text.signs, written.startswith("^"), written.endswith("$")
    )


class Excuse(Enum):
    """Degree to which a longer phrase explains a match within it."""

    NONE = auto()
    DOUBT = auto()  # only a comma, a space or 你 for 您 separates the text from the phrase
    WHOLE = auto()


def excuse(longer: Iterable[str], text: PhraseText, start: int, end: int) -> Excuse:
    """Return the strongest excuse for ``start:end`` of a text among longer phrases."""
    found = Excuse.NONE
    for phrase in map(parse_phrase, longer):
        size = len(phrase)
        for first in range(max(0, end - size), min(start, len(text) - size) + 1):
            degree = _covers(phrase, text, first)
            if degree is Excuse.WHOLE:
                return degree
            if degree is Excuse.DOUBT:
                found = degree
    return found


def _covers(phrase: PhraseText, text: PhraseText, first: int) -> Excuse:
    """Return the excuse of a longer phrase at ``first``, compared with tolerance for sound."""
    degree = Excuse.WHOLE
    for i, char in enumerate(phrase.chars):
        there = text.chars[first + i]
        if {char, there} == RIVALS:
            degree = Excuse.DOUBT
        elif char != there and nearest(phrase.sounds[i], text.sounds[first + i]) > NEAR:
            return Excuse.NONE
        signs = text.signs[first + i] if i < len(phrase) - 1 else ""
        if not _STOPS.isdisjoint(signs):
            return Excuse.NONE
        if signs and not phrase.signs[i]:
            degree = Excuse.DOUBT
    return degree


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] not in "LN"
