"""The page of an attempt, where a trainer hears and reviews it."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from uuid import UUID

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
)
from flask.typing import ResponseReturnValue

from practice.delivery.comparison import Comparison
from practice.errors import AudioError, PracticeError
from practice.i18n import gettext as _
from practice.output import delivery
from practice.output.alignment import clarity_legend, difference_legend
from practice.output.comparison import lines
from practice.output.plots import attempt as picture
from practice.output.review import marks_of
from practice.records.attempt import Attempt
from practice.records.review import Review
from practice.scoring.review import changes, doubts, final_score, numbered
from practice.store import ReviewConflictError
from practice.web.desk import attempt_or_404, desk, require_reviewer, viewer
from practice.web.forms import filter_values, review_of
from practice.web.pages.queue import next_page
from practice.web.wording import comparison

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
    attempt, recording = _recording_or_404(attempt_id)
    suffix = PurePosixPath(attempt.take.audio or "").suffix
    kind = _TYPES.get(suffix, "application/octet-stream")
    return send_file(io.BytesIO(recording), mimetype=kind, conditional=True)


@pages.get("/attempts/<uuid:attempt_id>/picture.svg")
def drawn(attempt_id: UUID) -> ResponseReturnValue:
    """Draw the recording: waveform, pitch, characters at their times, pauses."""
    attempt, recording = _recording_or_404(attempt_id)
    try:
        found = desk().references.compare(attempt, recording)
    except PracticeError as error:
        current_app.logger.warning("%s", error)
        found = None
    contour = found.contour if isinstance(found, Comparison) else None
    try:
        return Response(picture.svg(attempt, recording, contour), mimetype="image/svg+xml")
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
        found = desk().references.compare(attempt, desk().store.recording(attempt.take))
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
        return _page(attempt, attempt.review, error=str(error)), 409
    store = desk().store
    try:
        store.add_review(attempt.take.id, review)
    except ReviewConflictError as error:
        # Keep what was entered; saved again, it follows the other review.
        page = _page(attempt_or_404(attempt_id), review, error=str(error), theirs=error.theirs)
        return page, 409
    except PracticeError as error:
        return _page(attempt, review, error=str(error)), 503
    flash(
        _("Saved: {trainee}, {script}").format(
            trainee=attempt.take.trainee.name, script=attempt.take.spec.script
        ),
        category=attempt.take.id,
    )
    return redirect(next_page(attempt.take.id), 303)


def _page(
    attempt: Attempt, entered: Review | None, error: str = "", theirs: Review | None = None
) -> str:
    """Render the page of an attempt, with the form filled from the ``entered`` review."""
    store = desk().store
    reviews = store.reviews_of(attempt.take.id)
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
        legend=difference_legend([c.op for c in characters]),
        clarity_legend=clarity_legend([c.clarity for c in characters]),
        delivery=list(delivery.rows(attempt)),
        counted=delivery.points(attempt.assessment.score),
        wave=_wave(attempt, data),
        audible=data is not None,
        has_reference=data is not None and desk().references.find(attempt) is not None,
        entered=entered,
        marks=marks_of(entered),
        seen={o.item: o.seen for o in entered.observations} if entered else {},
        error=error,
        theirs=theirs,
        base=theirs.id if theirs else attempt.review.id if attempt.review else "",
        trail=[
            (after, *changes(before, after))
            for before, after in zip([None, *reviews], reviews, strict=False)
        ],
        judgements=store.scores_of(attempt.take.id),
        earlier=[(a, final_score(a)) for a in store.earlier(attempt.take, EARLIER)],
        chosen=filter_values(request.args),
    )


def _recording_or_404(attempt_id: UUID) -> tuple[Attempt, bytes]:
    attempt = attempt_or_404(attempt_id)
    recording = desk().store.recording(attempt.take)
    if recording is None:
        abort(404)
    return attempt, recording


def _wave(attempt: Attempt, recording: bytes | None) -> tuple[str, float] | None:
    try:
        return None if recording is None else picture.outline(attempt, recording)
    except AudioError:
        return None
