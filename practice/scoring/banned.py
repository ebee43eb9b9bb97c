"""Search for banned phrases in a transcript, by spelling and by sound.

The recognizer writes homophones (不直到 for 不知道), but innocent sentences can sound the same.
A phrase that is spelled out is sure. One that only sounds the same is sure if it is too long for
a coincidence; otherwise it is in doubt, and the trainer decides.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

from practice.mandarin.alignment import RIVALS
from practice.mandarin.normalization import Normalized, normal_form
from practice.mandarin.pinyin import NEAR, Sound, nearest, sounds
from practice.records.scenario import BannedPhrase
from practice.records.score import BannedHit

SURE_BY_SOUND = 4
"""Characters from which a phrase is sure if each syllable and tone matches."""

LEAST_BY_SOUND = 3
"""Characters from which phrases are searched for by sound, not only by spelling: two syllables
often match by coincidence."""

LEAST_SPELLED = 1 / 3
"""Share of the characters that must be spelled out if tones differ: 不直到 is perhaps 不知道,
步指导 is not."""

_STOPS = frozenset("。！？；.!?;")
"""Punctuation that ends a sentence. The recognizer sets other punctuation less reliably."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text in normal form: characters, their readings, and the punctuation after each."""

    chars: str
    sounds: tuple[frozenset[Sound], ...]
    signs: tuple[str, ...]

    @classmethod
    def of(cls, text: Normalized) -> _Text:
        edges = [*text.at, len(text.written)]
        between = (text.written[a + 1 : b] for a, b in pairwise(edges))
        signs = tuple("".join(filter(_is_sign, some)) for some in between)
        return cls(text.text, sounds(text.text), signs)

    def __len__(self) -> int:
        return len(self.chars)


@dataclass(frozen=True, slots=True)
class _Place:
    """Occurrence of phrase ``nth`` (index in the list) at ``start:end`` of a transcript."""

    nth: int
    start: int
    end: int
    is_sure: bool


class _Excuse(Enum):
    """Degree to which an innocent longer phrase excuses a banned one within it."""

    NONE = auto()
    DOUBT = auto()  # only a comma, a space or 你 for 您 separates the text from the phrase
    WHOLE = auto()


def find_banned(
    hypothesis: Normalized, script: str, phrases: tuple[BannedPhrase, ...]
) -> tuple[BannedHit, ...]:
    """Find banned phrases in a transcript.

    A match does not cross punctuation unless the phrase has punctuation there itself. A phrase
    inside one of its innocent longer phrases (``unless``) is not reported. Of two overlapping
    matches the surer one counts, then the longer.

    Args:
        script: The script in normal form. Phrases that it contains itself, or that sound exactly
            like a part of it, are not reported.

    Returns:
        At most one hit for each phrase, in the order of ``phrases``.
    """
    heard = _Text.of(hypothesis)
    places = sorted(
        _places(heard, script, phrases),
        key=lambda place: (not place.is_sure, place.start - place.end, place.nth, place.start),
    )
    hits: dict[int, BannedHit] = {}
    taken: set[int] = set()
    for place in places:
        span = range(place.start, place.end)
        if place.nth in hits or not taken.isdisjoint(span):
            continue
        taken.update(span)
        phrase = phrases[place.nth]
        words = hypothesis.written[hypothesis.at[span[0]] : hypothesis.at[span[-1]] + 1]
        hits[place.nth] = BannedHit(
            phrase.phrase, phrase.instead, phrase.why, phrase.severity, words, place.is_sure
        )
    return tuple(hits[nth] for nth in sorted(hits))


def banned_in_text(text: str, phrases: tuple[BannedPhrase, ...]) -> tuple[BannedHit, ...]:
    """Return the banned phrases that a text contains for sure."""
    return tuple(hit for hit in find_banned(normal_form(text), "", phrases) if hit.sure)


def _places(heard: _Text, script: str, phrases: tuple[BannedPhrase, ...]) -> Iterator[_Place]:
    index = _index(phrases)
    for start in range(len(heard)):
        for nth, words in dict.fromkeys(
            entry for key in _keys(heard, start) for entry in index.get(key, ())
        ):
            is_sure = _match(words, heard, start)
            if is_sure is None or _has(script, words):
                continue
            end = start + len(words)
            excuse = _excuse(phrases[nth], heard, start, end)
            if excuse is not _Excuse.WHOLE:
                yield _Place(nth, start, end, is_sure and excuse is _Excuse.NONE)


def _match(words: _Text, heard: _Text, start: int) -> bool | None:
    """Return True for a sure match at ``start``, False for a doubtful one, None for none."""
    end = start + len(words)
    if end > len(heard):
        return None
    if any(heard.signs[start + i] and not words.signs[i] for i in range(len(words) - 1)):
        return None
    spelled = sum(a == b for a, b in zip(words.chars, heard.chars[start:end], strict=True))
    if spelled == len(words):
        return True
    if len(words) < LEAST_BY_SOUND:
        return None
    there = heard.sounds[start:end]
    pairs = [
        (a, b)
        for a, b, x, y in zip(words.sounds, there, words.chars, heard.chars[start:end], strict=True)
        if x != y
    ]
    if all(a & b for a, b in pairs):
        return len(words) >= SURE_BY_SOUND
    same = all(_toneless(a) & _toneless(b) for a, b in pairs)
    return False if same and spelled >= LEAST_SPELLED * len(words) else None


def _has(script: str, words: _Text) -> bool:
    """Return True if a script contains the words, or words that sound exactly like them."""
    if words.chars in script:
        return True
    read = sounds(script)
    return any(
        all(
            a == b or x & y
            for a, b, x, y in zip(
                words.chars, script[start:], words.sounds, read[start:], strict=False
            )
        )
        for start in range(len(script) - len(words) + 1)
    )


def _excuse(phrase: BannedPhrase, heard: _Text, start: int, end: int) -> _Excuse:
    """Return the strongest excuse for ``start:end`` among the innocent longer phrases."""
    found = _Excuse.NONE
    for innocent in map(_text, phrase.unless):
        size = len(innocent)
        for first in range(max(0, end - size), min(start, len(heard) - size) + 1):
            excuse = _covers(innocent, heard, first)
            if excuse is _Excuse.WHOLE:
                return excuse
            if excuse is _Excuse.DOUBT:
                found = excuse
    return found


def _covers(innocent: _Text, heard: _Text, first: int) -> _Excuse:
    """Return the excuse of an innocent phrase at ``first``, compared with tolerance for sound."""
    excuse = _Excuse.WHOLE
    for i, char in enumerate(innocent.chars):
        there = heard.chars[first + i]
        if {char, there} == RIVALS:
            excuse = _Excuse.DOUBT
        elif char != there and nearest(innocent.sounds[i], heard.sounds[first + i]) > NEAR:
            return _Excuse.NONE
        signs = heard.signs[first + i] if i < len(innocent) - 1 else ""
        if not _STOPS.isdisjoint(signs):
            return _Excuse.NONE
        if signs and not innocent.signs[i]:
            excuse = _Excuse.DOUBT
    return excuse


_Key = tuple[str, str] | str


@lru_cache(maxsize=8)
def _index(phrases: tuple[BannedPhrase, ...]) -> dict[_Key, tuple[tuple[int, _Text], ...]]:
    """Index the phrases and their variants, each with its index, by the keys of their start."""
    index: dict[_Key, list[tuple[int, _Text]]] = defaultdict(list)
    for nth, phrase in enumerate(phrases):
        for words in map(_text, (phrase.phrase, *phrase.also)):
            for key in _keys(words, 0):
                index[key].append((nth, words))
    return {key: tuple(entries) for key, entries in index.items()}


def _keys(text: _Text, place: int) -> frozenset[tuple[str, str]] | tuple[str]:
    """Return the index keys of a character: its toneless syllables, or itself without any."""
    return _toneless(text.sounds[place]) or (text.chars[place],)


@lru_cache(maxsize=2_000)
def _text(written: str) -> _Text:
    return _Text.of(normal_form(written))


def _toneless(readings: frozenset[Sound]) -> frozenset[tuple[str, str]]:
    return frozenset((initial, final) for initial, final, _tone in readings)


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] not in "LN"
