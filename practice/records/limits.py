"""Types of fields, with the limits that a record from another machine must keep.

They keep a forged record from breaking what reads it later: a page, a report, a terminal, a column
of a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from practice.text import is_name, is_visible

ID_PATTERN = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\+00:00")
_SCENARIO_ID = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_MOST_NAME = 200


class LimitError(Exception):
    """A value exceeds a limit; the text names the limit.

    It is no ValueError, so that pydantic stops at the first one.
    """


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on the values of a type, which pydantic checks in its strict mode only.

    Bundles are not trusted and are read in strict mode. The store reads its own records in the
    other mode, so that a new limit never makes an old record unreadable.
    """

    what: str
    holds: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.lax_or_strict_schema(
            handler(source),
            core_schema.no_info_after_validator_function(self._check, handler(source)),
        )

    def _check(self, value: Any) -> Any:
        if not self.holds(value):
            raise LimitError(self.what)
        return value


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _MOMENT.fullmatch(text) is not None


def _is_short(text: str) -> bool:
    return len(text) <= _MOST_NAME


def _is_observer(text: str) -> bool:
    return is_visible(text) and _is_short(text)


Id = Annotated[str, Limit("id", re.compile(ID_PATTERN).fullmatch)]
Sha256 = Annotated[str, Limit("checksum", re.compile("[0-9a-f]{64}").fullmatch)]
Moment = Annotated[str, Limit("moment", _is_moment)]
"""ISO 8601 in UTC, to the millisecond."""

ScenarioId = Annotated[
    str, Limit("scenario", lambda text: _SCENARIO_ID.fullmatch(text) and _is_short(text))
]
Title = Annotated[str, Limit("scenario", is_visible)]
Source = Annotated[str, Limit("source", ("microphone", "file").__contains__)]
Scorer = Annotated[str, Limit("scorer", _is_short)]
Name = Annotated[str, Limit("trainee", is_name)]
Observer = Annotated[str, Limit("reviewer", _is_observer)]
Reviewer = Annotated[str, Limit("reviewer", lambda text: text.strip() and _is_observer(text))]
Printable = Annotated[str, Limit("text", lambda text: not _CONTROLS.search(text))]
"""A text that a terminal gets as it is: newline is its only control character."""

Count = Annotated[int, Limit("number", lambda number: number >= 0)]
Positive = Annotated[int, Limit("number", lambda number: number >= 1)]
Percentage = Annotated[float, Limit("percentage", lambda number: 0 <= number <= 100)]
Seconds = Annotated[float, Limit("seconds", lambda seconds: seconds >= 0)]
Span = Annotated[tuple[float, float], Limit("span", lambda span: 0 <= span[0] <= span[1])]
"""Start and end in seconds."""
