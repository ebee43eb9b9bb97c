"""The verdict on each courtesy element of a wording."""

from practice.core.align import Alignment
from practice.core.models import Basis, Element, ElementResult, Evidence, Verdict
from practice.core.normalize import Normalized


def judge_elements(
    elements: tuple[Element, ...], reference: Normalized, alignment: Alignment
) -> tuple[ElementResult, ...]:
    """Say for each element whether it was heard, and on what that rests.

    An element is heard if its characters stand at their place, or at another place
    that answers to nothing else in the script (a changed order is no omission).
    """
    spans = [reference.span(e.start, e.end) for e in elements]
    matched = alignment.matched()
    free = set(range(len(alignment.hypothesis))) - set(matched.values())
    return tuple(
        _judge(element, span, alignment, matched, free)
        for element, span in zip(elements, spans, strict=True)
    )


def unscored_elements(elements: tuple[Element, ...]) -> tuple[ElementResult, ...]:
    """The elements of a take that could not be judged."""
    return tuple(_result(e, Verdict.UNSCORED, Evidence(Basis.NONE)) for e in elements)


def _judge(
    element: Element,
    span: tuple[int, int],
    alignment: Alignment,
    matched: dict[int, int],
    free: set[int],
) -> ElementResult:
    start, end = span
    heard = alignment.opposite(start, end)
    text = alignment.reference[start:end]
    if text and heard == text:
        return _result(element, Verdict.HEARD, Evidence(Basis.TEXT, heard))
    # The characters that match the element's own place may serve at the other place too.
    usable = free | {matched[i] for i in range(start, end) if i in matched}
    at = alignment.hypothesis.find(text) if text else -1
    while at >= 0:
        place = set(range(at, at + len(text)))
        if place <= usable:
            free -= place  # said once, counted once
            return _result(element, Verdict.HEARD, Evidence(Basis.ELSEWHERE, text))
        at = alignment.hypothesis.find(text, at + 1)
    return _result(element, Verdict.MISSED, Evidence(Basis.ABSENT, heard))


def _result(element: Element, verdict: Verdict, evidence: Evidence) -> ElementResult:
    return ElementResult(
        element.text, element.name, element.kind, element.required, verdict, evidence
    )
