"""One spelling for what sounds the same: width, script variant, numerals, 儿化, punctuation.

Normal forms keep, for every character, the place in the source that it came from, so
that what is found in them can be shown in the words of script and transcript.
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

_DIGITS = "零一二三四五六七八九"
# 一 in a number that is spelled out is said yāo, so that it can't be taken for 七.
_DIGITS_YAO = "零幺二三四五六七八九"
# Digits with the marks that may stand between them; a run is read as a whole.
_DIGIT_RUN = re.compile(r"[0-9]+(?:[,.:][0-9]+)*")
# OpenCC's t2s leaves these, which Whisper writes, as they are.
_VARIANTS = {"妳": "你", "祂": "他", "牠": "它", "著": "着"}
# 儿 after another syllable only colors it (一会儿), but in these it is one.
_ERHUA = re.compile(r"(?<=[\u4e00-\u9fff])(?<![女婴幼少孤健胎宠小大男])儿(?![子童女歌科孙媳])")


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text in normal form, and where its characters came from.

    Character i is ``written[at[i]]``, and came from ``origin[i]`` of the source.
    ``written`` is the source with its numerals spelled out and its punctuation kept. All of a
    numeral came from where it starts; in ``places`` it is spread over the numeral.
    """

    text: str
    written: str
    at: tuple[int, ...]
    origin: tuple[int, ...]
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters that came from source ``start:end`` stand.

        An empty span (a, a) means that nothing was left of them.
        """
        places = [i for i, source in enumerate(self.origin) if start <= source < end]
        if not places:
            after = sum(source < start for source in self.origin)
            return after, after
        return places[0], places[-1] + 1


@dataclass(frozen=True, slots=True)
class Numeral:
    """A run of digits in a text, at ``start:end`` of it, and how it may have been said.

    The first reading is the one that text normalization gives in context. ``end`` may
    take a sign or measure word along (30%, 2位) that is part of the readings.
    """

    start: int
    end: int
    readings: tuple[str, ...]


# Their half-width forms are other signs to the recognizer, and sound the same: none.
_KEPT_WIDE = frozenset("，！？；：（）～…")


def plain(text: str) -> str:
    """Letters, digits and signs in their usual width, without control characters.

    One character for each of the source, so that places are the same in both.
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
    """Find the numerals of a ``plain`` text with their readings.

    In context (128元 → 一百二十八元), as one number, digit by digit with 一 or 幺, and
    in the groups that commas make: 10086 → 幺零零八六, 一万零八十六, 一零零八六.
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
        # Without digits of its own, what stands around the run is said as it is written.
        around = not re.search(r"[0-9%￥¥$℃+=/*<>~-]", before + rest)
        own = [f"{before}{said}{rest}" for said in _readings(run[0])] if around else []
        first = mapping.output_text.translate(_table(_DIGITS))
        found.append(Numeral(start, end, tuple(dict.fromkeys([first, *own]))))
        after = end
    taken = [(n.start, n.end) for n in found]
    for run in _DIGIT_RUN.finditer(text):
        if not any(start <= run.start() < end for start, end in taken):
            found.append(Numeral(run.start(), run.end(), _readings(run[0])))
    return tuple(sorted(found, key=lambda n: n.start))


def normal_form(text: str, said: Mapping[int, str] | None = None) -> Normalized:
    """Give the normal form of a text.

    ``said`` chooses the reading of a numeral by its start; the others get their first.
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
    """The places of a numeral that so many characters of a reading answer to, first to last."""
    last = numeral.end - numeral.start - 1
    for i in range(characters):
        yield numeral.start + (round(i * last / (characters - 1)) if characters > 1 else 0)


@lru_cache(maxsize=4096)
def normalize(text: str) -> str:
    """Give the normal form of a text as a string."""
    return normal_form(text).text


def _clean(written: str, origin: list[int], places: list[int]) -> Normalized:
    simplified = _simplified(plain(written))
    coloured = {m.start() for m in _ERHUA.finditer(simplified)}
    at = tuple(
        i
        for i, char in enumerate(simplified)
        if unicodedata.category(char)[0] in "LN" and i not in coloured
    )
    # Lower case of one character can be several (İ): keep the first, and the places.
    text = "".join(_VARIANTS.get(simplified[i], simplified[i]).lower()[0] for i in at)
    return Normalized(text, written, at, tuple(origin[i] for i in at), tuple(places[i] for i in at))


@lru_cache(maxsize=1024)
def _simplified(text: str) -> str:
    whole: str = _opencc().convert(text)
    if len(whole) == len(text):
        return whole
    # A phrase rule changed the length: go by single characters to keep the places.
    return "".join(_opencc().convert(c)[:1] or c for c in text)


def _readings(run: str) -> tuple[str, ...]:
    digits = re.sub("[,.:]", "", run)
    spelled = digits.translate(_table(_DIGITS))
    found = [_as_number(run.replace(",", "")), spelled, digits.translate(_table(_DIGITS_YAO))]
    groups = re.split("[,.:]", run)
    if len(groups) > 1:
        found.append("".join(map(_as_number, groups)))
        found.append("".join(g.translate(_table(_DIGITS)) for g in groups))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1024)
def _as_number(run: str) -> str:
    # With a measure word the grammar reads a number as a number, never as a string of
    # digits; 元 is taken off again. Very long runs it leaves alone.
    said: str = _wetext().normalize(f"{run.lstrip('0') or '0'}元")
    return said.removesuffix("元").translate(_table(_DIGITS))


@cache
def _table(digits: str) -> dict[int, str]:
    return {ord("0") + i: digit for i, digit in enumerate(digits)}


@cache
def _opencc() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _wetext() -> Normalizer:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")
