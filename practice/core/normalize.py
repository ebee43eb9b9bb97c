"""One spelling for what sounds the same: width, script variant, numerals, punctuation.

Normal forms keep, for every character, the place in the source that it came from, so
that what is found in them can be shown in the words of script and transcript.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencc import OpenCC
    from wetext import Normalizer

    _Reader = Callable[[str], str]

_DIGITS = "零一二三四五六七八九"
# 一 in a number that is spelled out is said yāo, so that it can't be taken for 七.
_DIGITS_YAO = "零幺二三四五六七八九"
_DIGIT_RUN = re.compile(r"[0-9]+")
# OpenCC's t2s leaves these, which Whisper writes, as they are.
_VARIANTS = {"妳": "你", "祂": "他", "牠": "它"}


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text in normal form; ``origin[i]`` is the source index of character i."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters that came from source ``start:end`` stand.

        An empty span (a, a) means that nothing was left of them.
        """
        places = [i for i, source in enumerate(self.origin) if start <= source < end]
        if not places:
            after = sum(source < start for source in self.origin)
            return after, after
        return places[0], places[-1] + 1


def readings(text: str) -> tuple[Normalized, ...]:
    """Give the normal forms of a text, one for each way of reading its numerals.

    Without digits there is one form. With digits there are up to four: as text
    normalisation reads them in context (128元 → 一百二十八元), as one number, and
    digit by digit with 一 or 幺 (10086 → 一零零八六, 幺零零八六).
    """
    # A compatibility character that stands for several is rare; indices then belong to
    # the widened text, which is near enough for showing a place.
    plain = _visible(unicodedata.normalize("NFKC", text))
    if not _DIGIT_RUN.search(plain):
        return (_clean(plain, range(len(plain))),)
    forms = {
        form.text: form
        for form in (
            _read_in_context(plain),
            _read_runs(plain, _as_number),
            _read_runs(plain, lambda run: run.translate(_table(_DIGITS))),
            _read_runs(plain, lambda run: run.translate(_table(_DIGITS_YAO))),
        )
    }
    return tuple(forms.values())


def normalize(text: str) -> str:
    """Give the first normal form of a text, as a string."""
    return readings(text)[0].text


def _visible(text: str) -> str:
    """Put a space for control characters and the like, which the number grammar rejects."""
    return "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)


def _clean(text: str, origin: range | list[int]) -> Normalized:
    simplified = _opencc().convert(text)
    if len(simplified) != len(text):
        # A phrase rule changed the length: go by single characters to keep the places.
        simplified = "".join(_opencc().convert(c)[:1] or c for c in text)
    kept = [
        (_VARIANTS.get(char, char).lower(), place)
        for char, place in zip(simplified, origin, strict=True)
        if unicodedata.category(char)[0] in "LN"
    ]
    return Normalized("".join(c for c, _ in kept), tuple(place for _, place in kept))


def _read_in_context(text: str) -> Normalized:
    result = _wetext().normalize_with_mapping(text)
    out: list[str] = []
    origin: list[int] = []
    source = 0
    for mapping in result.mappings:
        for i in range(source, mapping.input_start):
            out.append(text[i])
            origin.append(i)
        out += mapping.output_text
        origin += [mapping.input_start] * len(mapping.output_text)
        source = mapping.input_end
    for i in range(source, len(text)):
        out.append(text[i])
        origin.append(i)
    # What the grammar left (it reads part of 1.2.3) is read digit by digit.
    return _clean("".join(out).translate(_table(_DIGITS)), origin)


def _read_runs(text: str, read: _Reader) -> Normalized:
    out: list[str] = []
    origin: list[int] = []
    source = 0
    for match in _DIGIT_RUN.finditer(text):
        out += text[source : match.start()]
        origin += range(source, match.start())
        said = read(match[0])
        out += said
        origin += [match.start()] * len(said)
        source = match.end()
    out += text[source:]
    origin += range(source, len(text))
    return _clean("".join(out), origin)


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
