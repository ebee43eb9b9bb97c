"""The review queue: attempts to hear, the most doubtful first."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from practice.scoring.review import doubts, final_score
from practice.store.reviews import PAGE
from practice.web.desk import desk, viewer
from practice.web.forms import filter_of, filter_values

pages = Blueprint("queue", __name__)


@pages.get("/")
def show() -> ResponseReturnValue:
    """Show a page of the queue with its filters and counts."""
    queue = desk().queue
    may_review = viewer().may_review
    only = viewer().narrowed(filter_of(request.args, "todo" if may_review else "all"))
    counts = queue.counts(only)
    total = counts.of(only)
    last = max(1, -(-total // PAGE))
    number = min(max(1, request.args.get("page", 1, type=int)), last)
    attempts = queue.page(only, number)
    trainees = queue.trainees() if may_review else []
    return render_template(
        "queue.html",
        rows=[(a, final_score(a), doubts(a)) for a in attempts],
        counts=counts,
        total=total,
        number=number,
        last=last,
        chosen=filter_values(request.args),
        reader_may_review=may_review,
        groups=_options(group for group, _name in trainees),
        names=_options(
            name for group, name in trainees if only.group is None or group == only.group
        ),
        scenarios=_options(queue.scenarios()),
    )


@pages.get("/next")
def next_one() -> ResponseReturnValue:
    """Redirect to the first attempt in the queue, or to the one after ``after``."""
    return redirect(next_page(request.args.get("after", "")))


def next_page(after: str) -> str:
    """Return the URL of the attempt after this one in the queue, or of the queue at its end."""
    found = desk().queue.next_after(viewer().narrowed(filter_of(request.args)), after)
    chosen = filter_values(request.args)
    if found is None:
        return url_for("queue.show", **chosen)
    return url_for("attempt.show", attempt_id=found, **chosen)


def _options(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in dict.fromkeys(values)]
