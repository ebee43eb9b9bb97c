"""Alignment of script and transcript in columns of one character, with times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from practice.records.score import Chunk, Op

LAST_S = 0.2
"""Assumed duration of the last character, in seconds: a syllable of quick speech."""


@dataclass(frozen=True, slots=True)
class Column:
    """One position of the alignment: characters of script and transcript, and the operation.

    A character is empty if that side has none.
    """

    reference: str
    hypothesis: str
    op: Op


def columns(chunks: Sequence[Chunk]) -> list[Column]:
    """Expand an alignment into one column for each character."""
    out = []
    for chunk in chunks:
        length = max(len(chunk.reference), len(chunk.hypothesis))
        for i in range(length):
            out.append(Column(chunk.reference[i : i + 1], chunk.hypothesis[i : i + 1], chunk.op))
    return out


def places(chunks: Sequence[Chunk]) -> list[int | None]:
    """Return the index in the transcript of each column's character; None if it has none."""
    origins = iter([place for chunk in chunks for place in chunk.origin])
    return [next(origins, None) if column.hypothesis else None for column in columns(chunks)]


def middles(times_s: Sequence[float]) -> list[float]:
    """Return the middle of each character's time, given their starts; all in seconds."""
    following = [*times_s[1:], *(begin + LAST_S for begin in times_s[-1:])]
    return [(begin + end) / 2 for begin, end in zip(times_s, following, strict=True)]


def after_pauses(times_s: Sequence[float], pauses_s: Sequence[tuple[float, float]]) -> list[float]:
    """Move the starts of characters out of pauses, which the recognizer often includes.

    A character comes after a pause if the middle of its time is not before the middle of the
    pause; pauses are located in the script by the same rule.

    Args:
        times_s: Start of each character, in seconds.
        pauses_s: Start and end of each pause, in seconds.
    """
    return [
        max([at_s, *(end for begin, end in pauses_s if middle_s >= (begin + end) / 2)])
        for at_s, middle_s in zip(times_s, middles(times_s), strict=True)
    ]


def moments(chunks: Sequence[Chunk], times_s: Sequence[float]) -> list[float | None]:
    """Return the start of each column in the recording, in seconds.

    Args:
        times_s: Start of each character of the transcript, in seconds; empty if unknown.

    Returns:
        For a column without a time of its own, such as a deletion, the start of the character
        before it, or of the first one. None if the times are unknown.
    """
    last = times_s[0] if times_s else None
    out = []
    for place in places(chunks):
        if place is not None and place < len(times_s):
            last = times_s[place]
        out.append(last)
    return out
