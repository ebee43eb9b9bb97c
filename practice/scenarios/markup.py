"""Markup of politeness elements and slots in a script, such as ``【请|敬语】慢走``.

- ``【text|kind】`` marks an element. ``【您好/早上好|问候】`` gives alternatives, the
  standard's first. ``【text|kind|可选】`` (``optional``) is not required. Missing a
  ``【text|kind|关键】`` (``critical``) fails the attempt by itself.
- ``【身份证/证件|内容】`` (``content``) marks what a line of free wording must convey. Its
  alternatives are no wordings of their own.
- ``{slot}`` is replaced by each of the slot's values. The first is the one shown.

Each combination of alternatives and slot values is a wording of its own, so that scoring
compares with concrete text only.
"""

import re
from dataclasses import dataclass
from itertools import product
from math import prod

from practice.records.kinds import Kind, parse_kind
from practice.records.scenario import Element, Wording

MAX_WORDINGS = 200
"""Maximum number of wordings of a script. More are a mistake, not an intention."""

_PIECE = re.compile(r"【(?P<element>[^【】]*)】|\{(?P<slot>[^{}]*)\}|(?P<text>[^【】{}]+|[【】{}])")
_BESIDE = 5
_OPTIONAL = {"可选", "optional"}
_CRITICAL = {"关键", "critical"}


class MarkupError(ValueError):
    """A script's markup is wrong. ``code`` is the kind of error, ``detail`` quotes the place."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a script, with its alternative texts."""

    choices: tuple[str, ...]
    kind: Kind | None = None
    required: bool = True
    critical: bool = False
    also: tuple[str, ...] = ()


def parse_script(script: str, slots: dict[str, tuple[str, ...]]) -> tuple[Wording, ...]:
    """Expand a script with markup into its wordings, the standard one first.

    Args:
        script: Script with markup.
        slots: Values of each slot, by its name.

    Raises:
        MarkupError: With code ``bracket``, ``other-bracket``, ``slot-inside``, ``empty``,
            ``no-kind``, ``unknown-kind``, ``flag``, ``both-flags``, ``unknown-slot`` or
            ``too-many``.
    """
    pieces = [_parse_piece(match, slots) for match in _PIECE.finditer(script.replace("｜", "|"))]
    total = prod(len(piece.choices) for piece in pieces)
    if total > MAX_WORDINGS:
        raise MarkupError("too-many", str(total))
    return tuple(_join(pieces, texts) for texts in product(*(p.choices for p in pieces)))


def _parse_piece(match: re.Match[str], slots: dict[str, tuple[str, ...]]) -> _Piece:
    if (text := match["text"]) is not None:
        if text in "【】{}":
            # Quote neighboring text, too, because the sign may also occur correctly closed.
            before = 0 if text in "【{" else _BESIDE
            after = _BESIDE if text in "【{" else 0
            begin = max(0, match.start() - before)
            raise MarkupError("bracket", match.string[begin : match.end() + after])
        if wrong := re.search(r"[\[\]［］｛｝〖〗|]", text):
            raise MarkupError("other-bracket", wrong[0])
        return _Piece((text,))
    if (slot := match["slot"]) is not None:
        if slot not in slots:
            raise MarkupError("unknown-slot", slot)
        return _Piece(slots[slot])
    return _parse_element(match["element"])


def _parse_element(body: str) -> _Piece:
    texts, *marks = (part.strip() for part in body.split("|"))
    choices = tuple(choice.strip() for choice in re.split("[/／]", texts))
    if not all(choices):
        raise MarkupError("empty", body)
    if re.search(r"[{}｛｝]", texts):
        raise MarkupError("slot-inside", body)
    if not marks or not marks[0]:
        raise MarkupError("no-kind", body)
    kind = parse_kind(marks[0])
    if kind is None:
        raise MarkupError("unknown-kind", marks[0])
    flags = {flag.lower() for flag in marks[1:]}
    if unknown := sorted(flags - _OPTIONAL - _CRITICAL):
        raise MarkupError("flag", unknown[0])
    if flags & _OPTIONAL and flags & _CRITICAL:
        raise MarkupError("both-flags", body)
    required, critical = not flags & _OPTIONAL, bool(flags & _CRITICAL)
    if kind is Kind.CONTENT:  # its alternatives only count where they are heard
        return _Piece(choices[:1], kind, required, critical, choices[1:])
    return _Piece(choices, kind, required, critical)


def _join(pieces: list[_Piece], texts: tuple[str, ...]) -> Wording:
    script = ""
    elements = []
    for piece, text in zip(pieces, texts, strict=True):
        start = len(script)
        script += text
        if piece.kind is not None:
            flags = piece.required, piece.critical, piece.also
            elements.append(Element(text, piece.kind, start, len(script), piece.choices[0], *flags))
    return Wording(script, tuple(elements))
