"""Search for banned phrases in a transcript, by spelling and by sound.

The recognizer writes homophones (不直到 for 不知道), but innocent sentences can sound the same.
A phrase that is spelled out is sure. One that only sounds the same is sure if it is too long for
a coincidence; otherwise it is in doubt, and the trainer decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from practice.mandarin.normalization import Normalized, normal_form
from practice.mandarin.pinyin import Sound, sounds
from practice.records.scenario import BannedPhrase
from practice.records.score import BannedHit
from practice.scoring.phrases import Excuse, PhraseText, excuse, parse_phrase

SURE_BY_SOUND = 4
"""Characters from which a phrase is sure if each syllable and tone matches."""

LEAST_BY_SOUND = 3
"""Characters from which phrases are searched for by sound, not only by spelling: two syllables
often match by coincidence."""

LEAST_SPELLED = 1 / 3
"""Share of the characters that must be spelled out if tones differ: 不直到 is perhaps 不知道,
步指导 is not."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Occurrence of phrase ``nth`` (index in the list) at ``start:end`` of a transcript."""

    nth: int
    start: int
    end: int
    is_sure: bool


def find_banned(
    hypothesis: Normalized, script: str, phrases: tuple[BannedPhrase, ...]
) -> tuple[BannedHit, ...]:
    """Find banned phrases in a transcript.

    A phrase
    inside one of its innocent longer phrases (``unless``) is not reported. Of two overlapping
    matches the surer one counts, then the longer.

    Args:
        script: The script in normal form. Phrases that it contains itself, or that sound exactly
            like a part of it, are not reported.

    Returns:
        At most one hit for each phrase, in the order of ``phrases``.
    """
    heard = PhraseText.of(hypothesis)
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
            phrase.shown, phrase.instead, phrase.why, phrase.severity, words, place.is_sure
        )
    return tuple(hits[nth] for nth in sorted(hits))


def banned_in_text(text: str, phrases: tuple[BannedPhrase, ...]) -> tuple[BannedHit, ...]:
    """Return the banned phrases that a text contains for sure."""
    return tuple(hit for hit in find_banned(normal_form(text), "", phrases) if hit.sure)


def _places(heard: PhraseText, script: str, phrases: tuple[BannedPhrase, ...]) -> Iterator[_Place]:
    index = _index(phrases)
    for start in range(len(heard)):
        for nth, words in dict.fromkeys(
            entry for key in _keys(heard, start) for entry in index.get(key, ())
        ):
            is_sure = _match(words, heard, start)
            if is_sure is None or _has(script, words):
                continue
            end = start + len(words)
            degree = excuse(phrases[nth].unless, heard, start, end)
            if degree is not Excuse.WHOLE:
                yield _Place(nth, start, end, is_sure and degree is Excuse.NONE)


def _match(words: PhraseText, heard: PhraseText, start: int) -> bool | None:
    """Return True for a sure match at ``start``, False for a doubtful one, None for none."""
    end = start + len(words)
    if end > len(heard):
        return None
    if not words.is_bounded(heard, start, end):
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


def _has(script: str, words: PhraseText) -> bool:
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


_Key = tuple[str, str] | str


@lru_cache(maxsize=8)
def _index(phrases: tuple[BannedPhrase, ...]) -> dict[_Key, tuple[tuple[int, PhraseText], ...]]:
    """Index the phrases and their variants, each with its index, by the keys of their start."""
    index: dict[_Key, list[tuple[int, PhraseText]]] = defaultdict(list)
    for nth, phrase in enumerate(phrases):
        for words in map(parse_phrase, (phrase.phrase, *phrase.also)):
            for key in _keys(words, 0):
                index[key].append((nth, words))
    return {key: tuple(entries) for key, entries in index.items()}


def _keys(text: PhraseText, place: int) -> frozenset[tuple[str, str]] | tuple[str]:
    """Return the index keys of a character: its toneless syllables, or itself without any."""
    return _toneless(text.sounds[place]) or (text.chars[place],)


def _toneless(readings: frozenset[Sound]) -> frozenset[tuple[str, str]]:
    return frozenset((initial, final) for initial, final, _tone in readings)
