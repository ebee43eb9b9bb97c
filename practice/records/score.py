"""Scores: verdicts on courtesies, counts of characters, and the total."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from practice.records.delivery import AimResult
from practice.records.kinds import Kind
from practice.records.recognition import Unscored

# ---- scenarios -------------------------------------------------------------
from practice.records.scenario import (
    Severity,
)

CREDIT_NEAR = 0.5
"""What a near-homophone counts for in the tolerant accuracy; a homophone counts whole."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How script and transcript differ by spelling and sound, in characters.

    Counts add up with ``+``.
    """

    hits: int = 0
    homophones: int = 0
    near: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hits + other.hits,
            self.homophones + other.homophones,
            self.near + other.near,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def said(self) -> float:
        """Characters of the script that count as said: what the accuracy is made of."""
        return self.hits + self.homophones + CREDIT_NEAR * self.near

    @property
    def reference_length(self) -> int:
        """Characters that should have been said."""
        return self.hits + self.homophones + self.near + self.substitutions + self.deletions

    @property
    def accuracy(self) -> float | None:
        """Tolerant accuracy: the share of the script that was said, by its sound.

        Extra words do not lower it. None for an empty script.
        """
        return self.said / self.reference_length if self.reference_length else None


@dataclass(frozen=True, slots=True)
class StrictCounts:
    """How script and transcript differ by spelling alone, in characters, as jiwer counts."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: StrictCounts) -> StrictCounts:
        return StrictCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def reference_length(self) -> int:
        """Characters that should have been said."""
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        """Edit operations between script and transcript."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def cer(self) -> float | None:
        """Strict character error rate, which counts insertions and can exceed 1."""
        return self.errors / self.reference_length if self.reference_length else None


class Verdict(StrEnum):
    """What became of a courtesy element."""

    HEARD = "heard"
    MISSED = "missed"
    UNSURE = "unsure"
    UNSCORED = "unscored"


class Basis(StrEnum):
    """What a verdict on an element rests on."""

    TEXT = "text"  # its characters stand at their place in the transcript
    HOMOPHONE = "homophone"  # so do characters that sound exactly like it
    ELSEWHERE = "elsewhere"  # its characters stand in the transcript, at another place
    AUDIO = "audio"  # the recognizer was asked how likely the audio is with and without it
    PRONOUN = "pronoun"  # it was asked whether the audio has 您 or 你 there
    PART = "part"  # its characters stand there as the beginning of another courtesy
    ABSENT = "absent"  # the transcript does not have it, and the audio was not asked
    NONE = "none"  # nothing was judged


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an element's verdict rests on.

    ``heard`` is the transcript at its place. ``strength`` is in nats, positive for the
    element, on the scale of the thresholds in ``verdicts``; None where the audio was not
    asked. ``doubts`` are what keeps the element from being called missed, however weak it
    is. ``heard_from`` and ``missed_from`` are the limits that the strength was held
    against. ``beside`` is the strength of the other question where two were asked: of 您
    over 你 beside that of the element, or the other way round.
    """

    basis: Basis
    heard: str = ""
    strength: float | None = None
    doubts: tuple[str, ...] = ()
    heard_from: float | None = None
    missed_from: float | None = None
    beside: float | None = None


@dataclass(frozen=True, slots=True)
class ElementResult:
    """The verdict on one courtesy element."""

    text: str
    name: str
    kind: Kind | None
    required: bool
    critical: bool
    verdict: Verdict
    evidence: Evidence


class Op(StrEnum):
    """What happened to a run of characters between script and transcript."""

    EQUAL = "equal"
    HOMOPHONE = "homophone"
    NEAR = "near"
    SUBSTITUTE = "substitute"
    DELETE = "delete"
    INSERT = "insert"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of one operation, over the normalized reference and hypothesis.

    ``origin`` is the place in the transcript, as it is written there, that each character
    of the hypothesis came from.
    """

    op: Op
    reference: str
    hypothesis: str
    origin: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BannedHit:
    """A banned phrase that stands in a transcript.

    ``heard`` is the transcript at its place; empty in judgments from before that was
    kept, when every phrase was severe. Where it is not ``sure`` that the phrase was said,
    that is the trainer's to say.
    """

    phrase: str
    instead: str
    why: str = ""
    severity: Severity = Severity.SEVERE
    heard: str = ""
    sure: bool = True


class RemarkKind(StrEnum):
    """What is worth saying of a take beside its faults."""

    ORDER = "order"  # elements were said in another order than the script's
    REPEAT = "repeat"  # a start that was said twice (请、请慢走)
    FILLER = "filler"  # 嗯, 那个: what is heard of them; their absence proves nothing


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth saying of a take that costs nothing."""

    kind: RemarkKind
    text: str


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the overall score: its weight, and what it counts."""

    name: str
    weight: float
    done: float
    total: int

    @property
    def value(self) -> float:
        """The part's own score, 0 to 1."""
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class Score:
    """The judgment of one take.

    An unscored take has a reason, no total, and elements that are all ``unscored``.
    ``wording`` is the accepted wording that the take came closest to. ``passed`` is also
    None where elements that are unsure decide on it: that is the trainer's to say.
    ``off_script``: something entirely different was said. ``aims`` are what counts of how it
    was said, as far as that could be told; they cost points, and fail the take only where
    ``aims_may_fail``.
    """

    wording: str
    elements: tuple[ElementResult, ...]
    counts: Counts = Counts()
    strict: StrictCounts = StrictCounts()
    chunks: tuple[Chunk, ...] = ()
    banned: tuple[BannedHit, ...] = ()
    remarks: tuple[Remark, ...] = ()
    off_script: bool = False
    components: tuple[Component, ...] = ()
    total: float | None = None
    passed: bool | None = None
    reason: Unscored | None = None
    aims: tuple[AimResult, ...] = ()
    aims_may_fail: bool = False

    @property
    def status(self) -> str:
        """``scored`` or ``unscored``."""
        return "scored" if self.reason is None else "unscored"

    def with_verdict(self, verdict: Verdict) -> tuple[ElementResult, ...]:
        """The elements that got a verdict, in the script's order."""
        return tuple(e for e in self.elements if e.verdict is verdict)
