"""Trainee's report as a self-contained HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from practice.output.alignment import MARKS
from practice.output.export.entries import Entry, Summary, entry_of
from practice.output.export.page import write_page
from practice.output.export.sound import Sound, data_uri, embed
from practice.output.review import comment_text, decision_text, observation_text, postures
from practice.records.attempt import Attempt, Take, Trainee

_LONGEST_NAME = 24
"""Maximum characters of a name in a file name, which may have 255 bytes in total."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Head of a report, above the attempts.

    Attributes:
        trainee: Trainee with their group.
        made_at: Time of the report, in ISO 8601.
        kept: Number of the trainee's stored attempts; the report may show only the newest.
        summary: Summary of the attempts shown.
        trend: Plot of the scores, as SVG.
    """

    trainee: Trainee
    made_at: str
    kept: int
    summary: Summary
    trend: bytes | None = None


def write_report(
    cover: Cover,
    attempts: Iterable[Attempt],
    out: BinaryIO,
    sound: Callable[[Take], bytes | None] | None,
) -> None:
    """Write the report, one attempt at a time.

    Args:
        cover: Head of the report.
        attempts: Attempts, in the order to show them.
        out: File to write to.
        sound: Function that loads the recording of an attempt, or None if it has none.
            Without the function, the report contains no recordings.
    """
    write_page(
        "report.html",
        out,
        cover=cover,
        entries=_with_sound(attempts, sound),
        trend=data_uri("image/svg+xml", cover.trend) if cover.trend else None,
        marks=MARKS,
        comment_text=comment_text,
        decision_text=decision_text,
        observation_text=observation_text,
        postures=postures,
    )


def _with_sound(
    attempts: Iterable[Attempt], sound: Callable[[Take], bytes | None] | None
) -> Iterator[tuple[Entry, Sound | None]]:
    for attempt in attempts:
        yield entry_of(attempt), embed(sound(attempt.take)) if sound else None


def file_name(names: Iterable[str], day: date) -> str:
    """Return a file name for the report, made of names and a date, valid on every system.

    The date also keeps it from being a name that Windows reserves.
    """
    safe = [re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST_NAME] for name in names]
    return "-".join([*filter(None, safe), day.isoformat()]) + ".html"
