"""A trainer's review of an attempt, in the terminal."""

from __future__ import annotations

from rich.console import Console

from practice.i18n import gettext as _
from practice.output.layout import say
from practice.output.wording import element_name, local_time, verdict_name
from practice.records.attempt import Attempt
from practice.records.review import Comment, Decision, Mark, Observation, Review
from practice.scoring.review import final_score, numbered, watchers


def decision_text(review: Review) -> str:
    """Name the decision of a review in the user's language."""
    return {
        Decision.PASS: _("passed by the trainer"),
        Decision.REDO: _("to be redone"),
        None: _("reviewed by the trainer"),
    }[review.decision]


def comment_text(comment: Comment) -> str:
    """Format a comment, after its time in the recording if it has one."""
    return comment.text if comment.at_s is None else f"{comment.at_s:.1f} s  {comment.text}"


def observation_text(seen: Observation) -> str:
    """Describe whether an item of posture was done."""
    text = _("done: {item}") if seen.seen else _("not done: {item}")
    return text.format(item=seen.item)


def postures(review: Review) -> list[tuple[str, tuple[Observation, ...]]]:
    """Return the observations of posture by observer, each with a heading that counts them."""
    text = _("posture (observed by {name}): {seen} of {n} done")
    return [
        (text.format(name=name, seen=sum(o.seen for o in observed), n=len(observed)), observed)
        for name, observed in watchers(review).items()
    ]


def marks_of(review: Review | None) -> dict[tuple[str, int], Mark]:
    """Return the marks of a review by the keys of ``numbered``."""
    return {(mark.name, mark.nth): mark for mark in review.marks} if review else {}


def print_review(console: Console, attempt: Attempt) -> None:
    """Print the trainer's review and the observations of posture, as far as there are any."""
    if attempt.judgement is not None:
        _print_judgement(console, attempt, attempt.judgement)
    for heading, observed in postures(attempt.review) if attempt.review else ():
        console.print()
        say(console, heading, "bold")
        for seen in observed:
            say(console, f"  {observation_text(seen)}", indent=4)


def _print_judgement(console: Console, attempt: Attempt, review: Review) -> None:
    console.print()
    text = _("Trainer {name}, {when}: {decision}").format(
        name=review.reviewer, when=local_time(review.created_at), decision=decision_text(review)
    )
    say(console, text, "bold")
    final, marks = final_score(attempt), marks_of(review)
    for (place, machine), (_place, trainer) in zip(
        numbered(attempt.assessment.score.elements), numbered(final.elements), strict=True
    ):
        if machine.verdict is trainer.verdict:
            continue
        reason = marks[place].reason if place in marks else ""
        text = _("{element}: {verdict}; machine verdict: {other}").format(
            element=element_name(machine),
            verdict=verdict_name(trainer.verdict),
            other=verdict_name(machine.verdict),
        )
        say(console, f"  {text}" + (_(" ({text})").format(text=reason) if reason else ""), indent=4)
    for comment in review.comments:
        say(console, f"  {comment_text(comment)}", indent=4)
    if final.total is not None and final.total != attempt.assessment.score.total:
        text = _("Score after review: {total:.0f}")
        say(console, "  " + text.format(total=final.total))
