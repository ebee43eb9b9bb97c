"""Pinyin readings of characters, and the distance by sound between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

Sound = tuple[str, str, int]
"""Initial, final and tone of a syllable; tone 5 is neutral: nín is ("n", "in", 2)."""

NEAR = 0.45
"""Distance up to which speakers or the recognizer confuse two sounds.

Such sounds differ in the tone, in one of the pairs below, or in both."""

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")

# Pairs that speakers merge (n/l, z/zh, f/h …) or that the recognizer confuses
# (aspirated and plain, palatal and retroflex).
_NEAR_INITIALS = {
    frozenset(pair.split())
    for pair in (
        "n l", "z zh", "c ch", "s sh", "f h", "r l", "z c", "zh ch", "j q", "b p", "d t",
        "g k", "j zh", "q ch", "x sh", "x q", "s x", "g j", "h k", "l d", "m n",
    )
} | {frozenset(("r", ""))}  # fmt: skip
_NEAR_FINALS = {
    frozenset(pair.split())
    for pair in (
        "in ing", "en eng", "an ang", "ian iang", "uan uang", "uen ong", "eng ong", "ian in",
        "ing iang", "ang eng", "en in", "ian van", "i v", "ie ve", "e o", "uo o", "uo ou",
        "uo e", "ei uei", "ai ei", "uai ai", "ua a", "ao iao", "ou iou", "ei i", "i ie",
        "an uan", "ia ian", "ang iang", "vn in", "vn ing", "ai an", "an en", "a ang", "ao ou",
    )
}  # fmt: skip

_SYLLABLE = re.compile("[a-zü]{1,6}[1-5]")

# Pinyin spells these finals differently in some positions, although they sound the same.
_AFTER_Y = {"i": "i", "in": "in", "ing": "ing", "u": "v", "ue": "ve", "uan": "van", "un": "vn"}
_SPELLED = {"ui": "uei", "iu": "iou", "un": "uen"}


@lru_cache(maxsize=5_000)
def parse_sound(toned: str) -> Sound:
    """Parse a pinyin syllable with a tone digit: ``nin2`` → ("n", "in", 2)."""
    tone = int(toned[-1]) if toned[-1:].isdigit() else 5
    base = toned.rstrip("0123456789").replace("ü", "v")
    initial = next((i for i in _INITIALS if base.startswith(i)), "")
    final = base[len(initial) :]
    if initial == "y":
        initial, final = "", _AFTER_Y.get(final, "i" + final)
    elif initial == "w":
        initial, final = "", final if final == "u" else "u" + final
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    return initial, _SPELLED.get(final, final), tone


@lru_cache(maxsize=5_000)
def syllables(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the readings of each character of a text in normal form, such as ``man4``.

    A Han character has the readings that pypinyin gives it in its phrase and on its own: the
    phrase decides polyphones, the single character guards against a wrong phrase. Other
    characters have none.

    Returns:
        One tuple of readings per character.
    """
    in_phrase: list[str | None] = []
    for is_han, run in groupby(text, key=lambda c: _alone(c) is not None):
        chars = "".join(run)
        read = _read(chars) if is_han else ()
        in_phrase += read if len(read) == len(chars) else [None] * len(chars)
    return tuple(
        tuple(dict.fromkeys(r for r in (phrase, _alone(char)) if r))
        for char, phrase in zip(text, in_phrase, strict=True)
    )


@lru_cache(maxsize=5_000)
def sounds(text: str) -> tuple[frozenset[Sound], ...]:
    """Return the readings of each character of a text in normal form, as sounds."""
    return tuple(frozenset(map(parse_sound, read)) for read in syllables(text))


def is_syllable(text: str) -> bool:
    """Return True if the text is a pinyin syllable with a tone digit, such as ``nin2``."""
    return _SYLLABLE.fullmatch(text) is not None


def parse_pinyin(text: str) -> tuple[str, ...] | None:
    """Parse pinyin with tone marks or digits, one syllable per word.

    Returns:
        The syllables with tone digits (``huán nín`` → huan2, nin2); None if the text is empty
        or a word is not a syllable.
    """
    from pypinyin.contrib.tone_convert import to_tone3

    syllables = tuple(to_tone3(word, neutral_tone_with_five=True) for word in text.lower().split())
    return syllables if syllables and all(map(is_syllable, syllables)) else None


def sounds_of_script(
    text: str, readings: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[frozenset[Sound], ...]:
    """Return the readings of each character of a script, as sounds.

    Args:
        text: The script in normal form.
        readings: Phrases with the syllables that the scenario gives for their characters; these
            replace the usual readings.
    """
    out = list(syllables(text))
    for phrase, own in readings:
        start = text.find(phrase) if phrase else -1
        while start >= 0:
            for i, syllable in enumerate(own[: len(phrase)]):
                out[start + i] = (syllable,)
            start = text.find(phrase, start + 1)
    return tuple(frozenset(map(parse_sound, read)) for read in out)


@lru_cache(maxsize=100_000)
def distance(a: Sound, b: Sound) -> float:
    """Return the distance of two syllables by sound, from 0 (same) to 1 (unrelated).

    The scale is coarse on purpose: initial and final have nearly the same weight, a pair that
    is often confused counts less than half, and the tone counts little.
    """
    if a == b:
        return 0.0
    first = 0.0 if a[0] == b[0] else 0.25 if frozenset((a[0], b[0])) in _NEAR_INITIALS else 0.55
    last = 0.0 if a[1] == b[1] else 0.25 if frozenset((a[1], b[1])) in _NEAR_FINALS else 0.6
    return min(1.0, first + last + _tone_distance(a[2], b[2]))


def _tone_distance(a: int, b: int) -> float:
    if a == b:
        return 0.0
    # The neutral tone depends on context; tone 3 becomes 2 before another 3.
    return 0.1 if 5 in (a, b) or {a, b} == {2, 3} else 0.15


def nearest(a: Iterable[Sound], b: Iterable[Sound]) -> float:
    """Return the distance of the closest readings of two characters.

    A character without readings is at distance 1 from all others.
    """
    return min((distance(x, y) for x in a for y in b), default=1.0)


@lru_cache(maxsize=20_000)
def _alone(char: str) -> str | None:
    read = _read(char)
    return read[0] if read else None


def _read(text: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin

    found = pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return tuple(syllable[0] for syllable in found)
