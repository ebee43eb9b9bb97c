"""Heard, missed or unsure: the one table of thresholds, and the rule that uses it."""

from __future__ import annotations

from dataclasses import dataclass

from practice.core.hypotheses import Finding, Place, Says
from practice.core.models import Basis, Evidence, Verdict


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
    ``script_low`` and ``script_high``: the script draws the recogniser along."""
    script_low: float = -6.0
    script_high: float = 8.0

    sound: float = 5.0
    """Taken off per unit of distance by sound of what was replaced."""

    length: float = 1.0
    """Added per character beyond the first, at most three: a long phrase loses more to a
    misspelt transcript."""

    pronoun_heard: float = 0.5
    pronoun_missed: float = -3.0
    """您 over 你, anywhere but in 您好."""
    hello_heard: float = 1.25
    hello_missed: float = -1.9
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


THRESHOLDS = Thresholds()

DOUBTS = frozenset({"unlikely", "dropped", "loops", "script"})
"""What can keep an element from being called missed, by the names that evidence has."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a transcript can be trusted where it lacks something.

    ``avg_logprob`` in nats a token; ``speech_s`` by voice activity; ``loops`` where the
    text repeats itself.
    """

    avg_logprob: float
    speech_s: float
    characters: int
    loops: bool = False

    def doubts(self, limits: Thresholds) -> tuple[str, ...]:
        """Why nothing can be called missed; empty where it can."""
        found = {
            "unlikely": self.avg_logprob < limits.unlikely,
            "dropped": self.characters + 1 < limits.thin * self.speech_s,
            "loops": self.loops,
        }
        return tuple(name for name, is_so in found.items() if is_so)


def needs_audio(element: str, place: Place) -> bool:
    """Whether the transcript alone does not settle an element.

    Whatever has 您 is asked about, since the recogniser writes 您 for 你 and 你 for 您. A
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
        return _by_text(element, place, heard)
    if not _settled_by_text(place):
        verdict, evidence = _by_audio(place, heard, finding, reliability, limits)
    else:
        verdict, evidence = _by_text(element, place, heard)
    if finding.pronoun is None or verdict is Verdict.MISSED:
        return verdict, evidence
    return _by_pronoun(element, heard, finding.pronoun, (verdict, evidence), limits)


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
    return place.says is Says.PLAINLY or (place.says is Says.HOMOPHONE and not single)


def _by_text(element: str, place: Place, heard: str) -> tuple[Verdict, Evidence]:
    if place.says is Says.PLAINLY:
        return Verdict.HEARD, Evidence(Basis.TEXT, heard)
    if place.says is Says.HOMOPHONE and "您" not in element:
        return Verdict.HEARD, Evidence(Basis.HOMOPHONE, heard)
    return Verdict.MISSED, Evidence(Basis.ABSENT, heard)


def _by_audio(
    place: Place, heard: str, finding: Finding, reliability: Reliability, limits: Thresholds
) -> tuple[Verdict, Evidence]:
    points = strength(finding, place.ref_end - place.ref_start, limits)
    doubts = reliability.doubts(limits)
    if finding.script is not None and finding.script >= limits.veto:
        doubts = (*doubts, "script")
    least = limits.heard + (limits.unlikely_heard if "unlikely" in doubts else 0.0)
    if points >= least:
        return Verdict.HEARD, Evidence(Basis.AUDIO, heard, points)
    if points <= limits.missed and not doubts:
        return Verdict.MISSED, Evidence(Basis.AUDIO, heard, points)
    return Verdict.UNSURE, Evidence(Basis.AUDIO, heard, points, doubts)


def _by_pronoun(
    element: str,
    heard: str,
    margin: float,
    so_far: tuple[Verdict, Evidence],
    limits: Thresholds,
) -> tuple[Verdict, Evidence]:
    hello = element.startswith("您好")
    high = limits.hello_heard if hello else limits.pronoun_heard
    low = limits.hello_missed if hello else limits.pronoun_missed
    if margin >= high:
        return so_far
    verdict = Verdict.MISSED if margin <= low else Verdict.UNSURE
    return verdict, Evidence(Basis.PRONOUN, heard, margin)
