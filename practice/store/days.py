"""Conversion between local calendar days and stored timestamps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def beginning(day: date) -> str:
    """Return the start of a local day, ISO 8601 in UTC."""
    # Midnight does not exist on days when clocks go forward at midnight; astimezone() would
    # be an hour off there.
    midnight = datetime(day.year, day.month, day.day).timestamp()
    return datetime.fromtimestamp(midnight, UTC).isoformat(timespec="milliseconds")


def day_of(moment: str) -> date:
    """Return the local day of a stored timestamp."""
    return datetime.fromisoformat(moment).astimezone().date()


def end(day: date) -> str:
    """Return the end of a local day, ISO 8601 in UTC: the start of the next day."""
    return beginning(day + timedelta(days=1))
