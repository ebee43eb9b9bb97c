"""Figures over time as a row of bars, a terminal cell each."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], low: float, high: float, width: int) -> str:
    """Draw values between ``low`` and ``high`` in at most ``width`` bars.

    Of more values than bars each bar shows the last one of its share, so that the last bar
    is the newest value.
    """
    n = min(len(values), width)
    shown = (values[(i + 1) * len(values) // n - 1] for i in range(n))
    return "".join(BARS[_level(value, low, high)] for value in shown)


def _level(value: float, low: float, high: float) -> int:
    share = (value - low) / (high - low)
    return min(max(int(share * len(BARS)), 0), len(BARS) - 1)
