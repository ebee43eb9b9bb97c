"""Remarks on an attempt that cost nothing: changed order, false starts, fillers."""

from __future__ import annotations

import re

from practice.mandarin.alignment import Alignment
from practice.records.score import Basis, ElementResult, Op, Remark, RemarkKind

_FILLERS = re.compile("[嗯呃额啊哦唉诶]+|那个|这个|就是说?|然后")


def find_remarks(alignment: Alignment, elements: tuple[ElementResult, ...]) -> tuple[Remark, ...]:
    """List elements in another order, repetitions and fillers."""
    out = [
        Remark(RemarkKind.ORDER, e.text) for e in elements if e.evidence.basis is Basis.ELSEWHERE
    ]
    heard = ""
    for chunk in alignment.chunks:
        if chunk.op is Op.INSERT:
            # A repetition is an insertion that equals the words just before or just after it:
            # the alignment may put the insertion on either side.
            after = alignment.hypothesis.text[len(heard) + len(chunk.hypothesis) :]
            if heard.endswith(chunk.hypothesis) or after.startswith(chunk.hypothesis):
                out.append(Remark(RemarkKind.REPEAT, chunk.hypothesis))
            elif _FILLERS.fullmatch(chunk.hypothesis):
                out.append(Remark(RemarkKind.FILLER, chunk.hypothesis))
        heard += chunk.hypothesis
    return tuple(out)
