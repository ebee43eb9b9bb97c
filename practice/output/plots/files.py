"""Figures as files: the same figure gives the same bytes."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from practice.paths import cache_dir

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib's list of fonts goes to the program's own folder; read when it is imported.
os.environ.setdefault("MPLCONFIGDIR", str(cache_dir() / "matplotlib"))

PNG_SCALE = 2
"""Pixels of a PNG for each point, so that it is sharp on paper."""


def as_svg(figure: Figure) -> bytes:
    """A figure as SVG: its text stays text, for which the reader's browser has the font."""
    import matplotlib as mpl

    # Set for good, not for a while: other threads draw too.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "practice"})
    _without_warnings()
    file = BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    return file.getvalue()


def as_png(figure: Figure) -> bytes:
    """A figure as PNG."""
    _without_warnings()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=72 * PNG_SCALE, metadata={"Software": None})
    return file.getvalue()


def _without_warnings() -> None:
    """Nothing is placed by the width of a text, and who draws a PNG has looked for a font."""
    warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
