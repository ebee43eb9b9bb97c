"""Clarity of each character of a script.

The source is the probability of the characters that the recognizer wrote. It depends on the
sound, the spelling and how expected the word is, all at once. So a character with a high
probability is clear; one with a low probability may be a rare word that was said well. A
homophone is clear in any case: the recognizer's doubt is about the spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from practice.mandarin.alignment import RIVALS, Column, columns, places
from practice.records.attempt import Assessment
from practice.records.score import Op
from practice.scoring.score import loops

CLEAR_FROM = -1.3
"""Log-probability of a character, in nats, from which it counts as clear.

99 % of the characters that were said well and written correctly reach it, in the part of the
labeled clips on which it was chosen (`python benchmarks/clarity.py`; docs/clarity.md)."""


class Clarity(StrEnum):
    """Clarity of a character of the script."""

    CLEAR = "clear"  # it was written with a high probability, or a homophone of it
    LESS = "less-clear"  # it was written with a low probability, or a similar one was
    NOT_HEARD = "not-heard"  # no character was written that sounds like it


def clarity(assessment: Assessment) -> list[Clarity | None]:
    """Return the clarity of each column of an attempt's alignment.

    Returns:
        None for a column without a character of the script. The list is empty if clarity is
        unavailable: the attempt was not scored or is off the script, its transcript repeats
        itself, or its assessment is from before clarity was measured.
    """
    if not _is_known(assessment):
        return []
    assert assessment.transcript is not None
    chunks, logprobs = assessment.score.chunks, assessment.transcript.logprobs
    return [
        _level(column, float("-inf") if place is None else logprobs[place])
        for column, place in zip(columns(chunks), places(chunks), strict=True)
    ]


def _level(column: Column, logprob: float) -> Clarity | None:
    match column.op:
        case Op.INSERT:
            return None
        case Op.DELETE:
            return Clarity.NOT_HEARD
        case Op.HOMOPHONE:
            return Clarity.CLEAR
        case Op.SUBSTITUTE:
            # The ear cannot tell 您 from 你; the verdict on that is based on more evidence.
            is_rival = {column.reference, column.hypothesis} == RIVALS
            return Clarity.LESS if is_rival else Clarity.NOT_HEARD
        case Op.NEAR:
            return Clarity.LESS
        case Op.EQUAL:
            return Clarity.CLEAR if logprob >= CLEAR_FROM else Clarity.LESS


def unclear(levels: Sequence[Clarity | None]) -> set[int]:
    """Return the columns that are less than clear and next to another such column.

    Columns without a character of the script do not count as neighbors. Of the characters that
    were said well, one in eleven is not clear; a single one says nothing.
    """
    known = [i for i, level in enumerate(levels) if level is not None]
    return {
        i
        for pair in pairwise(known)
        if all(levels[j] is not Clarity.CLEAR for j in pair)
        for i in pair
    }


def _is_known(assessment: Assessment) -> bool:
    score, transcript = assessment.score, assessment.transcript
    return (
        transcript is not None
        and score.reason is None
        and not score.off_script
        and bool(transcript.logprobs)
        and len(transcript.logprobs) == len(transcript.text)
        and not loops(transcript, assessment.check.speech_s)
    )
