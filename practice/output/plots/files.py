"""Deterministic rendering of matplotlib figures as SVG and PNG, in fonts that have the text."""

from __future__ import annotations

import os
import unicodedata
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from practice.errors import ExportError
from practice.i18n import gettext as _
from practice.paths import cache_dir

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Fonts that systems ship with, sans serif before serif and simplified before others.
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
    """Return the font families for a text; for Han characters, first the one that has most.

    Raises:
        ExportError: The text has Han characters, and no installed font has any of them.
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
        # A rare character of a name may still be missing; that is better than no plot.
        return [best, "DejaVu Sans"]
    raise ExportError(
        _(
            "No font on this machine has the Chinese characters that the picture needs. Install "
            "one (on Debian: apt install fonts-noto-cjk) and try again."
        )
    )


def _candidates() -> Iterator[tuple[str, str]]:
    """Yield the installed families, each with a font file, the usual Chinese ones first."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.name: entry.fname for entry in reversed(manager.ttflist)}
    yield from ((family, known[family]) for family in _USUAL if family in known)
    yield from ((family, path) for family, path in known.items() if family not in _USUAL)
    # matplotlib's list is a cache: fonts may have been installed since it was written.
    seen = {entry.fname for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in seen:
            try:
                manager.addfont(path)
            except (OSError, RuntimeError):  # a damaged file or an unsupported format
                continue
            yield manager.ttflist[-1].name, path


def _covered(path: str, characters: set[str]) -> int:
    """Count the characters that a font has."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return 0
    return sum(font.get_char_index(ord(char)) != 0 for char in characters)


# Keep matplotlib's font cache in our own folder. The variable is read on import.
os.environ.setdefault("MPLCONFIGDIR", str(cache_dir() / "matplotlib"))

PNG_SCALE = 2
"""Pixels of a PNG per point: sharp enough for print."""


def as_svg(figure: Figure) -> bytes:
    """Render a figure as SVG. Text stays text, for the browser to render with its fonts."""
    import matplotlib as mpl

    # Set permanently: a temporary change would race with other threads that draw.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "practice"})
    _without_warnings()
    file = BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    return file.getvalue()


def as_png(figure: Figure) -> bytes:
    """Render a figure as PNG."""
    _without_warnings()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=72 * PNG_SCALE, metadata={"Software": None})
    return file.getvalue()


def _without_warnings() -> None:
    """Silence missing-glyph warnings: no layout uses text widths, and PNGs have their font."""
    warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
