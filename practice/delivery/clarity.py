"""How surely the recognizer heard each character of a script, and where it heard another tone.

What is known is the probability of what it wrote: of its sound, its spelling, and how
expected the word is, all at once. So a character that was written surely is clear; one
that was not may be said well and be a rare word. A homophone of it is clear in any case:
what the recognizer doubts there is the spelling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from practice.mandarin.alignment import RIVALS, Readings
from practice.mandarin.pinyin import parse_sound, syllables, syllables_of_script
from practice.records.attempt import Assessment
from practice.records.score import Op
from practice.scoring.columns import columns, places
from practice.scoring.score import loops

CLEAR_FROM = -1.3
"""Log-probability of a character, in nats, from which it counts as clear: 99 % of those do
that were said well and written right, in the part of the labeled clips that it was chosen on
(`python benchmarks/clarity.py`; docs/clarity.md)."""

TONE_FROM = -0.3
"""What a character of another tone must have been written with for that to be told."""

_CHANGING = frozenset("一不")
"""Their tone follows that of the next syllable."""


class Clarity(StrEnum):
    """How a character of the script came across."""

    CLEAR = "clear"  # it, or what sounds the same, was written surely
    LESS = "less-clear"  # it was written unsurely, or only almost
    NOT_HEARD = "not-heard"  # nothing was written that sounds like it


@dataclass(frozen=True, slots=True)
class OtherTone:
    """A syllable of the script that was written with another tone: ``man4`` as ``man3``."""

    character: str
    syllable: str
    written: str
    written_syllable: str


def clarity(assessment: Assessment) -> list[Clarity | None]:
    """How each column of a take's alignment came across; None for what the script has not.

    Empty where that cannot be told: of what was not scored or off the script, of a
    transcript that repeats itself, and in judgments from before it was measured.
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
            # Whether 您 or 你 was said the ear can't tell, and the verdict rests on more.
            is_rival = {column.reference, column.hypothesis} == RIVALS
            found.append(Clarity.LESS if is_rival else Clarity.NOT_HEARD)
        else:
            sure = _logprob(logprobs, place) >= CLEAR_FROM
            found.append(Clarity.CLEAR if sure and column.op is not Op.NEAR else Clarity.LESS)
    return found


def unclear(levels: Sequence[Clarity | None]) -> set[int]:
    """The columns that are less than clear beside another such one.

    Of what was said well one character in eleven is not clear; a single one says nothing.
    """
    known = [i for i, level in enumerate(levels) if level is not None]
    return {
        i
        for pair in pairwise(known)
        if all(levels[j] is not Clarity.CLEAR for j in pair)
        for i in pair
    }


def other_tones(assessment: Assessment, readings: Readings) -> list[OtherTone]:
    """The syllables of the script that the recognizer surely wrote with another tone.

    Told of one that stands alone between others that were heard, so that another word is not
    taken for another tone; not of neutral tones, of 一 and 不, and of a third tone before
    another one.
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
