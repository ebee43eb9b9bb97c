"""Alignment of script and transcript by spelling and sound, and jiwer's strict counts.

A homophone is a match of its own kind, a near-homophone a lesser fault, and 您 never matches
你. Everything is counted in characters, because word error rates are meaningless for
unsegmented Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import jiwer

from practice.mandarin.normalization import Normalized, normal_form, numerals, plain
from practice.mandarin.pinyin import NEAR, Sound, nearest, sounds, sounds_of_script
from practice.records.score import Chunk, Counts, Op, StrictCounts

Sounds = tuple[frozenset[Sound], ...]
Readings = tuple[tuple[str, tuple[str, ...]], ...]

RIVALS = frozenset("您你")
"""Look and sound almost alike, but 您 is a courtesy and 你 is its absence."""

_GAP = 1.0
_GAP_OPENING = 0.15
# Breaks ties so that a gap covers a whole element or clause rather than parts of several.
_INSIDE_ELEMENT = 0.03


@dataclass(frozen=True, slots=True)
class Step:
    """One position of the alignment; an index is None if that side has no character."""

    op: Op
    ref: int | None
    hyp: int | None


@dataclass(frozen=True)
class Alignment:
    """A script aligned with a transcript, both in normal form."""

    reference: Normalized
    hypothesis: Normalized
    ref_sounds: Sounds
    hyp_sounds: Sounds
    steps: tuple[Step, ...]
    cost: float

    @cached_property
    def of_reference(self) -> dict[int, Step]:
        """The step of each reference character, by its index."""
        return {s.ref: s for s in self.steps if s.ref is not None}

    @cached_property
    def counts(self) -> Counts:
        """Number of characters by operation."""
        n = dict.fromkeys(Op, 0)
        for step in self.steps:
            n[step.op] += 1
        return Counts(
            hits=n[Op.EQUAL],
            homophones=n[Op.HOMOPHONE],
            near=n[Op.NEAR],
            substitutions=n[Op.SUBSTITUTE],
            deletions=n[Op.DELETE],
            insertions=n[Op.INSERT],
        )

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """Runs of equal operations, with their text."""
        runs: list[Chunk] = []
        for step in self.steps:
            ref = "" if step.ref is None else self.reference.text[step.ref]
            hyp = "" if step.hyp is None else self.hypothesis.text[step.hyp]
            origin: tuple[int, ...] = ()
            if step.hyp is not None:
                origin = (self.hypothesis.places[step.hyp],)
            if runs and runs[-1].op is step.op:
                last = runs.pop()
                ref, hyp = last.reference + ref, last.hypothesis + hyp
                origin = last.origin + origin
            runs.append(Chunk(step.op, ref, hyp, origin))
        return tuple(runs)

    def sound_distance(self, step: Step) -> float:
        """Return the distance by sound of a step's characters; 1 for a gap and for 您 with 你."""
        if step.op is Op.EQUAL:
            return 0.0
        if step.ref is None or step.hyp is None:
            return 1.0
        if {self.reference.text[step.ref], self.hypothesis.text[step.hyp]} == RIVALS:
            return 1.0
        return nearest(self.ref_sounds[step.ref], self.hyp_sounds[step.hyp])


def strict_counts(reference: str, hypothesis: str) -> StrictCounts:
    """Count substituted, deleted and inserted characters with jiwer."""
    if not reference or not hypothesis:
        return StrictCounts(deletions=len(reference), insertions=len(hypothesis))
    found = jiwer.process_characters(reference, hypothesis)
    return StrictCounts(found.hits, found.substitutions, found.deletions, found.insertions)


def align(
    reference: str,
    hypothesis: str,
    spans: Iterable[tuple[int, int]] = (),
    readings: Readings = (),
) -> Alignment:
    """Align a script with a transcript.

    Numerals get the readings that result in the lowest cost.

    Args:
        reference: The script as written.
        hypothesis: The transcript as written.
        spans: Spans of the script (its elements) that should stay together.
        readings: Phrases of the script with an unusual pronunciation, each with its pinyin.
    """
    spans = tuple(spans)
    texts = (reference, hypothesis)
    chosen: list[dict[int, str]] = [
        {n.start: n.readings[0] for n in numerals(plain(text))} for text in texts
    ]

    def attempt() -> Alignment:
        ref, hyp = (normal_form(t, c) for t, c in zip(texts, chosen, strict=True))
        bounds = {edge for span in spans for edge in ref.span(*span)}
        bounds |= {i for i in range(1, len(ref.text)) if ref.origin[i] > ref.origin[i - 1] + 1}
        ref_sounds, hyp_sounds = sounds_of_script(ref.text, readings), sounds(hyp.text)
        steps, cost = _cheapest(ref.text, hyp.text, ref_sounds, hyp_sounds, frozenset(bounds))
        return Alignment(ref, hyp, ref_sounds, hyp_sounds, steps, cost)

    best = attempt()
    # One numeral at a time, not all combinations: few have more than four readings, and they
    # hardly depend on each other.
    for side, text in enumerate(texts):
        for numeral in numerals(plain(text)):
            kept = chosen[side][numeral.start]
            for reading in numeral.readings[1:]:
                chosen[side][numeral.start] = reading
                found = attempt()
                if found.cost < best.cost - 1e-9:
                    best, kept = found, reading
            chosen[side][numeral.start] = kept
    return best


def pair(
    ref: str, ref_sounds: frozenset[Sound], hyp: str, hyp_sounds: frozenset[Sound]
) -> tuple[Op, float]:
    """Return the operation that pairs two characters, and its cost."""
    if ref == hyp:
        return Op.EQUAL, 0.0
    if {ref, hyp} == RIVALS:
        return Op.SUBSTITUTE, 0.35
    if not ref_sounds or not hyp_sounds:
        return Op.SUBSTITUTE, 1.7
    apart = nearest(ref_sounds, hyp_sounds)
    if apart == 0.0:
        return Op.HOMOPHONE, 0.05
    if apart <= NEAR:
        return Op.NEAR, 0.2 + 1.2 * apart
    # Unrelated sounds cost only a little less than a gap on each side, so that omitted words
    # appear as deletions instead of being spread over their neighbors.
    return Op.SUBSTITUTE, 0.8 + 0.95 * apart


@lru_cache(maxsize=256)
def _cheapest(
    reference: str,
    hypothesis: str,
    ref_sounds: Sounds,
    hyp_sounds: Sounds,
    bounds: frozenset[int],
) -> tuple[tuple[Step, ...], float]:
    """Compute a global alignment with affine gaps (Gotoh, J. Mol. Biol. 162, 1982)."""
    n, m = len(reference), len(hypothesis)
    off = [0.0 if i in bounds or i in (0, n) else _INSIDE_ELEMENT for i in range(n + 1)]
    pairs = [
        [pair(r, ref_sounds[i], h, hyp_sounds[j]) for j, h in enumerate(hypothesis)]
        for i, r in enumerate(reference)
    ]
    # States: 0 both sides advance, 1 only the reference, 2 only the hypothesis.
    far = float("inf")
    cost = [[(far, far, far)] * (m + 1) for _ in range(n + 1)]
    back = [[(0, 0, 0)] * (m + 1) for _ in range(n + 1)]
    cost[0][0] = (0.0, far, far)
    for i in range(n + 1):
        for j in range(m + 1):
            if not i and not j:
                continue
            both = alone_ref = alone_hyp = far
            from_both = from_ref = from_hyp = 0
            if i and j:
                a, b, c = cost[i - 1][j - 1]
                both, from_both = min((a, 0), (b + off[i - 1], 1), (c, 2))
                both += pairs[i - 1][j - 1][1]
            if i:
                a, b, c = cost[i - 1][j]
                opening = _GAP_OPENING + off[i - 1]
                alone_ref, from_ref = min((a + opening, 0), (b, 1), (c + opening, 2))
                alone_ref += _GAP
            if j:
                a, b, c = cost[i][j - 1]
                alone_hyp, from_hyp = min(
                    (a + _GAP_OPENING, 0), (b + _GAP_OPENING + off[i], 1), (c, 2)
                )
                alone_hyp += _GAP
            cost[i][j] = (both, alone_ref, alone_hyp)
            back[i][j] = (from_both, from_ref, from_hyp)
    total, state = min((c, s) for s, c in enumerate(cost[n][m]))
    steps: list[Step] = []
    i, j = n, m
    while i or j:
        before = back[i][j][state]
        if state == 0:
            i, j = i - 1, j - 1
            steps.append(Step(pairs[i][j][0], i, j))
        elif state == 1:
            i -= 1
            steps.append(Step(Op.DELETE, i, None))
        else:
            j -= 1
            steps.append(Step(Op.INSERT, None, j))
        state = before
    return tuple(reversed(steps)), total


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
