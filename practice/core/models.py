"""The records that flow through the tool: frozen, with units in their names.

Counts are stored and rates are derived, so that nobody can average percentages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from practice.core.kinds import Kind, ScenarioKind
from practice.core.manner import DEFAULT_TARGETS, AimResult, Delivery, Targets

# ---- scenarios -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Element:
    """A courtesy at its place in a wording.

    ``text`` stands at ``start:end`` of the wording's script. ``name`` is what the
    element is called in every wording of the line (``您好`` where 早上好 is said
    instead), so that results of different wordings can be compared. Missing a
    ``critical`` one fails the take by itself.
    """

    text: str
    kind: Kind | None
    start: int
    end: int
    name: str
    required: bool = True
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of saying a line that counts as right, with its elements in order."""

    script: str
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One required utterance: what prompts it, and the wordings that are accepted.

    ``wordings[0]`` is the standard's own; it is what the trainee is shown. ``readings``
    give the pinyin of phrases whose characters are read otherwise than usual, a
    syllable for each character. ``customer`` is what the customer says before it;
    ``instead_of`` the banned phrase that it replaces. ``targets`` say how it is to be said.
    """

    cue: str
    wordings: tuple[Wording, ...]
    body: str = ""
    readings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    customer: str = ""
    instead_of: str = ""
    targets: Targets = DEFAULT_TARGETS

    @property
    def script(self) -> str:
        """The standard wording of the line."""
        return self.wordings[0].script

    @property
    def body_items(self) -> tuple[str, ...]:
        """The body standards, clause by clause: what a trainer watches for."""
        return tuple(item.strip() for item in re.split("[，,；;。]", self.body) if item.strip())


@dataclass(frozen=True, slots=True)
class Branch:
    """A way that a conversation can go on: ``when`` something is so, line ``then`` follows.

    ``then`` counts from 1; None ends the conversation. ``weight`` is how likely it is
    among its neighbours where chance decides.
    """

    when: str
    then: int | None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation of the service standard, with the lines that it asks for.

    ``exits`` say of each line how it goes on: one branch where that is settled, several
    where the customer makes it turn out one way or another. ``address`` are the forms of
    address that fit this customer; none are given where any does. ``covers`` are the rows
    of the standard that it practises.
    """

    id: str
    title: str
    when: str
    lines: tuple[Line, ...]
    exits: tuple[tuple[Branch, ...], ...] = ()
    names: tuple[str, ...] = ()
    kind: ScenarioKind = ScenarioKind.OTHER
    role: str = ""
    source: str = ""
    origin: str = "standard"
    address: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def is_conversation(self) -> bool:
        """Whether the lines are one conversation, which is judged as a whole too."""
        return self.kind is ScenarioKind.CONVERSATION or any(len(ways) > 1 for ways in self.exits)


class Severity(StrEnum):
    """How bad a banned phrase is."""

    SEVERE = "severe"  # no take with it passes
    MINOR = "minor"  # it costs points


@dataclass(frozen=True, slots=True)
class BannedPhrase:
    """Words never to be said to a customer, why, and what to say instead.

    ``also`` are variants that are found too. ``unless`` are innocent longer phrases.
    ``wordings`` is the better sentence with its courtesies, where it is practised.
    """

    phrase: str
    instead: str
    why: str = ""
    unless: tuple[str, ...] = ()
    severity: Severity = Severity.MINOR
    also: tuple[str, ...] = ()
    wordings: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """What an exam asks for: lines of scenarios, each with its number, and what passes."""

    id: str
    title: str
    items: tuple[tuple[Scenario, int], ...]
    pass_mark: float


@dataclass(frozen=True, slots=True)
class StandardRow:
    """A row of the service standard: its section, and the required words where it has any."""

    id: str
    section: str
    title: str
    words: str = ""


# ---- what was heard --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which recogniser made a transcript: enough to tell whether it would be the same again."""

    name: str
    sha256: str
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the recogniser wrote, and how sure it was.

    ``avg_logprob`` is the mean log-probability (nats) of the tokens;
    ``compression_ratio`` rises when the text repeats itself. Where a take was
    recognised in several windows they are the worst of all windows. ``times_s`` is where
    each character of the text begins in the recording, ``logprobs`` its own log-probability;
    empty where that is not known.
    """

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    times_s: tuple[float, ...] = ()
    logprobs: tuple[float, ...] = ()


class Unscored(StrEnum):
    """Why a take is not judged; it is neither a pass nor a fail."""

    NO_SPEECH = "no-speech"
    TOO_QUIET = "too-quiet"
    CLIPPED = "clipped"
    NOISY = "noisy"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NO_TEXT = "no-text"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True)
class SpeechCheck:
    """What the signal itself shows, before any recogniser is asked.

    ``reason`` is None when the take can be judged. Levels are dBFS of the signal's
    RMS against a full-scale square wave (peak for ``peak_dbfs``); None where there
    is nothing to measure.
    """

    duration_s: float
    speech_s: float
    peak_dbfs: float | None
    speech_dbfs: float | None
    snr_db: float | None
    clipped_share: float
    spans_s: tuple[tuple[float, float], ...] = ()
    reason: Unscored | None = None

    @property
    def silences_s(self) -> tuple[tuple[float, float], ...]:
        """The silences between the spans of speech, from when to when."""
        return tuple((end, start) for (_start, end), (start, _end) in pairwise(self.spans_s))


# ---- the verdict -----------------------------------------------------------


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
    AUDIO = "audio"  # the recogniser was asked how likely the audio is with and without it
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
    """A run of one operation, over the normalised reference and hypothesis.

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

    ``heard`` is the transcript at its place; empty in judgements from before that was
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
    """The judgement of one take.

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


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that one hearing of a take gave: signal, transcript, verdict.

    ``second`` is the transcript of a second look, where the first was doubtful.
    ``delivery`` is None in judgements from before it was measured.
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
    """A person who practises: a name within a group (the hall)."""

    name: str
    group: str


class Mode(StrEnum):
    """What a run was, where it was more than practising lines for their own sake."""

    CONVERSATION = "conversation"
    DRILL = "drill"
    EXAM = "exam"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an exam asked for at one step: a line that is not said leaves no other trace.

    ``courtesies`` are the required ones, ``characters`` the script's length.
    """

    title: str
    script: str
    courtesies: int
    characters: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an exam as its book had them when it was taken, a record for each step."""

    title: str
    pass_mark: float
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """The whole that a take is a part of.

    ``name`` is the scenario's id of a conversation, the book's of an exam, else empty.
    ``steps`` are what was to be said, in order, as ``scenario/line``: of a conversation up
    to this take, those that were passed over included; of the others all of them.
    ``terms`` are an exam's.
    """

    mode: Mode
    name: str
    steps: tuple[str, ...]
    terms: Terms | None = None


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
    setting: Setting | None = None


class Decision(StrEnum):
    """What a trainer makes of a take."""

    PASS = "pass"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Mark:
    """A trainer's verdict on an element, in place of the machine's.

    ``nth`` counts, from 1, the elements of that name in the line: an element keeps its
    mark when a later judgement finds another wording closer.
    """

    name: str
    nth: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a trainer saw, or did not see, of a body standard; no microphone hears it.

    ``by`` is who watched, where it was somebody else than the reviewer.
    """

    item: str
    seen: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A trainer's words on a take, on the whole of it or on a moment in the audio."""

    text: str
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A trainer's judgement of an attempt, which wins over the machine's.

    Reviews are appended, never overwritten, so that they tell who changed what; ``base``
    is the id of the review that the trainer had before them, None for the first. Elements
    without a mark keep the machine's verdict; without a ``decision`` they decide. ``watched_only``:
    somebody noted what they saw during the take, and nobody has judged it yet.
    """

    id: str
    created_at: str
    reviewer: str
    base: str | None = None
    decision: Decision | None = None
    marks: tuple[Mark, ...] = ()
    observations: tuple[Observation, ...] = ()
    comments: tuple[Comment, ...] = ()
    watched_only: bool = False


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
class Saying:
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
