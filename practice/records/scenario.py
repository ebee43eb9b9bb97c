"""Scenarios: what is to be said, and what is never to be said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from practice.records.delivery import DEFAULT_TARGETS, Targets
from practice.records.kinds import Kind, ScenarioKind

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
    among its neighbors where chance decides.
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
    of the standard that it practices.
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
    ``wordings`` is the better sentence with its courtesies, where it is practiced.
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
