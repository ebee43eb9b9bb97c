"""Time series as a row of bars, one terminal cell each."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


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
    return "".join(BARS[_level(value, low, high)] for value in shown)


def _level(value: float, low: float, high: float) -> int:
    share = (value - low) / (high - low)
    return min(max(int(share * len(BARS)), 0), len(BARS) - 1)
