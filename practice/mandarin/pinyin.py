"""Toned readings of characters, and how far two of them are apart for ear and recognizer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import groupby

Sound = tuple[str, str, int]
"""Initial, final and tone (5 is the neutral one) of a syllable: nín is ("n", "in", 2)."""

NEAR = 0.45
"""Sounds nearer than this are taken for one another by speakers or recognizer: another
tone, one of the pairs below, or both."""

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")

# Pairs that speakers merge (n/l, z/zh, f/h …) or that the recognizer takes for each other
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

# Spelled differently by the rules of pinyin, though they are the same sounds.
_AFTER_Y = {"i": "i", "in": "in", "ing": "ing", "u": "v", "ue": "ve", "uan": "van", "un": "vn"}
_SPELLED = {"ui": "uei", "iu": "iou", "un": "uen"}


@lru_cache(maxsize=5_000)
def parse_sound(toned: str) -> Sound:
    """Split a syllable in pinyin with its tone as a digit: ``nin2`` → ("n", "in", 2)."""
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
    """Give the readings of each character of a text in normal form: ``man4``.

    For a Han character those that pypinyin gives it in its phrase and alone: the phrase
    decides polyphones, the character guards against a wrong phrase. Others have none.
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
    """Give the readings of each character of a text in normal form, as sounds."""
    return tuple(frozenset(map(parse_sound, read)) for read in syllables(text))


def is_syllable(text: str) -> bool:
    """Whether a text is a syllable in pinyin with its tone as a digit: ``nin2``."""
    return _SYLLABLE.fullmatch(text) is not None


def parse_pinyin(text: str) -> tuple[str, ...] | None:
    """Read pinyin with tone marks or digits, a syllable a word: ``huán nín`` → huan2, nin2.

    None where a word is no syllable.
    """
    to_tone3 = _tone_converter()
    syllables = tuple(to_tone3(word, neutral_tone_with_five=True) for word in text.lower().split())
    return syllables if syllables and all(map(is_syllable, syllables)) else None


def syllables_of_script(
    text: str, readings: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[tuple[str, ...], ...]:
    """The readings of a script's characters, its own where it gives them."""
    out = list(syllables(text))
    for phrase, own in readings:
        start = text.find(phrase) if phrase else -1
        while start >= 0:
            for i, syllable in enumerate(own[: len(phrase)]):
                out[start + i] = (syllable,)
            start = text.find(phrase, start + 1)
    return tuple(out)


def sounds_of_script(
    text: str, readings: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[frozenset[Sound], ...]:
    """The readings of a script's characters as sounds, its own where it gives them."""
    return tuple(frozenset(map(parse_sound, read)) for read in syllables_of_script(text, readings))


def with_mark(syllable: str) -> str:
    """A syllable with the mark of its tone: ``man4`` → màn."""
    marked: str = _tone_marker()(syllable)
    return marked


@lru_cache(maxsize=100_000)
def distance(a: Sound, b: Sound) -> float:
    """How far two syllables are apart: 0 the same, 1 unrelated.

    The scale is coarse on purpose: initial and final count alike, a confused pair half,
    the tone little.
    """
    if a == b:
        return 0.0
    first = 0.0 if a[0] == b[0] else 0.25 if frozenset((a[0], b[0])) in _NEAR_INITIALS else 0.55
    last = 0.0 if a[1] == b[1] else 0.25 if frozenset((a[1], b[1])) in _NEAR_FINALS else 0.6
    return min(1.0, first + last + _tone_distance(a[2], b[2]))


def _tone_distance(a: int, b: int) -> float:
    if a == b:
        return 0.0
    # The neutral tone is a matter of context; 2 and 3 merge before another 3.
    return 0.1 if 5 in (a, b) or {a, b} == {2, 3} else 0.15


def nearest(a: Iterable[Sound], b: Iterable[Sound]) -> float:
    """The distance of the closest readings of two characters; 1 where one has none."""
    return min((distance(x, y) for x in a for y in b), default=1.0)


@lru_cache(maxsize=20_000)
def _alone(char: str) -> str | None:
    read = _read(char)
    return read[0] if read else None


def _read(text: str) -> tuple[str, ...]:
    pinyin, style = _pypinyin()
    found = pinyin(text, style=style, neutral_tone_with_five=True, errors="ignore")
    return tuple(syllable[0] for syllable in found)


@cache
def _tone_converter():  # type: ignore[no-untyped-def]
    from pypinyin.contrib.tone_convert import to_tone3

    return to_tone3


@cache
def _tone_marker():  # type: ignore[no-untyped-def]
    from pypinyin.contrib.tone_convert import to_tone

    return to_tone


@cache
def _pypinyin():  # type: ignore[no-untyped-def]
    from pypinyin import Style, pinyin

    return pinyin, Style.TONE3
