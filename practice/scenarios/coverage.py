"""Which scenarios practice which rows of the service standard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from practice.records.scenario import Scenario, StandardRow


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row of the standard with the scenarios that practice it; an empty row has none."""

    row: StandardRow
    scenarios: tuple[Scenario, ...]


def cover(rows: Iterable[StandardRow], scenarios: Iterable[Scenario]) -> tuple[Coverage, ...]:
    """Find the scenarios of each row: first those for it alone, then conversations."""
    ordered = sorted(scenarios, key=lambda s: (s.is_conversation, s.id))
    return tuple(Coverage(row, tuple(s for s in ordered if row.id in s.covers)) for row in rows)
