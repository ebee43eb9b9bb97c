"""Heard, missed or unsure: the one table of thresholds, and the rule that uses it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from practice.records.score import Basis, Evidence, Verdict
from practice.scoring.evidence import Finding, Place, TextMatch


class ThresholdPair(StrEnum):
    """A question to the audio whose answers have limits of their own."""

    AUDIO = "audio"  # how strongly it speaks for an element
    PRONOUN = "pronoun"  # for 您 over 你
    HELLO = "hello"  # for 您好 over 你好


LIMITS = {
    ThresholdPair.AUDIO: ("heard", "missed"),
    ThresholdPair.PRONOUN: ("pronoun_heard", "pronoun_missed"),
    ThresholdPair.HELLO: ("hello_heard", "hello_missed"),
}
"""The fields of Thresholds that a family is heard from and missed from."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides on an element; strengths in nats. docs/verdicts.md has the figures.

    An element is heard from ``heard`` up, missed from ``missed`` down, and unsure in
    between. The false credits begin where ``heard`` is lowered past the strongest of the
    elements that were not said; ``missed`` lies below the weakest but a few of those
    that were.
    """

    heard: float = -6.0
    missed: float = -12.0

    script_weight: float = 0.75
    """Weight of the script's own comparison beside the transcript's, kept between
    ``script_low`` and ``script_high``: the script draws the recognizer along."""
    script_low: float = -6.0
    script_high: float = 8.0

    sound: float = 5.0
    """Taken off per unit of distance by sound of what was replaced."""

    length: float = 1.0
    """Added per character beyond the first, at most three: a long phrase loses more to a
    misspelt transcript."""

    pronoun_heard: float = 1.5
    pronoun_missed: float = -3.4
    """您 over 你, anywhere but in 您好."""
    hello_heard: float = 1.25
    hello_missed: float = -2.3
    """您好 over 你好, which the base model separates worst."""

    unlikely: float = -1.0
    """Below this mean log-probability the transcript is too poor to call anything missed,
    and ``heard`` asks for ``unlikely_heard`` more."""
    unlikely_heard: float = 3.0

    thin: float = 2.0
    """Characters per second of speech (plus one) below which text was dropped, so that
    nothing is called missed."""

    veto: float = 4.0
    """A script's comparison this strong keeps an element from being called missed."""

    def band(self, family: ThresholdPair) -> tuple[float, float]:
        """What a family is heard from, and missed from."""
        heard, missed = LIMITS[family]
        return getattr(self, heard), getattr(self, missed)

    def with_band(self, family: ThresholdPair, band: tuple[float, float]) -> Thresholds:
        """These thresholds with other limits for a family."""
        return replace(self, **dict(zip(LIMITS[family], band, strict=True)))


THRESHOLDS = Thresholds()

DOUBTS = frozenset({"unlikely", "dropped", "loops", "script", "unasked"})
"""What can keep an element from being called missed, by the names that evidence has."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a transcript can be trusted where it lacks something.

    ``avg_logprob`` in nats a token; ``speech_s`` by voice activity; ``loops`` where the
    text repeats itself; ``unasked`` where there is audio that can't be asked.
    """

    avg_logprob: float
    speech_s: float
    characters: int
    loops: bool = False
    unasked: bool = False

    def doubts(self, limits: Thresholds) -> tuple[str, ...]:
        """Why nothing can be called missed; empty where it can."""
        found = {
            "unlikely": self.avg_logprob < limits.unlikely,
            "dropped": self.characters + 1 < limits.thin * self.speech_s,
            "loops": self.loops,
        }
        return tuple(name for name, is_so in found.items() if is_so)

    def is_as_written(self, limits: Thresholds) -> bool:
        """Whether what it has was said: it is likely, and does not repeat itself."""
        return not {"unlikely", "loops"} & set(self.doubts(limits))


def needs_audio(element: str, place: Place) -> bool:
    """Whether the transcript alone does not settle an element.

    Whatever has 您 is asked about, since the recognizer writes 您 for 你 and 你 for 您. A
    single character is no homophone of anything: 青 is as near to 轻 as to 请.
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
    """Judge one element. ``finding`` is None where the audio was not, or can't be, asked."""
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
    high, low = limits.band(family)
    if verdict is Verdict.MISSED or margin >= high:
        return verdict, replace(evidence, beside=margin)
    beside, doubts = evidence.strength, evidence.doubts
    evidence = Evidence(Basis.PRONOUN, heard, margin, doubts, high, low, beside)
    return by_pronoun(margin, verdict, family, limits), evidence


def pronoun_family(element: str) -> ThresholdPair:
    """Which limits the 您 of an element is held against."""
    return ThresholdPair.HELLO if element.startswith("您好") else ThresholdPair.PRONOUN


def by_strength(points: float, doubts: tuple[str, ...], limits: Thresholds) -> Verdict:
    """The verdict on an element by its strength alone."""
    if points >= heard_from(doubts, limits):
        return Verdict.HEARD
    return Verdict.MISSED if points <= limits.missed and not doubts else Verdict.UNSURE


def heard_from(doubts: tuple[str, ...], limits: Thresholds) -> float:
    """The strength from which an element is heard, which a poor transcript raises."""
    return limits.heard + (limits.unlikely_heard if "unlikely" in doubts else 0.0)


def by_pronoun(
    margin: float, so_far: Verdict, family: ThresholdPair, limits: Thresholds
) -> Verdict:
    """The verdict on an element with 您: as it is without that, unless 你 was said."""
    high, low = limits.band(family)
    if so_far is Verdict.MISSED or margin >= high:
        return so_far
    return Verdict.MISSED if margin <= low else Verdict.UNSURE


def strength(finding: Finding, characters: int, limits: Thresholds = THRESHOLDS) -> float:
    """How strongly the audio speaks for an element, in nats on the thresholds' scale."""
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
