"""Normal form of a text: one spelling for equal sounds.

It unifies character width, script variants, numerals, 儿化 and punctuation. Every character
keeps its position in the source, so that findings can be shown in the original script and
transcript.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC
    from wetext import Normalizer

_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
# In a number said digit by digit, 一 is pronounced yāo, so that it is not confused with 七.
_DIGITS_YAO = str.maketrans("0123456789", "零幺二三四五六七八九")
# Digits with the separators between them; a run is read as one number.
_DIGIT_RUN = re.compile(r"[0-9]+(?:[,.:][0-9]+)*")
# Whisper writes these variants, and OpenCC's t2s does not convert them.
_VARIANTS = {"妳": "你", "祂": "他", "牠": "它", "著": "着"}
# 儿 only colors the syllable before it (一会儿), except in these words, where it is a syllable.
_ERHUA = re.compile(r"(?<=[\u4e00-\u9fff])(?<![女婴幼少孤健胎宠小大男])儿(?![子童女歌科孙媳])")


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text in normal form, with the positions of its characters in the source.

    Attributes:
        text: The normal form.
        written: The source with numerals spelled out and punctuation kept.
        at: Index in ``written`` of each character of ``text``.
        origin: Index in the source of each character of ``text``; all characters of a numeral
            have the index of its start.
        places: As ``origin``, but the characters of a numeral are spread over its length.
    """

    text: str
    written: str
    at: tuple[int, ...]
    origin: tuple[int, ...]
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map the span ``start:end`` of the source to a span of the normal form.

        Returns:
            Start and end in ``text``; equal if nothing of the span is left.
        """
        places = [i for i, source in enumerate(self.origin) if start <= source < end]
        if not places:
            after = sum(source < start for source in self.origin)
            return after, after
        return places[0], places[-1] + 1


@dataclass(frozen=True, slots=True)
class Numeral:
    """A run of digits at ``start:end`` of a text, with its possible readings.

    The span may include a sign or measure word (30%, 2位), which is then part of the
    readings. The first reading is the one that text normalization chooses in context.
    """

    start: int
    end: int
    readings: tuple[str, ...]


# To the recognizer the half-width forms are different signs. Neither form is spoken.
_KEPT_WIDE = frozenset("，！？；：（）～…")


def plain(text: str) -> str:
    """Convert characters to their usual width, and control characters and spaces to spaces.

    The result has one character for each of the source, so that indices are the same in both.
    """
    # The number grammar rejects control characters.
    return "".join(
        c if c in _KEPT_WIDE else " " if unicodedata.category(c)[0] in "CZ" else _usual(c)
        for c in text
    )


def _usual(char: str) -> str:
    usual = unicodedata.normalize("NFKC", char)
    return usual if len(usual) == 1 else char


@lru_cache(maxsize=1024)
def numerals(text: str) -> tuple[Numeral, ...]:
    """Find the numerals of a text, with their readings.

    A numeral is read in context (128元 → 一百二十八元), as one number, digit by digit with 一
    or 幺, and in the groups that commas form: 10086 → 幺零零八六, 一万零八十六, 一零零八六.

    Args:
        text: A result of ``plain``.
    """
    if not _DIGIT_RUN.search(text):
        return ()
    found = []
    after = 0
    for mapping in _wetext().normalize_with_mapping(text).mappings:
        start, end = mapping.input_start, mapping.input_end
        run = _DIGIT_RUN.search(text, start, end)
        if run is None or start < after:
            continue
        before, rest = text[start : run.start()], text[run.end() : end]
        # Text around the run that has no digit or sign is spoken as it is written.
        around = not re.search(r"[0-9%￥¥$℃+=/*<>~-]", before + rest)
        own = [f"{before}{said}{rest}" for said in _readings(run[0])] if around else []
        first = mapping.output_text.translate(_DIGITS)
        found.append(Numeral(start, end, tuple(dict.fromkeys([first, *own]))))
        after = end
    taken = [(n.start, n.end) for n in found]
    for run in _DIGIT_RUN.finditer(text):
        if not any(start <= run.start() < end for start, end in taken):
            found.append(Numeral(run.start(), run.end(), _readings(run[0])))
    return tuple(sorted(found, key=lambda n: n.start))


def normal_form(text: str, said: Mapping[int, str] | None = None) -> Normalized:
    """Return the normal form of a text, with positions.

    Args:
        text: The text as written.
        said: Reading of each numeral by the numeral's start; others get their first reading.
    """
    source = plain(text)
    written: list[str] = []
    origin: list[int] = []
    places: list[int] = []
    place = 0
    for numeral in numerals(source):
        written += text[place : numeral.start]
        origin += range(place, numeral.start)
        places += range(place, numeral.start)
        reading = (said or {}).get(numeral.start, numeral.readings[0])
        written += reading
        origin += [numeral.start] * len(reading)
        places += _spread(numeral, len(reading))
        place = numeral.end
    written += text[place:]
    origin += range(place, len(text))
    places += range(place, len(text))
    return _clean("".join(written), origin, places)


def _spread(numeral: Numeral, characters: int) -> Iterator[int]:
    """Spread the characters of a reading evenly over the numeral's positions in the source."""
    last = numeral.end - numeral.start - 1
    for i in range(characters):
        yield numeral.start + (round(i * last / (characters - 1)) if characters > 1 else 0)


@lru_cache(maxsize=4096)
def normalize(text: str) -> str:
    """Return the normal form of a text as a string."""
    return normal_form(text).text


def _clean(written: str, origin: list[int], places: list[int]) -> Normalized:
    simplified = _simplified(plain(written))
    coloured = {m.start() for m in _ERHUA.finditer(simplified)}
    at = tuple(
        i
        for i, char in enumerate(simplified)
        if unicodedata.category(char)[0] in "LN" and i not in coloured
    )
    # One character can have several in lower case (İ): the first one alone keeps the indices.
    text = "".join(_VARIANTS.get(simplified[i], simplified[i]).lower()[0] for i in at)
    return Normalized(text, written, at, tuple(origin[i] for i in at), tuple(places[i] for i in at))


@lru_cache(maxsize=1024)
def _simplified(text: str) -> str:
    whole: str = _opencc().convert(text)
    if len(whole) == len(text):
        return whole
    # A phrase rule changed the length: convert single characters to keep the indices.
    return "".join(_opencc().convert(c)[:1] or c for c in text)


def _readings(run: str) -> tuple[str, ...]:
    digits = re.sub("[,.:]", "", run)
    spelled = digits.translate(_DIGITS)
    found = [_as_number(run.replace(",", "")), spelled, digits.translate(_DIGITS_YAO)]
    groups = re.split("[,.:]", run)
    if len(groups) > 1:
        found.append("".join(map(_as_number, groups)))
        found.append("".join(g.translate(_DIGITS) for g in groups))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1024)
def _as_number(run: str) -> str:
    # With a measure word (元, removed again) the grammar reads the run as one number, never
    # digit by digit. It does not change very long runs.
    said: str = _wetext().normalize(f"{run.lstrip('0') or '0'}元")
    return said.removesuffix("元").translate(_DIGITS)


@cache
def _opencc() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _wetext() -> Normalizer:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")
