"""The page of an attempt, where a trainer hears and reviews it."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from uuid import UUID

import numpy as np
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ
from practice.delivery.comparison import Comparison
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _
from practice.output import delivery
from practice.output.comparison import lines
from practice.output.plots import attempt as picture
from practice.records.attempt import Attempt
from practice.records.review import Mark, Review
from practice.scoring.review import changes, doubts, final_score, numbered
from practice.store import ReviewConflictError
from practice.web.desk import attempt_or_404, desk, require_reviewer, viewer
from practice.web.forms import filter_of, filter_values, review_of
from practice.web.wording import clarity_legend, comparison, legend

pages = Blueprint("attempt", __name__)

EARLIER = 5
"""Number of previous attempts at the same line to show."""

_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
}


@pages.get("/attempts/<uuid:attempt_id>")
def show(attempt_id: UUID) -> ResponseReturnValue:
    """Show an attempt."""
    attempt = attempt_or_404(attempt_id)
    return _page(attempt, attempt.review)


@pages.get("/attempts/<uuid:attempt_id>/audio")
def sound(attempt_id: UUID) -> ResponseReturnValue:
    """Send the recording, or the requested range of it."""
    attempt = attempt_or_404(attempt_id)
    data = desk().store.recording(attempt.take)
    if data is None:
        abort(404)
    suffix = PurePosixPath(attempt.take.audio or "").suffix
    kind = _TYPES.get(suffix, "application/octet-stream")
    return send_file(io.BytesIO(data), mimetype=kind, conditional=True)


@pages.get("/attempts/<uuid:attempt_id>/picture.svg")
def drawn(attempt_id: UUID) -> ResponseReturnValue:
    """Draw the recording: waveform, pitch, characters at their times, pauses."""
    attempt = attempt_or_404(attempt_id)
    data = desk().store.recording(attempt.take)
    if data is None:
        abort(404)
    try:
        found = desk().readings.compare(attempt, data)
    except PracticeError as error:
        current_app.logger.warning("%s", error)
        found = None
    contour = found.contour if isinstance(found, Comparison) else None
    try:
        return Response(picture.svg(attempt, data, contour), mimetype="image/svg+xml")
    except AudioError:
        abort(404)


@pages.get("/attempts/<uuid:attempt_id>/beside")
def compare_with_reference(attempt_id: UUID) -> ResponseReturnValue:
    """Return the comparison with the reference recording of the line, as lines of text.

    Recognizing the reference recording takes a while the first time, so the page requests the
    comparison separately.
    """
    attempt = attempt_or_404(attempt_id)
    try:
        found = desk().readings.compare(attempt, desk().store.recording(attempt.take))
    except PracticeError as error:
        current_app.logger.warning("%s", error)
        return [
            _(
                "The reference recording cannot be analyzed now. The server's terminal shows the "
                "reason."
            )
        ]
    return list(lines(found))


@pages.post("/attempts/<uuid:attempt_id>")
def save(attempt_id: UUID) -> ResponseReturnValue:
    """Save the trainer's review and go to the next attempt in the queue."""
    require_reviewer()
    attempt = attempt_or_404(attempt_id)
    try:
        review = review_of(request.form, attempt, viewer().name)
    except PracticeError as error:
        return _page(attempt, attempt.review, told=str(error)), 409
    store = desk().store
    try:
        store.add_review(attempt.take.id, review)
    except ReviewConflictError as error:
        # Keep what was entered; saved again, it follows the other review.
        page = _page(attempt_or_404(attempt_id), review, told=str(error), theirs=error.theirs)
        return page, 409
    except PracticeError as error:
        return _page(attempt, review, told=str(error)), 503
    flash(
        _("Saved: {trainee}, {script}").format(
            trainee=attempt.take.trainee.name, script=attempt.take.spec.script
        ),
        category=attempt.take.id,
    )
    chosen = filter_values(request.args)
    following = desk().queue.next_after(filter_of(request.args), attempt.take.id)
    if following is None:
        return redirect(url_for("queue.show", **chosen), 303)
    return redirect(url_for("attempt.show", attempt_id=following, **chosen), 303)


def _page(
    attempt: Attempt, entered: Review | None, told: str = "", theirs: Review | None = None
) -> str:
    """Render the page of an attempt, with the form filled from the ``entered`` review."""
    store = desk().store
    characters = comparison(attempt.assessment)
    data = store.recording(attempt.take) if attempt.take.audio else None
    return render_template(
        "attempt.html",
        attempt=attempt,
        take=attempt.take,
        machine=attempt.assessment.score,
        final=final_score(attempt),
        doubts=doubts(attempt),
        elements=list(numbered(attempt.assessment.score.elements)),
        characters=characters,
        legend=legend(characters),
        clarity_legend=clarity_legend(characters),
        delivery=list(delivery.rows(attempt)),
        counted=delivery.points(attempt.assessment.score),
        wave=outline(data) if data is not None else None,
        audible=data is not None,
        has_reference=data is not None and desk().readings.find(attempt) is not None,
        entered=entered,
        marks={(m.name, m.nth): m for m in entered.marks} if entered else {},
        seen={o.item: o.seen for o in entered.observations} if entered else {},
        told=told,
        theirs=theirs,
        base=theirs.id if theirs else attempt.review.id if attempt.review else "",
        trail=_trail(store.reviews_of(attempt.take.id)),
        judgements=store.scores_of(attempt.take.id),
        earlier=[(a, final_score(a)) for a in store.earlier(attempt.take, EARLIER)],
        chosen=filter_values(request.args),
    )


def _trail(
    reviews: list[Review],
) -> list[tuple[Review, tuple[Mark, ...], bool, bool]]:
    """Return each review with its changes from the one before it."""
    before: list[Review | None] = [None, *reviews]
    return [(after, *changes(b, after)) for b, after in zip(before, reviews, strict=False)]


WIDTH = 1000
"""Columns of the picture, regardless of the duration."""

HEIGHT = 120


def outline(sound: bytes) -> tuple[str, float] | None:
    """Return the waveform of a recording and its duration.

    The height is relative to the recording's own peak, so that quiet speech is visible.

    Args:
        sound: Content of an audio file.

    Returns:
        The ``d`` attribute of an SVG path, ``WIDTH`` × ``HEIGHT``, and the duration in seconds;
        None if the file cannot be decoded or is empty.
    """
    try:
        clip = audio.decode(sound, "")
    except AudioError:
        return None
    samples = clip.samples
    if not len(samples):
        return None
    # If there are fewer samples than columns, they are repeated.
    edges = np.linspace(0, len(samples), WIDTH + 1).astype(int)
    starts = np.minimum(edges[:-1], len(samples) - 1)
    peaks = np.maximum.reduceat(np.abs(samples), starts)
    # Draw the noise of a silent recording as a line.
    loudest = max(float(peaks.max()), 0.01)
    half = HEIGHT / 2
    heights = np.maximum(peaks / loudest * (half - 2), 0.5)
    upper = [f"{x} {half - y:.1f}" for x, y in enumerate(heights)]
    lower = [f"{x} {half + y:.1f}" for x, y in reversed(list(enumerate(heights)))]
    return "M" + "L".join(upper + lower) + "Z", len(samples) / RATE_HZ
