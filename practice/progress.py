"""A trainee's totals over time, drawn as SVG for pages and reports."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from practice.core.scoring import PASS_MARK
from practice.i18n import gettext as _
from practice.visible import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from practice.store.people import TrendPoint

# A pixel is three quarters of a point, so this comes out 720 pixels wide.
_WIDTH, _HEIGHT = 540, 270

# Marker, colour, and whether it is filled. The colours are those of Okabe and Ito, which
# people with colour-blindness tell apart; the shapes do it without any colour.
_MARKERS = {
    "passed": ("o", "#009E73", True),
    "failed": ("X", "#D55E00", True),
    "open": ("^", "#0072B2", False),
    "unscored": ("s", "#666666", False),
}

_DASHES = (0, (5, 3))

_BELOW = -6.0
"""Where attempts without a total stand: below the 0, for it is not what they got."""

_LEAST_MARGIN = timedelta(minutes=2)
"""Left and right of the points, however short the time between them."""

# Without the names of months, which would come in the language of the system.
_DATES = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
_AT_ZERO = ["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"]
_OFFSETS = ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]


def trend_svg(points: Sequence[TrendPoint], title: str) -> bytes:
    """Draw totals over time, with the pass mark, as an SVG 720 pixels wide.

    The same points give the same bytes. Tries at one line are joined; points of several
    lines are not, since they are no course of one thing.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The reader's browser has a font for Chinese; ours need not, as nothing is placed by
    # the width of a text. Set for good, not for a while: other threads draw too.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "practice"})
    warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
    figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72), dpi=72)
    axes = figure.add_axes((0.085, 0.25, 0.895, 0.64))
    axes.set_title(one_line(title), parse_math=False)
    _draw_frame(axes)
    _draw_points(axes, points)
    _draw_legend(axes, [r for r in _MARKERS if any(p.result == r for p in points)])
    file = BytesIO()
    figure.savefig(
        file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    return file.getvalue()


def _draw_frame(axes: Axes) -> None:
    axes.set_ylabel(_("total of 100"))
    axes.set_ylim(-11, 106)
    axes.set_yticks(range(0, 101, 20))
    axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(PASS_MARK, color="#000000", linewidth=0.9, linestyle=_DASHES)


def _draw_points(axes: Axes, points: Sequence[TrendPoint]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    if not points:
        axes.set_xticks([])
        axes.text(0.5, 0.4, _("No takes yet."), transform=axes.transAxes, ha="center")
        return
    # The clock of this machine, as everywhere else; without its zone, which dates would undo.
    times = [datetime.fromisoformat(p.created_at).astimezone().replace(tzinfo=None) for p in points]
    first, last = min(times), max(times)
    margin = max(_LEAST_MARGIN, (last - first) / 40)
    axes.set_xlim(date2num(first - margin), date2num(last + margin))
    locator = AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(
            locator, formats=_DATES, zero_formats=_AT_ZERO, offset_formats=_OFFSETS
        )
    )
    xs = [float(date2num(time)) for time in times]
    if len({(p.scenario, p.line) for p in points}) == 1:
        scored = [(x, p.total) for x, p in zip(xs, points, strict=True) if p.total is not None]
        axes.plot([x for x, _y in scored], [y for _x, y in scored], color="#999999", linewidth=0.8)
    for result in _MARKERS:
        of_result = [(x, p) for x, p in zip(xs, points, strict=True) if p.result == result]
        axes.plot(
            [x for x, _p in of_result],
            [_BELOW if p.total is None else p.total for _x, p in of_result],
            **_style(result),
        )


def _draw_legend(axes: Axes, results: Sequence[str]) -> None:
    """Name what is shown, in columns of their own: no text's width is known here."""
    names = {
        "passed": _("passed"),
        "failed": _("not passed"),
        "open": _("for the trainer"),
        "unscored": _("not scored"),
    }
    within, y, column = axes.transAxes, -0.3, 0.2
    mark = _("pass mark {mark:.0f}").format(mark=PASS_MARK)
    axes.plot([0, 0.03], [y, y], "#000000", lw=0.9, ls=_DASHES, transform=within, clip_on=False)
    axes.text(0.04, y, mark, transform=within, va="center_baseline")
    for place, result in enumerate(results, 1):
        axes.plot([column * place + 0.02], [y], transform=within, **_style(result))
        axes.text(column * place + 0.04, y, names[result], transform=within, va="center_baseline")


def _style(result: str) -> dict[str, Any]:
    marker, colour, is_filled = _MARKERS[result]
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": 6,
        "markeredgecolor": colour,
        "markerfacecolor": colour if is_filled else "white",
        "clip_on": False,
    }
