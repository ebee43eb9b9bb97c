"""Result of a class: a row for each trainee, and the element the group missed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from rich.console import Console
from rich.table import Table
from rich.text import Text

from practice.i18n import gettext as _
from practice.output.wording import most_missed
from practice.output.wrap import MAX_WIDTH, say
from practice.records.attempt import Attempt, Trainee
from practice.records.score import Score
from practice.scoring.review import final_score
from practice.scoring.score import Tally, tally_of
from practice.text import visible


@dataclass(frozen=True, slots=True)
class Turn:
    """A trainee's turn in a class, with one attempt for each line that was said."""

    trainee: Trainee
    attempts: tuple[Attempt, ...]

    @property
    def scores(self) -> list[Score]:
        """Final score of each attempt."""
        return [final_score(attempt) for attempt in self.attempts]


def print_class_table(
    console: Console, turns: Sequence[Turn], lines: int, absent: Sequence[str]
) -> None:
    """Print the result of a class.

    Args:
        console: Console to print to.
        turns: Turns of the trainees with at least one attempt.
        lines: Number of lines that each trainee had to say.
        absent: Names of the trainees without an attempt.
    """
    console.print()
    table = Table(box=None, pad_edge=False, width=min(console.width, MAX_WIDTH))
    table.add_column(_("trainee"), max_width=20, overflow="fold")
    table.add_column(_("passed"), justify="right", no_wrap=True)
    table.add_column(_("score"), justify="right", no_wrap=True)
    table.add_column(_("missed most"), ratio=1, overflow="fold")
    for turn in turns:
        scored = [score for score in turn.scores if score.reason is None]
        total = reduce(add, map(tally_of, scored), Tally()).total
        missed = most_missed(turn.scores)
        table.add_row(
            Text(visible(turn.trainee.name)),
            f"{sum(score.passed is True for score in turn.scores)}/{lines}",
            "-" if total is None else f"{total:.0f}",
            Text(visible(missed[0][0]) if missed else "-"),
        )
    if turns:
        console.print(table)
    if absent:
        say(console, _("No attempt: {names}").format(names=_(", ").join(absent)), "dim")
    of_all = most_missed(score for turn in turns for score in turn.scores)
    if of_all:
        name, n = of_all[0]
        text = _("The group missed most: {element} (×{n})")
        say(console, text.format(element=name, n=n), "bold")
