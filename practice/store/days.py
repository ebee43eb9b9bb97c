"""Days on this machine's clock, as the moments that records have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def beginning(day: date) -> str:
    """The moment at which a day begins here, ISO 8601 in UTC."""
    midnight = datetime(day.year, day.month, day.day).astimezone(UTC)
    return midnight.isoformat(timespec="milliseconds")


def day_of(moment: str) -> date:
    """The day here on which a stored moment was."""
    return datetime.fromisoformat(moment).astimezone().date()


def end(day: date) -> str:
    """The moment at which a day is over here: the first of the next one."""
    return beginning(day + timedelta(days=1))
