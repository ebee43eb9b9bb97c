"""Scenarios: lines that must be said, and phrases that must never be said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from practice.records.delivery import DEFAULT_TARGETS, Targets
from practice.records.kinds import Kind, ScenarioKind
from practice.records.limits import Limit, Printable


@dataclass(frozen=True, slots=True)
class Element:
    """A politeness element at its position in a wording.

    Attributes:
        text: The characters ``start:end`` of the wording's script.
        name: Name shared by all wordings of the line (``您好`` even where 早上好 is said
            instead), so that results of different wordings can be compared.
        critical: If missed, the attempt fails regardless of its score.
        also: Other words that the author accepts in its place.
    """

    text: str
    kind: Kind | None
    start: int
    end: int
    name: Printable
    required: bool = True
    critical: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """An accepted way of saying a line, with its elements in order."""

    script: Printable
    elements: tuple[Element, ...] = ()


class Judging(StrEnum):
    """Way of judging a line."""

    EXACT = "exact"  # the words of the service standard: every required element counts
    FREE = "free"  # our own words: any accepted word of each required kind


@dataclass(frozen=True, slots=True)
class Line:
    """One required utterance: its cue, and the wordings that are accepted.

    Attributes:
        judging: Exact where the standard fixes the words, free where they are our own. None in
            manifests and older records: a required element that is missed costs points only.
        origin: ``standard`` or ``extension``, for the coverage of the standard.
        note: Remark for the trainer; never shown to the trainee before an attempt.
        wordings: The first is the standard's own and is shown to the trainee.
        readings: Phrases with an unusual pronunciation, each with its pinyin: one syllable
            per character.
        customer: The customer's words before this line.
        instead_of: The banned phrase that this line replaces.
        targets: Targets for the delivery.
    """

    cue: str
    wordings: Annotated[tuple[Wording, ...], Limit("wordings", bool)]
    body: str = ""
    readings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    customer: Printable = ""
    instead_of: Printable = ""
    targets: Targets = DEFAULT_TARGETS
    judging: Judging | None = None
    origin: str = "standard"
    note: str = ""

    @property
    def script(self) -> str:
        """The standard wording of the line."""
        return self.wordings[0].script

    @property
    def body_items(self) -> tuple[str, ...]:
        """The clauses of the body standard, for which a trainer watches."""
        return tuple(item.strip() for item in re.split("[，,；;。]", self.body) if item.strip())


@dataclass(frozen=True, slots=True)
class Branch:
    """A possible continuation of a conversation.

    Attributes:
        when: The condition, in words.
        then: Number of the next line, counted from 1; None ends the conversation.
        weight: Relative probability among its siblings if chance decides.
    """

    when: str
    then: int | None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation of the service standard, with the lines that it requires.

    Attributes:
        exits: The branches after each line: one if the continuation is fixed, several if it
            depends on the customer.
        address: Forms of address that fit this customer; empty if any does.
        covers: IDs of the rows of the standard that this scenario practices.
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
        """True if the lines form one conversation, which also gets a conversation result."""
        return self.kind is ScenarioKind.CONVERSATION or any(len(ways) > 1 for ways in self.exits)


class Severity(StrEnum):
    """Severity of a banned phrase."""

    SEVERE = "severe"  # an attempt with it fails
    MINOR = "minor"  # costs points


@dataclass(frozen=True, slots=True)
class AcceptedWords:
    """Words that satisfy a required kind of courtesy in free lines.

    Attributes:
        words: The most common first. ``^`` and ``$`` stand for the ends of a clause.
        unless: Longer phrases in which a word does not count: the 请 of 申请.
    """

    kind: Kind
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BannedPhrase:
    """A phrase that must never be said to a customer.

    ``^`` and ``$`` in a phrase stand for the ends of a clause: ``^不知道$`` is banned only where
    it stands alone.

    Attributes:
        instead: The sentence to say instead.
        unless: Longer phrases that contain the phrase and are harmless.
        also: Variants of the phrase, which are found too.
        wordings: The sentence to say instead, with its elements, if it is practiced.
        customer: The customer's words that would provoke the phrase.
    """

    phrase: str
    instead: str
    why: str = ""
    unless: tuple[str, ...] = ()
    severity: Severity = Severity.MINOR
    also: tuple[str, ...] = ()
    wordings: tuple[Wording, ...] = ()
    customer: str = ""

    @property
    def shown(self) -> str:
        """The phrase without ``^`` and ``$``."""
        return self.phrase.removeprefix("^").removesuffix("$")


@dataclass(frozen=True, slots=True)
class Book:
    """Contents of an exam: its lines, as scenario and line number, and its pass mark."""

    id: str
    title: str
    items: tuple[tuple[Scenario, int], ...]
    pass_mark: float


@dataclass(frozen=True, slots=True)
class StandardRow:
    """A row of the service standard, with the required words if it has any."""

    id: str
    section: str
    title: str
    words: str = ""
