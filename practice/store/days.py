"""Days on this machine's clock, as the moments that records have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def beginning(day: date) -> str:
    """The moment at which a day begins here, ISO 8601 in UTC."""
    # Where clocks go forward at midnight there is none, and astimezone would be an hour off.
    midnight = datetime(day.year, day.month, day.day).timestamp()
    return datetime.fromtimestamp(midnight, UTC).isoformat(timespec="milliseconds")


def day_of(moment: str) -> date:
    """The day here on which a stored moment was."""
    return datetime.fromisoformat(moment).astimezone().date()


def end(day: date) -> str:
    """The moment at which a day is over here: the first of the next one."""
    return beginning(day + timedelta(days=1))
