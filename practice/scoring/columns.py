"""Script and transcript character by character: what stands over what, and when it was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from practice.records.score import Chunk, Op

LAST_S = 0.2
"""How long the last character is taken to be: a syllable of quick speech."""


@dataclass(frozen=True, slots=True)
class Column:
    """One place of the alignment: script's character, transcript's, and what happened."""

    reference: str
    hypothesis: str
    op: Op


def columns(chunks: Sequence[Chunk]) -> list[Column]:
    """Spread the alignment out, a column for each character."""
    out = []
    for chunk in chunks:
        length = max(len(chunk.reference), len(chunk.hypothesis))
        for i in range(length):
            out.append(Column(chunk.reference[i : i + 1], chunk.hypothesis[i : i + 1], chunk.op))
    return out


def places(chunks: Sequence[Chunk]) -> list[int | None]:
    """Where in the transcript each column's character stands; None where it has none."""
    origins = iter([place for chunk in chunks for place in chunk.origin])
    return [next(origins, None) if column.hypothesis else None for column in columns(chunks)]


def middles(times_s: Sequence[float]) -> list[float]:
    """The middle of each character's time, given where each begins."""
    following = [*times_s[1:], *(begin + LAST_S for begin in times_s[-1:])]
    return [(begin + end) / 2 for begin, end in zip(times_s, following, strict=True)]


def after_pauses(times_s: Sequence[float], pauses_s: Sequence[tuple[float, float]]) -> list[float]:
    """The times of characters, of which none lets a pause be a part of it.

    The recognizer's often do. As where pauses are placed in the script, a character comes
    after a pause if the middle of its time does. ``pauses_s`` are from when to when.
    """
    return [
        max([at_s, *(end for begin, end in pauses_s if middle_s >= (begin + end) / 2)])
        for at_s, middle_s in zip(times_s, middles(times_s), strict=True)
    ]


def moments(chunks: Sequence[Chunk], times_s: Sequence[float]) -> list[float | None]:
    """Where each column begins in the recording, by the times of the transcript's characters.

    For what was left out it is where that should have begun. None where the times are not
    known.
    """
    last = times_s[0] if times_s else None
    out = []
    for place in places(chunks):
        if place is not None and place < len(times_s):
            last = times_s[place]
        out.append(last)
    return out
