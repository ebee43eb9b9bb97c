"""Attempts: one recording of one line by one trainee, with its assessment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from practice.records.delivery import Delivery
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript
from practice.records.review import Review

# ---- scenarios -------------------------------------------------------------
from practice.records.scenario import (
    Line,
)
from practice.records.score import (
    Score,
)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that one hearing of a take gave: signal, transcript, verdict.

    ``second`` is the transcript of a second look, where the first was doubtful.
    ``delivery`` is None in judgments from before it was measured.
    """

    check: SpeechCheck
    transcript: Transcript | None
    second: Transcript | None
    score: Score
    model: ModelInfo | None
    scorer: str
    delivery: Delivery | None = None


DEFAULT_GROUP = "default"
"""The hall of whoever named none; it is not shown, as nobody called it so."""


@dataclass(frozen=True, slots=True)
class Trainee:
    """A person who practices: a name within a group (the hall)."""

    name: str
    group: str


class Mode(StrEnum):
    """What a run was, where it was more than practicing lines for their own sake."""

    CONVERSATION = "conversation"
    DRILL = "drill"
    EXAM = "exam"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class ExamItem:
    """What an exam asked for at one step: a line that is not said leaves no other trace.

    ``courtesies`` are the required ones, ``characters`` the script's length.
    """

    title: str
    script: str
    courtesies: int
    characters: int


@dataclass(frozen=True, slots=True)
class ExamTerms:
    """The terms of an exam as its book had them when it was taken, a record for each step."""

    title: str
    pass_mark: float
    asked: tuple[ExamItem, ...]


@dataclass(frozen=True, slots=True)
class SessionContext:
    """The whole that a take is a part of.

    ``name`` is the scenario's id of a conversation, the book's of an exam, else empty.
    ``steps`` are what was to be said, in order, as ``scenario/line``: of a conversation up
    to this take, those that were passed over included; of the others all of them.
    ``terms`` are an exam's.
    """

    mode: Mode
    name: str
    steps: tuple[str, ...]
    terms: ExamTerms | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """Which utterance was recorded, by whom, and where its audio lies.

    ``audio`` is a path relative to the recordings folder, or None where the audio
    was not taken over. ``line`` counts from 1, ``take`` counts within the line of
    the session. ``created_at`` is ISO 8601 in UTC.
    """

    id: str
    session: str
    created_at: str
    trainee: Trainee
    scenario: str
    title: str
    prompt_sha256: str
    line: int
    take: int
    spec: Line
    audio: str | None
    source: str
    device: str = ""
    overflows: int = 0
    setting: SessionContext | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One take with its latest assessment and review: what everything shown is read off."""

    take: Take
    assessment: Assessment
    review: Review | None = None

    @property
    def judgement(self) -> Review | None:
        """The review, where a trainer judged the take and did not only watch."""
        return None if self.review is None or self.review.watched_only else self.review


@dataclass(frozen=True, slots=True)
class LineAttempt:
    """How a line was said once, by the final verdicts: what is known of who says it.

    ``missed`` are the required elements by their names. ``total`` is None where a trainer
    decided on a take that the machine could not score.
    """

    created_at: str
    scenario: str
    line: int
    spec: Line
    passed: bool
    total: float | None
    missed: tuple[str, ...]
