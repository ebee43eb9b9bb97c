"""Character alignment of reference and hypothesis, by jiwer.

Word error rates of unsegmented Chinese mean nothing, so everything is in characters.
"""

from dataclasses import dataclass

import jiwer

from practice.core.models import Chunk, Counts, Op

_OPS = {
    "equal": Op.EQUAL,
    "substitute": Op.SUBSTITUTE,
    "delete": Op.DELETE,
    "insert": Op.INSERT,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A run of one operation: reference ``ref_start:ref_end``, hypothesis likewise."""

    op: Op
    ref_start: int
    ref_end: int
    hyp_start: int
    hyp_end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """A minimal alignment of two normalised texts."""

    reference: str
    hypothesis: str
    steps: tuple[Step, ...]

    @property
    def counts(self) -> Counts:
        """Characters by operation."""
        n = dict.fromkeys(Op, 0)
        for s in self.steps:
            n[s.op] += max(s.ref_end - s.ref_start, s.hyp_end - s.hyp_start)
        return Counts(n[Op.EQUAL], n[Op.SUBSTITUTE], n[Op.DELETE], n[Op.INSERT])

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The steps with their text."""
        return tuple(
            Chunk(
                s.op,
                self.reference[s.ref_start : s.ref_end],
                self.hypothesis[s.hyp_start : s.hyp_end],
            )
            for s in self.steps
        )

    def matched(self) -> dict[int, int]:
        """Reference index → hypothesis index, for the characters that are equal."""
        return {
            s.ref_start + i: s.hyp_start + i
            for s in self.steps
            if s.op is Op.EQUAL
            for i in range(s.ref_end - s.ref_start)
        }

    def opposite(self, start: int, end: int) -> str:
        """What the hypothesis has where the reference has ``start:end``.

        Insertions at the edges do not belong to it.
        """
        heard = ""
        for s in self.steps:
            low, high = max(s.ref_start, start), min(s.ref_end, end)
            if low < high and s.op in (Op.EQUAL, Op.SUBSTITUTE):
                shift = s.hyp_start - s.ref_start
                heard += self.hypothesis[low + shift : high + shift]
            elif s.op is Op.INSERT and start < s.ref_start < end:
                heard += self.hypothesis[s.hyp_start : s.hyp_end]
        return heard


def align(reference: str, hypothesis: str) -> Alignment:
    """Align two normalised texts character by character at the least edit distance."""
    if not reference or not hypothesis:
        op = Op.DELETE if reference else Op.INSERT
        step = Step(op, 0, len(reference), 0, len(hypothesis))
        return Alignment(reference, hypothesis, (step,) if reference or hypothesis else ())
    output = jiwer.process_characters(reference, hypothesis)
    steps = tuple(
        Step(_OPS[c.type], c.ref_start_idx, c.ref_end_idx, c.hyp_start_idx, c.hyp_end_idx)
        for c in output.alignments[0]
    )
    return Alignment(reference, hypothesis, steps)
