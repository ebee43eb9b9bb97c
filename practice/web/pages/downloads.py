"""Downloads: the attempts that match a filter, and a trainee's report."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from flask import Blueprint, abort, request, send_file
from flask.typing import ResponseReturnValue

from practice.output.export import KINDS
from practice.output.export.report import file_name, gather, write_report
from practice.output.export.tables import in_memory, write
from practice.web.desk import desk, trainee_or_404, viewer
from practice.web.forms import filter_of

pages = Blueprint("downloads", __name__)

REPORT_TAKES = 20
"""Maximum number of attempts in a downloaded report; `practice report` makes longer ones."""

_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/jsonl",
    "html": "text/html",
}


@pages.get("/export.<kind>")
def export(kind: str) -> ResponseReturnValue:
    """Send the attempts that match the queue's filter as a table."""
    if kind not in KINDS:
        abort(404)
    file = in_memory()
    only = filter_of(request.args, "todo" if viewer().may_review else "all")
    write(kind, desk().store.stream(viewer().narrowed(only)), file)
    day = datetime.now().date().isoformat()
    return _send(file, kind, f"practice-{day}.{kind}")


@pages.get("/people/<int(max=2147483647):trainee_id>/report")
def report(trainee_id: int) -> ResponseReturnValue:
    """Send a trainee's report, with or without the recordings."""
    store, trainee = desk().store, trainee_or_404(trainee_id)
    made = datetime.now().astimezone()
    found = gather(store, trainee, REPORT_TAKES, made.isoformat())
    file = in_memory()
    write_report(found, found.attempts, file, store.recording if "audio" in request.args else None)
    return _send(file, "html", file_name([trainee.name, trainee.group], made.date()))


def _send(file: BinaryIO, kind: str, name: str) -> ResponseReturnValue:
    """Send a file as a download, so that it is never shown as a page of ours."""
    file.seek(0)
    given: Any = file
    return send_file(given, mimetype=_TYPES[kind], as_attachment=True, download_name=name)
