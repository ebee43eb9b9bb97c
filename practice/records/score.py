"""Scores: verdicts on politeness elements, counts of characters, and the overall score."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from enum import StrEnum
from operator import add

from practice.records.delivery import AimResult
from practice.records.kinds import Kind
from practice.records.limits import Count, Positive, Printable
from practice.records.recognition import Unscored
from practice.records.scenario import Judging, Severity

CREDIT_NEAR = 0.5
"""Credit for a near-homophone in the tolerant accuracy; a homophone gets full credit."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Differences between script and transcript by spelling and sound, in characters.

    Counts of several attempts are added with ``+``.
    """

    hits: Count = 0
    homophones: Count = 0
    near: Count = 0
    substitutions: Count = 0
    deletions: Count = 0
    insertions: Count = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(add, astuple(self), astuple(other)))

    @property
    def said(self) -> float:
        """Characters of the script that count as said, from which the accuracy is computed."""
        return self.hits + self.homophones + CREDIT_NEAR * self.near

    @property
    def reference_length(self) -> int:
        """Number of characters in the script."""
        return self.hits + self.homophones + self.near + self.substitutions + self.deletions

    @property
    def accuracy(self) -> float | None:
        """Tolerant accuracy: the share of the script that was said, compared by sound.

        Extra words do not lower it. None for an empty script.
        """
        return self.said / self.reference_length if self.reference_length else None


@dataclass(frozen=True, slots=True)
class StrictCounts:
    """Differences between script and transcript by spelling alone, as jiwer counts characters."""

    hits: Count = 0
    substitutions: Count = 0
    deletions: Count = 0
    insertions: Count = 0

    def __add__(self, other: StrictCounts) -> StrictCounts:
        return StrictCounts(*map(add, astuple(self), astuple(other)))

    @property
    def reference_length(self) -> int:
        """Number of characters in the script."""
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        """Number of edit operations between script and transcript."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def cer(self) -> float | None:
        """Strict character error rate; it counts insertions, so it can exceed 1."""
        return self.errors / self.reference_length if self.reference_length else None


class Verdict(StrEnum):
    """The machine's finding on one politeness element."""

    HEARD = "heard"
    MISSED = "missed"
    UNSURE = "unsure"
    UNSCORED = "unscored"


class Result(StrEnum):
    """The outcome of an attempt."""

    PASSED = "passed"
    FAILED = "failed"
    NEEDS_REVIEW = "open"
    UNSCORED = "unscored"


class Basis(StrEnum):
    """Basis of the verdict on an element."""

    TEXT = "text"  # the transcript has its characters, at their position
    HOMOPHONE = "homophone"  # the transcript has characters there that sound exactly like it
    ELSEWHERE = "elsewhere"  # the transcript has its characters, at another position
    AUDIO = "audio"  # likelihood of the audio with and without it, by the recognizer
    PRONOUN = "pronoun"  # likelihood of 您 and of 你 at its position, by the recognizer
    PART = "part"  # its characters are there as the start of a longer courtesy
    ABSENT = "absent"  # the transcript lacks it, and the audio was not checked
    NONE = "none"  # the attempt was not scored


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence for the verdict on an element.

    Attributes:
        heard: The transcript at the element's position.
        strength: In nats, positive in favor of the element, on the scale of the thresholds
            in ``practice.scoring.decision``; None if the audio was not checked.
        doubts: Reasons that keep the element from being called missed, however weak it is.
        heard_from: Threshold for ``heard`` that the strength was compared with.
        missed_from: Threshold for ``missed`` that the strength was compared with.
        beside: Strength of the other comparison, if one was made: 您 over 你, or that of the
            element if the basis is ``pronoun``.
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
    """One politeness element with its verdict and evidence."""

    text: Printable
    name: Printable
    kind: Kind | None
    required: bool
    critical: bool
    verdict: Verdict
    evidence: Evidence


class Op(StrEnum):
    """Operation that aligns characters of the script with characters of the transcript."""

    EQUAL = "equal"
    HOMOPHONE = "homophone"
    NEAR = "near"
    SUBSTITUTE = "substitute"
    DELETE = "delete"
    INSERT = "insert"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of one operation, with the normalized reference and hypothesis.

    Attributes:
        origin: For each character of the hypothesis, its index in the transcript as written.
    """

    op: Op
    reference: Printable
    hypothesis: Printable
    origin: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BannedHit:
    """A banned phrase found in a transcript.

    Attributes:
        heard: The transcript at its position; empty in old assessments, which did not store
            it and in which every phrase was severe.
        sure: If False, the trainer decides whether the phrase was said.
    """

    phrase: Printable
    instead: Printable
    why: Printable = ""
    severity: Severity = Severity.SEVERE
    heard: Printable = ""
    sure: bool = True


class RemarkKind(StrEnum):
    """Kind of a remark on an attempt."""

    ORDER = "order"  # elements were said in a different order from the script
    REPEAT = "repeat"  # a beginning that was said twice (请、请慢走)
    FILLER = "filler"  # 嗯, 那个; transcripts omit some, so their absence proves nothing


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on an attempt that costs no points."""

    kind: RemarkKind
    text: str


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the overall score.

    Attributes:
        weight: Share of the overall score, 0 to 1.
        done: Credit, out of ``total``.
    """

    name: str
    weight: float
    done: float
    total: Positive

    @property
    def value(self) -> float:
        """The component's own score, 0 to 1."""
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one attempt, with the findings that it is computed from.

    An attempt that is not scored has a ``reason``, no ``total``, and only elements with the
    verdict ``unscored``.

    Attributes:
        wording: Script of the accepted wording that is closest to the transcript.
        off_script: Something entirely different was said.
        total: The overall score, 0 to 100.
        passed: None if the attempt is not scored, or if the result depends on findings that
            are unsure: then the trainer decides.
        best: The total if a trainer hears everything that is unsure.
        judging: How the line was judged; None in assessments by versions that had one way.
        aims: Results for the aspects of delivery that count and could be measured. They cost
            points, and can fail the attempt only if ``aims_may_fail`` is set.
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
    best: float | None = None
    judging: Judging | None = None

    @property
    def status(self) -> str:
        """``scored`` or ``unscored``."""
        return "scored" if self.reason is None else "unscored"

    @property
    def result(self) -> Result:
        """The outcome; a trainer's decision may pass or fail an attempt that is not scored."""
        if self.passed is None:
            return Result.NEEDS_REVIEW if self.reason is None else Result.UNSCORED
        return Result.PASSED if self.passed else Result.FAILED

    def with_verdict(self, verdict: Verdict) -> tuple[ElementResult, ...]:
        """Return the elements that have this verdict, in the order of the script."""
        return tuple(e for e in self.elements if e.verdict is verdict)
