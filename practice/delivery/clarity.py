"""Clarity of each character of a script, and syllables that were recognized with another tone.

The source is the probability of the characters that the recognizer wrote. It depends on the
sound, the spelling and how expected the word is, all at once. So a character with a high
probability is clear; one with a low probability may be a rare word that was said well. A
homophone is clear in any case: the recognizer's doubt is about the spelling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from practice.mandarin.alignment import RIVALS, Readings, columns, places
from practice.mandarin.pinyin import parse_sound, syllables, syllables_of_script
from practice.records.attempt import Assessment
from practice.records.score import Op
from practice.scoring.score import loops

CLEAR_FROM = -1.3
"""Log-probability of a character, in nats, from which it counts as clear.

99 % of the characters that were said well and written correctly reach it, in the part of the
labeled clips on which it was chosen (`python benchmarks/clarity.py`; docs/clarity.md)."""

TONE_FROM = -0.3
"""Log-probability of a character of another tone, in nats, from which it is reported."""

_CHANGING = frozenset("一不")
"""Characters whose tone depends on that of the next syllable."""


class Clarity(StrEnum):
    """Clarity of a character of the script."""

    CLEAR = "clear"  # it was written with a high probability, or a homophone of it
    LESS = "less-clear"  # it was written with a low probability, or a similar one was
    NOT_HEARD = "not-heard"  # no character was written that sounds like it


@dataclass(frozen=True, slots=True)
class OtherTone:
    """A syllable of the script that was written with another tone: ``man4`` as ``man3``."""

    character: str
    syllable: str
    written: str
    written_syllable: str


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
    found: list[Clarity | None] = []
    for column, place in zip(columns(chunks), places(chunks), strict=True):
        if column.op is Op.INSERT:
            found.append(None)
        elif column.op is Op.DELETE:
            found.append(Clarity.NOT_HEARD)
        elif column.op is Op.HOMOPHONE:
            found.append(Clarity.CLEAR)
        elif column.op is Op.SUBSTITUTE:
            # The ear cannot tell 您 from 你; the verdict on that is based on more evidence.
            is_rival = {column.reference, column.hypothesis} == RIVALS
            found.append(Clarity.LESS if is_rival else Clarity.NOT_HEARD)
        else:
            sure = _logprob(logprobs, place) >= CLEAR_FROM
            found.append(Clarity.CLEAR if sure and column.op is not Op.NEAR else Clarity.LESS)
    return found


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


def other_tones(assessment: Assessment, readings: Readings) -> list[OtherTone]:
    """Return the syllables of the script that the recognizer confidently wrote with another tone.

    The neighboring characters must be correct, so that another word is not taken for another
    tone. Neutral tones, 一 and 不, and a third tone before another third tone are left out.
    """
    if not _is_known(assessment):
        return []
    assert assessment.transcript is not None
    return list(_other_tones(assessment, assessment.transcript.logprobs, readings))


def _other_tones(
    assessment: Assessment, logprobs: Sequence[float], readings: Readings
) -> Iterator[OtherTone]:
    chunks = assessment.score.chunks
    asked = iter(syllables_of_script("".join(c.reference for c in chunks), readings))
    heard = iter(syllables("".join(c.hypothesis for c in chunks)))
    shown = columns(chunks)
    pairs = [
        (next(asked) if c.reference else (), next(heard) if c.hypothesis else ()) for c in shown
    ]
    matched = [c.op is Op.EQUAL for c in shown]
    for i, (column, place) in enumerate(zip(shown, places(chunks), strict=True)):
        beside = matched[max(0, i - 1) : i] + matched[i + 1 : i + 2]
        if (
            column.op is not Op.NEAR
            or not all(beside)
            or _logprob(logprobs, place) < TONE_FROM
            or column.reference in _CHANGING
            or not all(pairs[i])
        ):
            continue
        ours, theirs = pairs[i][0][0], pairs[i][1][0]
        initial, final, tone = parse_sound(ours)
        other = parse_sound(theirs)
        following = pairs[i + 1][0][:1] if i + 1 < len(pairs) else ()
        is_sandhi = (tone, other[2]) == (3, 2) and any(s.endswith("3") for s in following)
        is_tone = other[:2] == (initial, final) and tone != other[2]
        if is_tone and 5 not in (tone, other[2]) and not is_sandhi:
            yield OtherTone(column.reference, ours, column.hypothesis, theirs)


def _logprob(logprobs: Sequence[float], place: int | None) -> float:
    return float("-inf") if place is None else logprobs[place]


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
