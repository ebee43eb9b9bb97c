"""Pages about trainees: progress, groups, and agreement of machine and trainer."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from practice.output.plots.progress import trend_svg
from practice.store.people import Cell, Summary
from practice.web.desk import desk, require_reviewer, trainee_or_404, viewer

pages = Blueprint("people", __name__)

MISSED_MOST = 10
"""Maximum number of missed elements on a trainee's page."""

_LEVELS = 5


@pages.get("/people")
def show() -> ResponseReturnValue:
    """List the trainees of one group or of all."""
    require_reviewer()
    people = desk().people
    group = request.args.get("group") or None
    return render_template(
        "people.html", summaries=people.summaries(group), groups=people.groups(), group=group
    )


@pages.get("/people/<int(max=2147483647):trainee_id>")
def one(trainee_id: int) -> ResponseReturnValue:
    """Show a trainee's progress."""
    summary = _summary_or_404(trainee_id)
    people = desk().people
    return render_template(
        "person.html",
        summary=summary,
        missed=people.missed_most(trainee_id, MISSED_MOST),
        has_trend=any(point.total is not None for point in people.trend(trainee_id)),
        redo=[a for i in summary.redo if (a := desk().store.find(i)) is not None],
    )


@pages.get("/progress")
def own() -> ResponseReturnValue:
    """Redirect trainees to their own progress."""
    trainee = viewer().trainee
    if trainee is None:
        return redirect(url_for("people.show"))
    for summary in desk().people.summaries(trainee.group):
        if summary.name == trainee.name:
            return redirect(url_for("people.one", trainee_id=summary.trainee_id))
    return redirect(url_for("queue.show"))


@pages.get("/people/<int(max=2147483647):trainee_id>/trend.svg")
def trend(trainee_id: int) -> ResponseReturnValue:
    """Draw a trainee's scores over time."""
    summary = _summary_or_404(trainee_id)
    picture = trend_svg(desk().people.trend(trainee_id), summary.name)
    return Response(picture, mimetype="image/svg+xml")


@pages.get("/groups")
def groups() -> ResponseReturnValue:
    """Show the heat map of elements and trainees of a group."""
    require_reviewer()
    people = desk().people
    known = people.groups()
    group = request.args.get("group") or (known[0] if known else None)
    return render_template(
        "groups.html", heat=people.heat_map(group), groups=known, group=group, level=_level
    )


@pages.get("/agreement")
def agreement() -> ResponseReturnValue:
    """Show the agreement of machine and trainer on each element."""
    require_reviewer()
    return render_template("agreement.html", rows=desk().people.agreement())


def _summary_or_404(trainee_id: int) -> Summary:
    """Return a trainee's summary; 404 if the viewer may not see it."""
    summaries = desk().people.summaries(trainee_or_404(trainee_id).group)
    return next(summary for summary in summaries if summary.trainee_id == trainee_id)


def _level(cell: Cell) -> int | None:
    """Return the share of missed verdicts from 0 (none) to 5 (all), rounded up, or None."""
    judged = cell.heard + cell.missed
    return None if not judged else -(-cell.missed * _LEVELS // judged)
