"""List of scenarios by kind, each with the trainee's best result."""

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
"""Maximum width of an ID or title, in terminal cells, so that four columns fit into 80."""


class Heading(Protocol):
    """Fields of a scenario that the list shows."""

    @property
    def id(self) -> str:
        """ID of the scenario."""

    @property
    def title(self) -> str:
        """Title of the scenario."""

    @property
    def kind(self) -> ScenarioKind:
        """Kind under which the scenario is listed."""

    @property
    def lines(self) -> int:
        """Number of lines."""


class LineResult(Protocol):
    """Result of all a trainee's attempts at one line."""

    @property
    def line(self) -> int:
        """Number of the line, from 1."""

    @property
    def passed(self) -> bool:
        """True if at least one attempt passed."""

    @property
    def total(self) -> float | None:
        """Highest score; None if no attempt was scored."""


@dataclass(frozen=True, slots=True)
class Best:
    """A trainee's best result in a scenario.

    Attributes:
        passed: Number of lines passed at least once.
        total: Mean of the highest scores of the lines practiced.
    """

    passed: int
    total: float


def best_result(lines: int, results: Sequence[LineResult]) -> Best | None:
    """Return the best result in a scenario with ``lines`` lines; None without a scored attempt."""
    # There may be results for lines that have since been removed from the scenario.
    found = [r for r in results if r.line <= lines and r.total is not None]
    if not found:
        return None
    return Best(sum(r.passed for r in found), sum(r.total or 0.0 for r in found) / len(found))


def listing(headings: Sequence[Heading], best: Mapping[str, Best]) -> Iterator[str]:
    """Lay out the scenarios in lines of at most 80 cells, with a heading for each kind.

    Args:
        headings: Scenarios to list.
        best: Best results by scenario ID, as far as there are any.
    """
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
