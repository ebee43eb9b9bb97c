"""A take beside the model reading of its line, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console

from practice.delivery.comparison import Comparison, Difference, NotCompared, Trait
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.output.wrap import say
from practice.records.attempt import Attempt

Compare = Callable[[Attempt], Comparison | NotCompared | None]
"""Sets a take beside the model reading of its line; raises PracticeError where that fails."""


def print_beside(console: Console, found: Comparison | NotCompared | None) -> None:
    """Print under a heading what there is to say; nothing where there is nothing."""
    for nth, line in enumerate(lines(found)):
        if nth == 0:
            console.print()
            say(console, _("Beside the model reading"), "bold")
        say(console, f"  {line}", indent=4)


def compare_and_print(
    console: Console, compare: Compare, attempt: Attempt, *, explain: bool
) -> None:
    """Print how a take differs from the model reading: all of it, or the first difference.

    Single words in another pitch are for the picture, and not what to begin with. To be told
    last of a take: the model reading may have to be listened to first.
    """
    try:
        found = compare(attempt)
    except PracticeError as error:
        if explain:
            say(console, str(error), indent=2)
        return
    if explain:
        print_beside(console, found)
    elif isinstance(found, Comparison):
        for difference in [d for d in found.differences if d.trait is not Trait.HEIGHT][:1]:
            say(console, _difference(difference), indent=2)


def lines(found: Comparison | NotCompared | None) -> Iterator[str]:
    """What there is to say; nothing where there is no model reading."""
    if found is None:
        return
    if isinstance(found, NotCompared):
        yield {
            NotCompared.CHANGED: _(
                "The script has changed since; the model reading is of another."
            ),
            NotCompared.UNSCORED: _("The model reading could not be heard well enough to compare."),
            NotCompared.UNLIKE: _("Too few words were heard both here and in the model reading."),
        }[found]
        return
    for difference in found.differences:
        yield _difference(difference)
    if found.pace is None:
        yield _("Whether the pace is that of the model reading cannot be told.")
    if found.contour is None:
        yield _("Whether the pitch moves as in the model reading cannot be told.")
    elif not found.differences and found.pace is not None:
        yield _("Pace and pitch are like the model reading's, as far as can be told.")


def _difference(found: Difference) -> str:
    own, theirs = found.own, found.theirs
    match found.trait:
        case Trait.PACE:
            text = (
                _("{share:.0%} faster than the model reading.")
                if own > theirs
                else _("{share:.0%} slower than the model reading.")
            )
            return text.format(share=abs(own / theirs - 1))
        case Trait.FINAL:
            text = _("{end} ({own:+.1f}, there {theirs:+.1f} semitones)")
            return text.format(end=_end(own, theirs), own=own, theirs=theirs)
        case Trait.RANGE:
            text = (
                _(
                    "The pitch moves more than in the model reading: over {own:.0f} semitones, "
                    "there over {theirs:.0f}."
                )
                if own > theirs
                else _(
                    "The pitch moves less than in the model reading: over {own:.0f} semitones, "
                    "there over {theirs:.0f}."
                )
            )
            return text.format(own=own, theirs=theirs)
        case Trait.HEIGHT:
            text = (
                _("“{words}” is {apart:.0f} semitones higher in the voice than there.")
                if own > theirs
                else _("“{words}” is {apart:.0f} semitones lower in the voice than there.")
            )
            return text.format(words=found.words, apart=abs(own - theirs))


def _end(own: float, theirs: float) -> str:
    if own > theirs:
        if theirs >= 0:
            return _("The end rises more than in the model reading.")
        if own >= 0:
            return _("The end does not fall as it does in the model reading.")
        return _("The end falls less than in the model reading.")
    if theirs < 0:
        return _("The end falls more than in the model reading.")
    if own <= 0:
        return _("The end does not rise as it does in the model reading.")
    return _("The end rises less than in the model reading.")
