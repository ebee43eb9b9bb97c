"""Plots of a trainee's progress, for web pages, reports, and as a picture of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from practice.i18n import gettext as _
from practice.output.layout import shortened
from practice.output.plots.files import as_png, as_svg, families
from practice.output.progress import (
    heading,
    missed_text,
    pace_range,
    pace_text,
    standing_text,
    streak_text,
)
from practice.output.wording import result_names
from practice.records.score import Result
from practice.scoring.score import PASS_MARK
from practice.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from practice.scoring.trend import PaceTrend, Progress, ScenarioTrend, TrendPoint

# In points: a pixel is three quarters of a point, so the plot is 720 pixels wide.
_WIDTH, _HEIGHT = 540, 270

_HEADER, _STRIP, _PACE_HEIGHT = 74, 26, 130
_TITLE_CELLS = 24
_MOST_SCENARIOS = 20

# Marker, color, is filled. Okabe and Ito's colors are distinguishable with color blindness;
# the shapes are distinguishable without color.
_MARKERS = {
    Result.PASSED: ("o", "#009E73", True),
    Result.FAILED: ("X", "#D55E00", True),
    Result.NEEDS_REVIEW: ("^", "#0072B2", False),
    Result.UNSCORED: ("s", "#666666", False),
}

# Small and pale, so that accuracy is not mistaken for the score.
_ACCURACY: dict[str, Any] = {
    "linestyle": "none",
    "marker": "_",
    "markersize": 9,
    "markeredgecolor": "#777777",
    "markeredgewidth": 1.6,
    "clip_on": False,
}

_DASHES = (0, (5, 3))

_BELOW = -6.0
"""Vertical position of attempts without a score: below 0, because they did not score 0."""

_LEAST_MARGIN = timedelta(minutes=2)
"""Least margin left and right of the points, however close in time they are."""

# Without month names, which would appear in the system's language.
_DATES = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
_AT_ZERO = ["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"]
_OFFSETS = ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]


def trend_svg(points: Sequence[TrendPoint], title: str) -> bytes:
    """Draw scores and accuracy over time, with the pass mark, as an SVG 720 pixels wide.

    The output is deterministic. Attempts at a single line are connected; attempts at
    several lines are not, because they do not form one series.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72), dpi=72)
    axes = figure.add_axes((0.085, 0.25, 0.895, 0.64))
    axes.set_title(one_line(title), parse_math=False)
    _draw_trend(axes, points)
    return as_svg(figure)


def progress_svg(progress: Progress) -> bytes:
    """Draw a trainee's progress as an SVG 720 pixels wide: scenarios, attempts, and pace.

    The output is deterministic.
    """
    return as_svg(_figure(progress))


def progress_png(progress: Progress) -> bytes:
    """Draw a trainee's progress as PNG.

    Raises:
        ExportError: No installed font has the characters.
    """
    import matplotlib as mpl

    titles = "".join(trend.title for trend in progress.scenarios)
    said = (heading(progress), streak_text(progress.streak), missed_text(progress), _("passed"))
    with mpl.rc_context({"font.family": families("".join((titles, *said)))}):
        return as_png(_figure(progress))


def _figure(progress: Progress) -> Figure:
    from matplotlib.figure import Figure

    shown = progress.scenarios[:_MOST_SCENARIOS]
    pace_height = _PACE_HEIGHT if progress.pace else 0
    height = _HEADER + len(shown) * _STRIP + _HEIGHT + pace_height
    figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=72)

    def place(top: float, tall: float, left: float = 0.085, wide: float = 0.895) -> Axes:
        axes: Axes = figure.add_axes((left, 1 - (top + tall) / height, wide, tall / height))
        return axes

    def write(top: float, text: str, **style: Any) -> None:
        figure.text(0.02, 1 - top / height, one_line(text), parse_math=False, **style)

    write(24, heading(progress), fontsize=14, weight="bold")
    write(42, streak_text(progress.streak), fontsize=10)
    write(58, missed_text(progress), fontsize=10)
    for nth, trend in enumerate(shown):
        top = _HEADER + nth * _STRIP
        write(top + 17, shortened(trend.title or trend.id, _TITLE_CELLS), fontsize=10)
        _draw_strip(place(top + 3, _STRIP - 8, 0.34, 0.38), trend)
        figure.text(0.735, 1 - (top + 17) / height, standing_text(trend), fontsize=10)
    top = _HEADER + len(shown) * _STRIP
    _draw_trend(place(top + 0.11 * _HEIGHT, 0.64 * _HEIGHT), progress.points)
    if progress.pace is not None:
        _draw_pace(place(top + _HEIGHT + 24, _PACE_HEIGHT - 44), progress.pace)
    return figure


def _draw_strip(axes: Axes, trend: ScenarioTrend) -> None:
    """Draw the mean score of a scenario after each attempt, with the pass mark."""
    axes.set_xlim(-0.5, max(len(trend.standings) - 0.5, 7.5))
    axes.set_ylim(-6, 106)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.axhspan(0, 100, color="#f3f5f6")
    axes.axhline(PASS_MARK, color="#000000", linewidth=0.7, linestyle=_DASHES)
    marker = "." if len(trend.standings) <= 40 else ""
    axes.plot(trend.standings, color="#0072B2", linewidth=1.2, marker=marker, clip_on=False)


def _draw_pace(axes: Axes, pace: PaceTrend) -> None:
    axes.set_title(pace_text(pace), fontsize=10, loc="left", parse_math=False)
    axes.set_xlim(-0.5, max(len(pace.rates) - 0.5, 7.5))
    axes.set_ylim(*pace_range(pace))
    axes.set_xticks([])
    axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot(pace.rates, color="#0072B2", linewidth=1, marker=".")


def _draw_trend(axes: Axes, points: Sequence[TrendPoint]) -> None:
    _draw_frame(axes)
    _draw_points(axes, points)
    _draw_legend(axes, [r for r in _MARKERS if any(p.result == r for p in points)])


def _draw_frame(axes: Axes) -> None:
    axes.set_ylabel(_("score (of 100)"))
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
        axes.text(0.5, 0.4, _("No attempts yet."), transform=axes.transAxes, ha="center")
        return
    # Local time, as everywhere else; without the time zone, or matplotlib would convert to UTC.
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
    accuracy = [(x, p.accuracy) for x, p in zip(xs, points, strict=True) if p.accuracy is not None]
    axes.plot([x for x, _a in accuracy], [100 * a for _x, a in accuracy], **_ACCURACY)
    for result in _MARKERS:
        of_result = [(x, p) for x, p in zip(xs, points, strict=True) if p.result == result]
        axes.plot(
            [x for x, _p in of_result],
            [_BELOW if p.total is None else p.total for _x, p in of_result],
            **_style(result),
        )


def _draw_legend(axes: Axes, results: Sequence[Result]) -> None:
    """Explain the markers, in columns of fixed width because text widths are unknown here."""
    names = result_names()
    within, y, column = axes.transAxes, -0.3, 0.165
    mark = _("pass mark {mark:.0f}").format(mark=PASS_MARK)
    axes.plot([0, 0.03], [y, y], "#000000", lw=0.9, ls=_DASHES, transform=within, clip_on=False)
    axes.text(0.04, y, mark, transform=within, va="center_baseline")
    shown = [(names[result], _style(result)) for result in results]
    for place, (name, style) in enumerate([(_("accuracy"), _ACCURACY), *shown], 1):
        x = column * place + 0.04
        axes.plot([x + 0.02], [y], transform=within, **style)
        axes.text(x + 0.04, y, name, transform=within, va="center_baseline")


def _style(result: Result) -> dict[str, Any]:
    marker, colour, is_filled = _MARKERS[result]
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": 6,
        "markeredgecolor": colour,
        "markerfacecolor": colour if is_filled else "white",
        "clip_on": False,
    }
