"""Attempts: one recording of one line by one trainee, with its assessment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from practice.records.delivery import Delivery
from practice.records.limits import (
    Count,
    Id,
    Moment,
    Name,
    Percentage,
    Positive,
    Printable,
    ScenarioId,
    Scorer,
    Sha256,
    Source,
    Title,
)
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript
from practice.records.review import Review
from practice.records.scenario import Line
from practice.records.score import Score


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that the machine says of an attempt: signal, transcript, score, delivery.

    Attributes:
        second: Transcript of a second look, if the first transcript was doubtful.
        scorer: Version of the scoring, with a mark for thresholds that are not the default.
        delivery: None in assessments that predate its measurement.
    """

    check: SpeechCheck
    transcript: Transcript | None
    second: Transcript | None
    score: Score
    model: ModelInfo | None
    scorer: Scorer
    delivery: Delivery | None = None


DEFAULT_GROUP = "default"
"""Group of trainees who named none; it is never shown, because no user chose the name."""


@dataclass(frozen=True, slots=True)
class Trainee:
    """A person who practices; names are unique within a group."""

    name: Name
    group: Name


class Mode(StrEnum):
    """Kind of a run that is more than practicing single lines."""

    CONVERSATION = "conversation"
    DRILL = "drill"
    EXAM = "exam"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class ExamItem:
    """One step of an exam, recorded because a line that is not said leaves no other trace.

    Attributes:
        courtesies: Number of required politeness elements.
        characters: Length of the script; 0 for a free line.
        contents: Number of contents that a free line must convey.
    """

    title: Printable
    script: Printable
    courtesies: Count
    characters: Count
    contents: Count = 0


@dataclass(frozen=True, slots=True)
class ExamTerms:
    """Terms of an exam as its book had them at the time, with one item for each step."""

    title: Printable
    pass_mark: Percentage
    asked: tuple[ExamItem, ...]


@dataclass(frozen=True, slots=True)
class SessionContext:
    """The run that an attempt belongs to.

    Attributes:
        name: ID of the scenario (conversation) or of the book (exam), otherwise empty.
        steps: Lines to be said, in order, as ``scenario/line``. A conversation has them up to
            this attempt, including skipped ones; the other modes have all of them.
        terms: Set for an exam only.
    """

    mode: Mode
    name: Printable
    steps: tuple[Printable, ...]
    terms: ExamTerms | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """An attempt before its assessment: the line, the trainee and the recording.

    Attributes:
        line: Number of the line in the scenario, counted from 1.
        take: Number of the attempt at this line within the session.
        audio: Path relative to the recordings folder; None if the recording was not imported.
    """

    id: Id
    session: Id
    created_at: Moment
    trainee: Trainee
    scenario: ScenarioId
    title: Title
    prompt_sha256: Sha256
    line: Positive
    take: Positive
    spec: Line
    audio: str | None
    source: Source
    device: str = ""
    overflows: Count = 0
    setting: SessionContext | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recording of one line, with its latest assessment and review; all views show this."""

    take: Take
    assessment: Assessment
    review: Review | None = None

    @property
    def judgement(self) -> Review | None:
        """The review; None if there is none, or only an observer's notes."""
        return None if self.review is None or self.review.watched_only else self.review


@dataclass(frozen=True, slots=True)
class LineAttempt:
    """Summary of one attempt by its final verdicts, from which drills are planned.

    Attributes:
        total: The score; None if a trainer decided on an attempt that could not be scored.
        missed: Names of the required elements that were missed.
    """

    created_at: str
    scenario: str
    line: int
    spec: Line
    passed: bool
    total: float | None
    missed: tuple[str, ...]
