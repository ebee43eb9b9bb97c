"""From a line and a transcript to a score: the one table of weights, and the pass mark."""

from practice.core.align import Alignment, align
from practice.core.banned import find_banned
from practice.core.elements import judge_elements, unscored_elements
from practice.core.models import (
    BannedPhrase,
    Component,
    ElementResult,
    Line,
    Score,
    Unscored,
    Verdict,
    Wording,
)
from practice.core.normalize import Normalized, readings

VERSION = "1"
"""Raised with every change that can change a score, so that ``rescore`` knows."""

WEIGHTS: dict[str, float] = {"courtesies": 0.6, "accuracy": 0.4}
"""How much each part counts in the total. A part that a line does not have (a script
without elements) drops out, and the others share its weight."""

PASS_MARK = 80.0
"""The least total, of 100, that passes."""


def score_transcript(line: Line, transcript: str, banned: tuple[BannedPhrase, ...] = ()) -> Score:
    """Judge a transcript against the accepted wording that it comes closest to.

    A transcript without a single letter or digit is unscored (``no-text``). A banned
    phrase fails the take whatever its total.
    """
    hypotheses = readings(transcript)
    if not hypotheses[0].text:
        return unscored(line, Unscored.NO_TEXT)
    wording, reference, alignment = _closest(line, hypotheses)
    elements = judge_elements(wording.elements, reference, alignment)
    hits = find_banned(alignment.hypothesis, alignment.reference, banned)
    components = _components(elements, alignment)
    total = 100 * sum(c.value * c.weight for c in components)
    return Score(
        wording=wording.script,
        elements=elements,
        counts=alignment.counts,
        chunks=alignment.chunks,
        banned=hits,
        components=components,
        total=total,
        passed=total >= PASS_MARK and not hits,
    )


def unscored(line: Line, reason: Unscored) -> Score:
    """The score of a take that cannot be judged: a reason, and no figure."""
    standard = line.wordings[0]
    return Score(standard.script, unscored_elements(standard.elements), reason=reason)


def _closest(
    line: Line, hypotheses: tuple[Normalized, ...]
) -> tuple[Wording, Normalized, Alignment]:
    """The wording and the reading of numerals that leave the fewest errors."""
    candidates = [
        (wording, reference, align(reference.text, hypothesis.text))
        for wording in line.wordings
        for reference in readings(wording.script)
        for hypothesis in hypotheses
    ]
    return min(candidates, key=lambda c: c[2].counts.errors)


def _components(elements: tuple[ElementResult, ...], alignment: Alignment) -> tuple[Component, ...]:
    counts = alignment.counts
    required = [e for e in elements if e.required]
    heard = sum(e.verdict is Verdict.HEARD for e in required)
    parts = {
        "courtesies": (heard, len(required)),
        "accuracy": (counts.hits, counts.reference_length),
    }
    present = {name: part for name, part in parts.items() if part[1]}
    share = sum(WEIGHTS[name] for name in present)
    return tuple(
        Component(name, done / total, WEIGHTS[name] / share, done, total)
        for name, (done, total) in present.items()
    )
