"""The records of how something was said, beside what was said: targets, figures, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Volume(StrEnum):
    """How loud a scenario wants to be spoken."""

    SOFT = "soft"
    CLEAR = "clear"


DEFAULT_PACE = (3.0, 5.0)
"""Characters a second, first to last, pauses included. The main news of China's national
radio was read at 185 characters a minute in the 1960s, 250 to 270 later, and a good 300 at the
fastest: 3.1 to 5 a second. Whoever serves a customer need not be faster than the news."""


@dataclass(frozen=True, slots=True)
class Targets:
    """How a line is to be said.

    ``pace`` is the least and the most in characters a second. Without ``volume`` any will
    do. ``may_fail``: what is not kept to can fail a take; else it only costs points.
    """

    pace: tuple[float, float] = DEFAULT_PACE
    volume: Volume | None = None
    may_fail: bool = False


DEFAULT_TARGETS = Targets()
"""What holds for a line of which a scenario says nothing."""


class Aim(StrEnum):
    """What of the delivery counts."""

    PACE = "pace"  # neither hurried nor drawn out
    FLUENCY = "fluency"  # no long pause inside of a phrase
    VOLUME = "volume"  # as loud as the scenario asks for


@dataclass(frozen=True, slots=True)
class AimResult:
    """Whether an aim was kept to, with the figure and the limits that it was held against.

    ``value`` is in characters a second, in seconds of the longest pause inside of a phrase,
    or in dBFS. A limit of None is none.
    """

    aim: Aim
    kept: bool
    value: float
    low: float | None
    high: float | None


class Unavailable(StrEnum):
    """Why a figure cannot be told."""

    UNSCORED = "unscored"  # the take was not judged
    SHORT = "short"  # too little was said
    TEXT = "text"  # what was said is not known well enough
    UNVOICED = "unvoiced"  # whispered, or too little voice
    NOISY = "noisy"  # the background is too loud
    OTHERS = "others"  # somebody else speaks or sings, or there is music


class Flaw(StrEnum):
    """What is wrong with the sound of a take that was judged."""

    LOW = "low"
    CLIPPED = "clipped"
    NOISY = "noisy"


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence between first and last word.

    It stands behind the first ``after`` characters of the script as written; ``inside``
    says that no sign stands there, so that it broke a phrase. Both are None where its
    place is not known, and ``inside`` where it lies before or after the script's words.
    """

    start_s: float
    length_s: float
    after: int | None = None
    inside: bool | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a take was said.

    Each figure is None where it cannot be told, and ``untold`` has the reason under its
    name. What each one is, ``practice.delivery.measure`` says where it is measured.
    """

    articulation_cps: float | None = None
    speech_cps: float | None = None
    pauses: tuple[Pause, ...] | None = None
    onset_s: float | None = None
    level_dbfs: float | None = None
    level_spread_db: float | None = None
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    pitch_variation: float | None = None
    final_st: float | None = None
    perturbation: float | None = None
    flaws: tuple[Flaw, ...] = ()
    untold: dict[str, Unavailable] = field(default_factory=dict)

    @property
    def longest_pause(self) -> Pause | None:
        """The longest of the pauses; None where there is none."""
        return max(self.pauses or (), key=lambda pause: pause.length_s, default=None)


FIGURES = (
    "articulation_cps",
    "speech_cps",
    "pauses",
    "onset_s",
    "level_dbfs",
    "level_spread_db",
    "pitch_hz",
    "pitch_range_st",
    "pitch_variation",
    "final_st",
    "perturbation",
)
"""The figures of a delivery, in the order in which they are shown."""
