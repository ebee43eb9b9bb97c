"""Trainee's progress, in the terminal and as JSON data, with a row of bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.output.layout import say, width_of
from practice.output.wording import element_name, labelled, times_text
from practice.records.attempt import DEFAULT_GROUP, Trainee
from practice.scoring.trend import Change, PaceTrend, Progress, ScenarioTrend, Streak
from practice.text import visible

MOST_SCENARIOS = 10
MOST_MISSED = 3
"""Maximum numbers shown in the terminal, to be readable at a glance; JSON and pages have more."""

BARS = 16
_TITLE_CELLS = 24

_STYLES = {Change.BETTER: "green", Change.SAME: "", Change.WORSE: "red"}


def print_progress(console: Console, progress: Progress) -> None:
    """Print a trainee's progress on one screen."""
    say(console, heading(progress), "bold")
    say(console, streak_text(progress.streak))
    console.print()
    table = Table(box=None, pad_edge=False)
    table.add_column(_("scenario"), max_width=_TITLE_CELLS, no_wrap=True, overflow="ellipsis")
    for name in (_("attempts"), _("first"), _("now")):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    # Last, because some terminals give these bars two cells each.
    table.add_column(_("trend"), no_wrap=True, overflow="crop")
    for trend in progress.scenarios[:MOST_SCENARIOS]:
        table.add_row(
            Text(visible(trend.title or trend.id)),
            str(trend.takes),
            "" if trend.first is None else f"{trend.first:.0f}",
            f"{trend.now:.0f}",
            Text(change_text(trend), style=_STYLES[trend.change] if trend.change else ""),
            sparkline(trend.standings, 0, 100, BARS),
        )
    console.print(table, width=width_of(console))
    more = len(progress.scenarios) - MOST_SCENARIOS
    if more > 0:
        text = ngettext("and {n} more scenario", "and {n} more scenarios", more)
        say(console, text.format(n=more), "dim")
    console.print()
    say(console, missed_text(progress), indent=2)
    if progress.pace is not None:
        bars = sparkline(progress.pace.rates, *pace_range(progress.pace), BARS)
        say(console, f"{pace_text(progress.pace)}  {bars}", indent=2)


def heading(progress: Progress) -> str:
    """Return the heading: the trainee and the number of attempts."""
    takes = ngettext("{n} attempt", "{n} attempts", len(progress.points))
    return labelled(who(progress.trainee), takes.format(n=len(progress.points)))


def who(trainee: Trainee) -> str:
    """Name a trainee, with the group unless it is the default."""
    if trainee.group == DEFAULT_GROUP:
        return trainee.name
    return _("{name} ({group})").format(name=trainee.name, group=trainee.group)


def streak_text(streak: Streak) -> str:
    """Describe the number of practice days and the current and longest streak."""
    days = ngettext("practiced on {n} day", "practiced on {n} days", streak.days)
    now = ngettext("current streak: {n} day", "current streak: {n} days", streak.now)
    longest = ngettext("longest streak: {n} day", "longest streak: {n} days", streak.longest)
    parts = [days.format(n=streak.days)]
    if streak.now:
        parts.append(now.format(n=streak.now))
    if streak.longest > streak.now:
        parts.append(longest.format(n=streak.longest))
    return " · ".join(parts)


def change_text(trend: ScenarioTrend) -> str:
    """Describe the change of a scenario's score since the first attempts.

    Empty if no line was repeated.
    """
    if trend.first is None or trend.change is None:
        return ""
    if trend.change is Change.SAME:
        return _("about the same")
    return f"{trend.now - trend.first:+.0f}"


def standing_text(trend: ScenarioTrend) -> str:
    """Describe a scenario's first and current score, and the change."""
    if trend.first is None:
        return f"{trend.now:.0f}"
    return f"{trend.first:.0f} → {trend.now:.0f}  {change_text(trend)}"


def missed_text(progress: Progress) -> str:
    """List the elements missed most."""
    if not progress.missed:
        return _("No courtesy was missed.")
    most = [(element_name(e), e.missed) for e in progress.missed[:MOST_MISSED]]
    return _("Missed most: {elements}").format(elements=times_text(most))


def pace_text(pace: PaceTrend) -> str:
    """Describe the current pace, and the pace of the first attempts if it is known."""
    if pace.first is None:
        return _("Pace: {now:.1f} characters a second").format(now=pace.now)
    text = _("Pace: {now:.1f} characters a second, {first:.1f} at first")
    return text.format(now=pace.now, first=pace.first)


def pace_range(pace: PaceTrend) -> tuple[float, float]:
    """Return the lower and upper end of the scale for pace, in characters a second.

    The range is at least 2.0; otherwise a steady pace would look erratic.
    """
    low, high = min(pace.rates), max(pace.rates)
    spare = max(0.0, 2.0 - (high - low)) / 2
    return low - spare, high + spare


def progress_to_dict(progress: Progress) -> dict[str, Any]:
    """Convert a trainee's progress to JSON data; docs/json.md documents the keys."""
    return {
        "trainee": progress.trainee.name,
        "group": progress.trainee.group,
        "takes": len(progress.points),
        "streak": asdict(progress.streak),
        "scenarios": [
            {**asdict(t), "takes": t.takes, "now": t.now, "change": t.change}
            for t in progress.scenarios
        ],
        "missed": [asdict(e) for e in progress.missed],
        "pace": asdict(progress.pace) if progress.pace else None,
        "points": [
            {
                "attempt": p.attempt_id,
                "created_at": p.created_at,
                "scenario": p.scenario,
                "line": p.line,
                "result": p.result,
                "score": p.total,
                "pace": progress.paces.get(p.attempt_id),
            }
            for p in progress.points
        ],
    }


LEVELS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], low: float, high: float, width: int) -> str:
    """Draw a series of values as bars.

    If there are more values than bars, each bar shows the last value of its share, so that
    the last bar is the newest value.

    Args:
        values: Values, the oldest first.
        low: Value at the bottom of the scale.
        high: Value at the top of the scale.
        width: Maximum number of bars.
    """
    n = min(len(values), width)
    shown = (values[(i + 1) * len(values) // n - 1] for i in range(n))
    return "".join(LEVELS[_level(value, low, high)] for value in shown)


def _level(value: float, low: float, high: float) -> int:
    share = (value - low) / (high - low)
    return min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)
