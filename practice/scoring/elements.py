"""Verdicts on the politeness elements of a wording, from the transcript and the audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from practice.mandarin.alignment import Alignment
from practice.records.scenario import Element
from practice.records.score import Basis, ElementResult, Evidence, Op, Verdict
from practice.scoring.decision import Reliability, Thresholds, decide, needs_audio
from practice.scoring.evidence import (
    EvidenceQuery,
    Place,
    TextMatch,
    TextPair,
    build_query,
    place_of,
)

_LONGER = ("请问",)
"""Courtesies that begin with another one. The shorter one may have been said only as a part of
them: the 请 of 请问 is not that of 请坐."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An element located in the transcript, with the query about it, before the verdict.

    ``elsewhere`` means that a part of the transcript that matches nothing else in the script
    contains the element, so only the order differs. ``part_of`` is a longer courtesy that the
    transcript has at this position and the script has not.
    """

    element: Element
    place: Place
    heard: str
    elsewhere: bool
    inquiry: EvidenceQuery | None
    part_of: str = ""

    @property
    def questions(self) -> list[TextPair]:
        """Text pairs that the recognizer should compare."""
        return self.inquiry.pairs() if self.inquiry else []

    def decide(
        self,
        answers: Mapping[TextPair, float] | None,
        reliability: Reliability,
        limits: Thresholds,
    ) -> ElementResult:
        """Decide on the element.

        Args:
            answers: The recognizer's answers to the query, in nats; None if it cannot answer from
                the audio.
        """
        if self.elsewhere:
            evidence = Evidence(Basis.ELSEWHERE, self.element.text)
            return result_of(self.element, Verdict.HEARD, evidence)
        if self.part_of:
            return result_of(self.element, Verdict.UNSURE, Evidence(Basis.PART, self.part_of))
        finding = None
        if self.inquiry is not None and answers is not None:
            finding = self.inquiry.finding(answers)
        verdict, evidence = decide(
            self.element.text, self.place, self.heard, finding, reliability, limits
        )
        return result_of(self.element, verdict, evidence)


def find_candidates(elements: tuple[Element, ...], alignment: Alignment) -> tuple[Candidate, ...]:
    """Locate each element of a wording in the transcript, and build the queries."""
    taken = {
        s.hyp for s in alignment.steps if s.hyp is not None and s.op in (Op.EQUAL, Op.HOMOPHONE)
    }
    out = []
    for element in elements:
        place = place_of(alignment, alignment.reference.span(element.start, element.end))
        asked = needs_audio(element.text, place)
        moved = asked and _moved(element, alignment, place, taken)
        out.append(
            Candidate(
                element,
                place,
                alignment.hypothesis.text[place.hyp_start : place.hyp_end],
                moved,
                build_query(alignment, place) if asked and not moved else None,
                _part_of(element, alignment, place),
            )
        )
    return tuple(out)


def unscored_elements(elements: tuple[Element, ...]) -> tuple[ElementResult, ...]:
    """Return the elements of an attempt that is not scored."""
    return tuple(result_of(e, Verdict.UNSCORED, Evidence(Basis.NONE)) for e in elements)


def _moved(element: Element, alignment: Alignment, place: Place, taken: set[int]) -> bool:
    if "您" in element.text:  # its spelling proves nothing
        return False
    ref, hyp = alignment.reference.text, alignment.hypothesis.text
    # A single character occurs in many words, so the character after it must match as well.
    end = max(place.ref_end, place.ref_start + 2)
    needle = ref[place.ref_start : end]
    own = set(range(place.hyp_start, place.hyp_end))
    at = hyp.find(needle) if len(needle) > 1 else -1
    while at >= 0:
        stretch = set(range(at, at + len(needle)))
        if not stretch & (taken - own):
            taken |= set(range(at, at + len(element.text)))  # no other element may claim it
            return True
        at = hyp.find(needle, at + 1)
    return False


def _part_of(element: Element, alignment: Alignment, place: Place) -> str:
    """Return the longer courtesy that starts where an element is heard; "" if the script has it."""
    ref, hyp = alignment.reference.text, alignment.hypothesis.text
    if place.says is not TextMatch.PLAINLY:
        return ""
    longer = (
        text
        for text in _LONGER
        if text != element.text
        and text.startswith(element.text)
        and hyp.startswith(text, place.hyp_start)
        and not ref.startswith(text, place.ref_start)
    )
    return next(longer, "")


def result_of(e: Element, verdict: Verdict, evidence: Evidence) -> ElementResult:
    """Return the result of an element with its verdict and evidence."""
    return ElementResult(e.text, e.name, e.kind, e.required, e.critical, verdict, evidence)
