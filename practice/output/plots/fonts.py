"""Fonts for pictures: Chinese comes out as empty boxes with a font that has none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from practice.errors import ExportError
from practice.i18n import gettext as _

# What systems bring along, sans serif before serif and simplified before others.
_USUAL = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Noto Sans CJK JP",
    "DengXian",
    "SimSun",
)


def families(text: str) -> list[str]:
    """The font families for a text: one that has its Han characters first, where it has any.

    Raises ExportError where this machine has no font with Han characters.
    """
    han = {char for char in text if "CJK UNIFIED" in unicodedata.name(char, "")}
    if not han:
        return ["DejaVu Sans"]
    best, most = "", 0
    for family, path in _candidates():
        covered = _covered(path, han)
        if covered > most:
            best, most = family, covered
        if covered == len(han):
            break
    if best:
        # A rare character of a name may be missing still, which says more than no picture.
        return [best, "DejaVu Sans"]
    raise ExportError(
        _(
            "No font on this machine has the Chinese characters that the picture needs. Install "
            "one (on Debian: apt install fonts-noto-cjk) and try again."
        )
    )


def _candidates() -> Iterator[tuple[str, str]]:
    """Families of this machine with a file each, the usual Chinese ones first."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.name: entry.fname for entry in reversed(manager.ttflist)}
    yield from ((family, known[family]) for family in _USUAL if family in known)
    yield from ((family, path) for family, path in known.items() if family not in _USUAL)
    # The list is matplotlib's memory of an earlier day: a font may have been installed since.
    seen = {entry.fname for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in seen:
            try:
                manager.addfont(path)
            except (OSError, RuntimeError):  # a damaged file, or a kind that it cannot read
                continue
            yield manager.ttflist[-1].name, path


def _covered(path: str, characters: set[str]) -> int:
    """How many of the characters a font has."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return 0
    return sum(font.get_char_index(ord(char)) != 0 for char in characters)
