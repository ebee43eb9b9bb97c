"""Conversion of request values to filters and a trainer's review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Attempt
from practice.records.review import Comment, Decision, Mark, Observation, Review
from practice.records.score import Result, Verdict
from practice.scoring.review import numbered, watchers
from practice.store import Filter
from practice.store.database import beginning, end, now

T = TypeVar("T")

LONGEST_TEXT = 2000
"""Maximum length of a comment or reason in characters."""

SHOWN = {"todo": False, "reviewed": True, "all": None}
"""Values of ``show`` in a URL, with the ``reviewed`` of the filter."""

FILTER_KEYS = ("group", "trainee", "scenario", "since", "until", "result", "show")


def filter_of(values: Mapping[str, str], show: str = "todo") -> Filter:
    """Convert the values in a URL to a filter; invalid ones are ignored.

    Args:
        values: The values. Days are local; ``until`` is inclusive.
        show: Default for ``show``, a key of ``SHOWN``.
    """
    return Filter(
        trainee=values.get("trainee") or None,
        group=values.get("group") or None,
        scenario=values.get("scenario") or None,
        since=_converted(values.get("since", ""), lambda day: beginning(date.fromisoformat(day))),
        until=_converted(values.get("until", ""), lambda day: end(date.fromisoformat(day))),
        result=next((r for r in Result if r == values.get("result")), None),
        reviewed=SHOWN.get(values.get("show", ""), SHOWN[show]),
    )


def filter_values(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the values in a URL that belong to the filter, for use in other URLs."""
    return {key: values[key] for key in FILTER_KEYS if values.get(key)}


def review_of(form: MultiDict[str, str], attempt: Attempt, reviewer: str) -> Review:
    """Convert a form to a review.

    Args:
        form: The submitted values.
        attempt: The attempt, with the review in force.
        reviewer: Name of the reviewer.

    Raises:
        PracticeError: The form has marks for elements that the current assessment does not have.
    """
    places = [place for place, _e in numbered(attempt.assessment.score.elements)]
    known = {f"{name}#{nth}": (name, nth) for name, nth in places}
    sent = {key.removeprefix("mark-") for key in form if key.startswith("mark-")}
    if sent - known.keys():
        raise PracticeError(
            _("The machine rescored this attempt in the meantime. Reload the page.")
        )
    marks = []
    for key, (name, nth) in known.items():
        chosen = form.get(f"mark-{key}", "")
        if chosen in (Verdict.HEARD, Verdict.MISSED):
            reason = _text(form.get(f"reason-{key}", ""))
            marks.append(Mark(name, nth, Verdict(chosen), reason))
    decision = form.get("decision", "")
    in_force = attempt.review.decision if attempt.review else None
    return Review(
        id=str(uuid4()),
        created_at=now(),
        reviewer=reviewer,
        base=_converted(form.get("base", ""), lambda text: str(UUID(text))),
        # Without a new decision, the one in force is kept.
        decision=Decision(decision) if decision in tuple(Decision) else in_force,
        marks=tuple(marks),
        observations=_observations(form, attempt, reviewer),
        comments=tuple(
            Comment(_text(text), _time(at_s, attempt.assessment.check.duration_s))
            for text, at_s in zip(form.getlist("comment"), form.getlist("comment-at"), strict=False)
            if text.strip()
        ),
    )


def _observations(
    form: MultiDict[str, str], attempt: Attempt, reviewer: str
) -> tuple[Observation, ...]:
    """Return the observations; unchanged ones keep their observer."""
    before: dict[tuple[str, bool], str] = {}
    if attempt.review is not None:
        for who, observed in watchers(attempt.review).items():
            before |= {(o.item, o.seen): who for o in observed}
    found = []
    for i, item in enumerate(attempt.take.spec.body_items):
        seen = {"seen": True, "unseen": False}.get(form.get(f"body-{i}", ""))
        if seen is not None:
            by = before.get((item, seen), reviewer)
            found.append(Observation(item, seen, "" if by == reviewer else by))
    return tuple(found)


def _text(text: str) -> str:
    # Browsers send line breaks as CR LF; PostgreSQL rejects NUL.
    return text.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST_TEXT]


def _time(text: str, duration_s: float) -> float | None:
    value = _converted(text, float)
    return round(value, 2) if value is not None and 0 <= value <= duration_s else None


def _converted(text: str, convert: Callable[[str], T]) -> T | None:
    """Return a converted value; None if it is invalid, or a day out of range for the clock."""
    try:
        return convert(text)
    except (OverflowError, ValueError, OSError):
        return None
