"""Decision rule for heard, missed or unsure, with the table of all thresholds, and remarks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from practice.mandarin.alignment import Alignment
from practice.records.score import Basis, ElementResult, Evidence, Op, Remark, RemarkKind, Verdict
from practice.scoring.evidence import Finding, Place, TextMatch


class ThresholdPair(StrEnum):
    """Name of a pair of thresholds (heard from, missed from) for one question to the audio."""

    AUDIO = "audio"  # how strongly it supports an element
    PRONOUN = "pronoun"  # 您 over 你
    HELLO = "hello"  # 您好 over 你好


LIMITS = {
    ThresholdPair.AUDIO: ("heard", "missed"),
    ThresholdPair.PRONOUN: ("pronoun_heard", "pronoun_missed"),
    ThresholdPair.HELLO: ("hello_heard", "hello_missed"),
}
"""Fields of ``Thresholds`` for each pair: heard from, missed from."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of the verdicts; strengths are in nats. docs/verdicts.md has the measurements.

    An element is heard from ``heard`` up, missed from ``missed`` down, and unsure in between.
    Lowering ``heard`` below the strongest element that was not said would credit elements
    wrongly; ``missed`` is below all but a few of the elements that were said.
    """

    heard: float = -6.0
    missed: float = -12.0

    script_weight: float = 0.75
    """Weight of the script's comparison, added to the transcript's. The comparison is clamped to
    ``script_low`` … ``script_high``, because the script biases the recognizer."""
    script_low: float = -6.0
    script_high: float = 8.0

    sound: float = 5.0
    """Nats subtracted per unit of distance by sound from what the element replaced."""

    length: float = 1.0
    """Nats added for each character beyond the first, at most three: a misspelled transcript
    costs a long phrase more."""

    pronoun_heard: float = 1.5
    pronoun_missed: float = -3.4
    """Thresholds for 您 over 你, except in 您好."""
    hello_heard: float = 1.25
    hello_missed: float = -2.3
    """Thresholds for 您好 over 你好, which the base model separates worst."""

    unlikely: float = -1.0
    """Mean log-probability (nats per token) below which a transcript is too poor to call anything
    missed; ``heard`` then requires ``unlikely_heard`` more."""
    unlikely_heard: float = 3.0

    thin: float = 2.0
    """Characters per second of speech below which the recognizer has dropped text, so that nothing
    is called missed. One character is added to the count."""

    veto: float = 4.0
    """Strength of the script's comparison from which an element is not called missed."""

    def pair(self, family: ThresholdPair) -> tuple[float, float]:
        """Return the pair (heard from, missed from) of ``family``."""
        heard, missed = LIMITS[family]
        return getattr(self, heard), getattr(self, missed)

    def with_pair(self, family: ThresholdPair, pair: tuple[float, float]) -> Thresholds:
        """Return these thresholds with ``pair`` (heard from, missed from) for ``family``."""
        return replace(self, **dict(zip(LIMITS[family], pair, strict=True)))


THRESHOLDS = Thresholds()

RANK = {Verdict.MISSED: 0, Verdict.UNSURE: 1, Verdict.HEARD: 2}
"""Order of the verdicts on an element, of which the highest evidence counts."""

DOUBTS = frozenset({"unlikely", "dropped", "loops", "script", "unasked"})
"""Names of the doubts, in ``Evidence``, that keep an element from being called missed."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of a transcript that lacks an element.

    ``avg_logprob`` is in nats per token, and ``speech_s`` comes from voice activity. ``loops``
    means that the text repeats itself, ``unasked`` that there is audio with which the recognizer
    cannot compare texts.
    """

    avg_logprob: float
    speech_s: float
    characters: int
    loops: bool = False
    unasked: bool = False

    def doubts(self, limits: Thresholds) -> tuple[str, ...]:
        """Return the reasons why nothing can be called missed; empty if there are none."""
        found = {
            "unlikely": self.avg_logprob < limits.unlikely,
            "dropped": self.characters + 1 < limits.thin * self.speech_s,
            "loops": self.loops,
        }
        return tuple(name for name, is_so in found.items() if is_so)

    def is_as_written(self, limits: Thresholds) -> bool:
        """Return True if the words of the transcript were said.

        It is then likely and does not repeat itself.
        """
        return not {"unlikely", "loops"} & set(self.doubts(limits))


def needs_audio(element: str, place: Place) -> bool:
    """Return True if the transcript alone does not settle an element.

    An element with 您 always needs the audio, since the recognizer writes 您 for 你 and 你 for
    您. A homophone settles nothing if it is a single character: 青 is as near to 轻 as to 请.
    """
    return "您" in element or not _settled_by_text(place)


def decide(
    element: str,
    place: Place,
    heard: str,
    finding: Finding | None,
    reliability: Reliability,
    limits: Thresholds = THRESHOLDS,
) -> tuple[Verdict, Evidence]:
    """Decide on one element.

    Args:
        heard: The transcript at the element's position.
        finding: The evidence of the audio; None if the recognizer was not, or could not be, asked.
    """
    if finding is None:
        verdict, evidence = _by_text(element, place, heard)
        if reliability.unasked and needs_audio(element, place):
            return Verdict.UNSURE, replace(evidence, doubts=("unasked",))
        return verdict, evidence
    if not _settled_by_text(place):
        verdict, evidence = _by_audio(place, heard, finding, reliability, limits)
    else:
        verdict, evidence = _by_text(element, place, heard)
    margin = finding.pronoun
    if margin is None:
        return verdict, evidence
    family = pronoun_family(element)
    high, low = limits.pair(family)
    if verdict is Verdict.MISSED or margin >= high:
        return verdict, replace(evidence, beside=margin)
    beside, doubts = evidence.strength, evidence.doubts
    evidence = Evidence(Basis.PRONOUN, heard, margin, doubts, high, low, beside)
    return by_pronoun(margin, verdict, family, limits), evidence


def pronoun_family(element: str) -> ThresholdPair:
    """Return the threshold pair for the 您 of an element."""
    return ThresholdPair.HELLO if element.startswith("您好") else ThresholdPair.PRONOUN


def by_strength(points: float, doubts: tuple[str, ...], limits: Thresholds) -> Verdict:
    """Return the verdict on an element by its strength in nats alone."""
    if points >= heard_from(doubts, limits):
        return Verdict.HEARD
    return Verdict.MISSED if points <= limits.missed and not doubts else Verdict.UNSURE


def heard_from(doubts: tuple[str, ...], limits: Thresholds) -> float:
    """Return the strength from which an element is heard; an unlikely transcript raises it."""
    return limits.heard + (limits.unlikely_heard if "unlikely" in doubts else 0.0)


def by_pronoun(
    margin: float, so_far: Verdict, family: ThresholdPair, limits: Thresholds
) -> Verdict:
    """Return the verdict on an element with 您.

    Args:
        margin: The gain of 您 over 你, in nats.
        so_far: The verdict without regard to 您. It remains if 您 was said, or if it is MISSED.
    """
    high, low = limits.pair(family)
    if so_far is Verdict.MISSED or margin >= high:
        return so_far
    return Verdict.MISSED if margin <= low else Verdict.UNSURE


def strength(finding: Finding, characters: int, limits: Thresholds = THRESHOLDS) -> float:
    """Return how strongly the audio supports an element, in nats on the thresholds' scale.

    strength = spliced + script_weight · script (clamped) - sound · distance by sound
               + length per character beyond the first, at most 3
    """
    script = 0.0 if finding.script is None else finding.script
    script = max(limits.script_low, min(limits.script_high, script))
    return (
        finding.spliced
        + limits.script_weight * script
        - limits.sound * finding.sound
        + limits.length * min(characters - 1, 3)
    )


def _settled_by_text(place: Place) -> bool:
    single = place.ref_end - place.ref_start == 1
    return place.says is TextMatch.PLAINLY or (place.says is TextMatch.HOMOPHONE and not single)


def _by_text(element: str, place: Place, heard: str) -> tuple[Verdict, Evidence]:
    if place.says is TextMatch.PLAINLY:
        return Verdict.HEARD, Evidence(Basis.TEXT, heard)
    if place.says is TextMatch.HOMOPHONE and "您" not in element:
        return Verdict.HEARD, Evidence(Basis.HOMOPHONE, heard)
    return Verdict.MISSED, Evidence(Basis.ABSENT, heard)


def _by_audio(
    place: Place, heard: str, finding: Finding, reliability: Reliability, limits: Thresholds
) -> tuple[Verdict, Evidence]:
    points = strength(finding, place.ref_end - place.ref_start, limits)
    doubts = reliability.doubts(limits)
    if finding.script is not None and finding.script >= limits.veto:
        doubts = (*doubts, "script")
    verdict = by_strength(points, doubts, limits)
    high = heard_from(doubts, limits)
    return verdict, Evidence(Basis.AUDIO, heard, points, doubts, high, limits.missed)


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
