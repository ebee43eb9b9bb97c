"""The scenarios by kind, each with what the trainee did best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len, set_cell_size

from practice.i18n import gettext as _
from practice.output.wording import scenario_kind_name
from practice.records.kinds import ScenarioKind
from practice.text import visible

_GAP = "  "
_WIDEST = 36
"""Cells that an id or a title may take; the four columns fit 80 then."""


class Heading(Protocol):
    """What is shown of a scenario."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def kind(self) -> ScenarioKind:
        """The group that it is listed in."""

    @property
    def lines(self) -> int:
        """How many lines it has."""


class LineResult(Protocol):
    """What is known of a trainee's takes of one line."""

    @property
    def line(self) -> int:
        """The line's number."""

    @property
    def passed(self) -> bool:
        """Whether one of the takes passed."""

    @property
    def total(self) -> float | None:
        """The highest total; None where no take was scored."""


@dataclass(frozen=True, slots=True)
class Best:
    """How far a trainee came with a scenario.

    ``passed`` of its lines were passed at least once. ``total`` is the mean over the lines
    that were practiced of the highest total each got.
    """

    passed: int
    total: float


def best_result(lines: int, results: Sequence[LineResult]) -> Best | None:
    """How far a trainee came with a scenario of so many lines; None without a scored take."""
    # A scenario that was shortened may have had lines that it has no more.
    found = [r for r in results if r.line <= lines and r.total is not None]
    if not found:
        return None
    return Best(sum(r.passed for r in found), sum(r.total or 0.0 for r in found) / len(found))


def listing(headings: Sequence[Heading], best: Mapping[str, Best]) -> Iterator[str]:
    """Lay out the scenarios in lines of at most 80 cells, a heading over each kind."""
    heads = (_("scenario"), _("title"), _("lines"), _("best"))
    rows = {kind: [_cells(h, best) for h in headings if h.kind is kind] for kind in ScenarioKind}
    cells = [heads, *(row for group in rows.values() for row in group)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    yield _row(heads, widths)
    for kind, group in rows.items():
        if group:
            yield ""
            yield scenario_kind_name(kind)
            yield from (_row(row, widths) for row in group)


def _cells(heading: Heading, best: Mapping[str, Best]) -> tuple[str, str, str, str]:
    done = best.get(heading.id)
    result = f"{done.passed}/{heading.lines} · {done.total:.0f}" if done else "-"
    return (
        _shortened(heading.id),
        _shortened(visible(heading.title)),
        str(heading.lines),
        result,
    )


def _shortened(text: str) -> str:
    if cell_len(text) <= _WIDEST:
        return text
    return set_cell_size(text, _WIDEST - 1).rstrip() + "…"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    scenario, title, lines, best = cells
    return _GAP.join(
        (
            set_cell_size(scenario, widths[0]),
            set_cell_size(title, widths[1]),
            " " * (widths[2] - cell_len(lines)) + lines,
            best,
        )
    )
