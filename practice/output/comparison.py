"""Comparison of an attempt with the reference recording of its line, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console

from practice.delivery.comparison import Comparison, Difference, NotCompared, Trait
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.output.layout import say
from practice.records.attempt import Attempt

Compare = Callable[[Attempt], Comparison | NotCompared | None]
"""Function that compares an attempt with the reference recording of its line.

It returns None if there is no reference recording, and raises PracticeError on failure.
"""


def print_comparison(console: Console, found: Comparison | NotCompared | None) -> None:
    """Print a comparison under a heading; print nothing without a reference recording."""
    for nth, line in enumerate(lines(found)):
        if nth == 0:
            console.print()
            say(console, _("Compared with the reference recording"), "bold")
        say(console, f"  {line}", indent=4)


def compare_and_print(
    console: Console, compare: Compare, attempt: Attempt, *, explain: bool
) -> None:
    """Compare an attempt with its reference recording and print the differences.

    Call this after everything else about the attempt is printed: the reference recording may
    have to be assessed first, which takes time.

    Args:
        console: Console to print to.
        compare: Function that compares.
        attempt: Attempt to compare.
        explain: Print all differences, or the error if the comparison failed. Otherwise,
            print only the first difference, except for the pitch of single words: those are
            easier to see in the plot and a poor starting point.
    """
    try:
        found = compare(attempt)
    except PracticeError as error:
        if explain:
            say(console, str(error), indent=2)
        return
    if explain:
        print_comparison(console, found)
    elif isinstance(found, Comparison):
        for difference in [d for d in found.differences if d.trait is not Trait.HEIGHT][:1]:
            say(console, _difference(difference), indent=2)


def lines(found: Comparison | NotCompared | None) -> Iterator[str]:
    """Yield the sentences of a comparison; none without a reference recording."""
    if found is None:
        return
    if isinstance(found, NotCompared):
        yield {
            NotCompared.CHANGED: _(
                "The script has changed since this attempt. It cannot be compared with the "
                "reference recording."
            ),
            NotCompared.UNSCORED: _(
                "The reference recording could not be scored. No comparison is possible."
            ),
            NotCompared.UNLIKE: _(
                "Too few words were recognized in both this attempt and the reference recording."
            ),
        }[found]
        return
    for difference in found.differences:
        yield _difference(difference)
    if found.pace is None:
        yield _("The pace cannot be compared with the reference recording.")
    if found.contour is None:
        yield _("The pitch cannot be compared with the reference recording.")
    elif not found.differences and found.pace is not None:
        yield _(
            "Pace and pitch are close to the reference recording, as far as they can be measured."
        )


def _difference(found: Difference) -> str:
    own, theirs = found.own, found.theirs
    match found.trait:
        case Trait.PACE:
            text = (
                _("{share:.0%} faster than the reference recording.")
                if own > theirs
                else _("{share:.0%} slower than the reference recording.")
            )
            return text.format(share=abs(own / theirs - 1))
        case Trait.FINAL:
            text = _("{end} ({own:+.1f} semitones, reference {theirs:+.1f}).")
            return text.format(end=_end(own, theirs), own=own, theirs=theirs)
        case Trait.RANGE:
            text = (
                _(
                    "The pitch range is wider than in the reference recording (semitones: "
                    "{own:.0f}, reference {theirs:.0f})."
                )
                if own > theirs
                else _(
                    "The pitch range is narrower than in the reference recording "
                    "(semitones: {own:.0f}, reference {theirs:.0f})."
                )
            )
            return text.format(own=own, theirs=theirs)
        case Trait.HEIGHT:
            text = (
                _(
                    "“{words}” is {apart:.0f} semitones higher than in the reference "
                    "recording, each relative to its own voice."
                )
                if own > theirs
                else _(
                    "“{words}” is {apart:.0f} semitones lower than in the reference recording, "
                    "each relative to its own voice."
                )
            )
            return text.format(words=found.words, apart=abs(own - theirs))


def _end(own: float, theirs: float) -> str:
    if own > theirs:
        if theirs >= 0:
            return _("The end rises more than in the reference recording")
        if own >= 0:
            return _("The end does not fall as in the reference recording")
        return _("The end falls less than in the reference recording")
    if theirs < 0:
        return _("The end falls more than in the reference recording")
    if own <= 0:
        return _("The end does not rise as in the reference recording")
    return _("The end rises less than in the reference recording")
