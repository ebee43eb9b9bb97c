"""Deterministic rendering of matplotlib figures as SVG and PNG."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from practice.paths import cache_dir

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
