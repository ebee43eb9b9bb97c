"""A trainee's takes as one HTML file that needs neither the tool nor a network."""

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
"""Characters of a name in a file's name, which may have 255 bytes for all of it."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands before the takes.

    ``kept`` is how many takes of the trainee there are, of which the report may show the
    newest alone. ``trend`` is a plot of the scores, as SVG.
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
    """Write the report, take by take, in the order given; without ``sound`` it is mute."""
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
    """A name for the report's file: whom it is of, as far as every system allows it, and the day.

    With a day behind it no name is one that Windows keeps for itself.
    """
    safe = [re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST_NAME] for name in names]
    return "-".join([*filter(None, safe), day.isoformat()]) + ".html"
