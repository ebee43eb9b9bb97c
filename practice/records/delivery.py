"""Records of the delivery, that is how a line was said: targets, figures, findings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Annotated

from practice.records.limits import Limit, Seconds


class Volume(StrEnum):
    """Loudness that a scenario asks for."""

    SOFT = "soft"
    CLEAR = "clear"


DEFAULT_PACE = (3.0, 5.0)
"""Minimum and maximum characters per second from first to last, including pauses.

The main news of China's national radio was read at 185 characters per minute in the 1960s, at 250
to 270 later, and at just over 300 at the fastest: 3.1 to 5 per second. Staff who serve a customer
need not be faster than the news."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets for the delivery of a line.

    Attributes:
        pace: Minimum and maximum, in characters per second.
        volume: None accepts any.
        may_fail: A missed target can fail an attempt; otherwise it only costs points.
    """

    pace: Annotated[tuple[float, float], Limit("targets", lambda pace: 0 < pace[0] < pace[1])] = (
        DEFAULT_PACE
    )
    volume: Volume | None = None
    may_fail: bool = False


DEFAULT_TARGETS = Targets()
"""Targets of a line for which the scenario sets none."""


class Aim(StrEnum):
    """An aspect of the delivery that counts in the score."""

    PACE = "pace"  # neither too fast nor too slow
    FLUENCY = "fluency"  # no long pause inside a phrase
    VOLUME = "volume"  # as loud as the scenario asks for


@dataclass(frozen=True, slots=True)
class AimResult:
    """The result for one aim: the measured value and the range that it was compared with.

    Attributes:
        value: Characters per second (pace), seconds of the longest pause inside a phrase
            (fluency), or dBFS (volume).
        low: None if there is no lower bound.
        high: None if there is no upper bound.
    """

    aim: Aim
    kept: bool
    value: float
    low: float | None
    high: float | None


class Unavailable(StrEnum):
    """Reason why a figure is unavailable."""

    UNSCORED = "unscored"  # the attempt was not scored
    SHORT = "short"  # too little was said
    TEXT = "text"  # the transcript is not reliable enough
    UNVOICED = "unvoiced"  # whispered, or too little voiced speech
    NOISY = "noisy"  # the background is too loud
    OTHERS = "others"  # another person speaks or sings, or music plays


class Flaw(StrEnum):
    """A defect of a recording that was scored nevertheless."""

    LOW = "low"
    CLIPPED = "clipped"
    NOISY = "noisy"


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence between the first and the last word.

    Attributes:
        after: Number of characters of the script, as written, that precede the pause; None
            if its position is unknown.
        inside: True if the script has no punctuation mark there, so that the pause breaks a
            phrase; None if the position is unknown, or before or after the script's words.
    """

    start_s: Seconds
    length_s: Seconds
    after: int | None = None
    inside: bool | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Figures of the delivery of one attempt.

    A figure that is unavailable is None, and ``untold`` has the reason under its name. Figures
    are shown in the order of the fields.
    ``practice.delivery.measure`` defines each figure where it is measured.
    """

    articulation_cps: float | None = None
    speech_cps: float | None = None
    pauses: tuple[Pause, ...] | None = None
    level_dbfs: float | None = None
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    pitch_variation: float | None = None
    final_st: float | None = None
    flaws: tuple[Flaw, ...] = ()
    untold: dict[str, Unavailable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Ignore the reasons of figures that only earlier versions had."""
        known = {name: why for name, why in self.untold.items() if name not in REMOVED_FIGURES}
        object.__setattr__(self, "untold", known)

    @property
    def longest_pause(self) -> Pause | None:
        """The longest pause; None if there is none."""
        return max(self.pauses or (), key=lambda pause: pause.length_s, default=None)


FIGURES = tuple(f.name for f in fields(Delivery) if f.name not in ("flaws", "untold"))
"""Names of the figures of ``Delivery``, in the order in which they are shown."""

REMOVED_FIGURES = ("onset_s", "level_spread_db", "perturbation")
"""Figures of earlier versions, which stored records may still contain."""
