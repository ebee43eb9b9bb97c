"""Coverage of the service standard: the scenarios that practice each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from practice.records.scenario import Scenario, StandardRow


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row of the standard and the scenarios that practice it, if any."""

    row: StandardRow
    scenarios: tuple[Scenario, ...]


def cover(rows: Iterable[StandardRow], scenarios: Iterable[Scenario]) -> tuple[Coverage, ...]:
    """Return the coverage of each row, in the order given.

    The scenarios of a row are sorted by id, with conversations last.
    """
    ordered = sorted(scenarios, key=lambda s: (s.is_conversation, s.id))
    return tuple(Coverage(row, tuple(s for s in ordered if row.id in s.covers)) for row in rows)
