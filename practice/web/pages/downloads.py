"""Downloads: the attempts that match a filter, and a trainee's report."""

from __future__ import annotations

from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, request, send_file
from flask.typing import ResponseReturnValue

from practice.output.export import KINDS
from practice.output.export.files import write
from practice.output.export.report import file_name, gather, write_report
from practice.records.attempt import Trainee
from practice.web.desk import desk, viewer
from practice.web.forms import filter_of

pages = Blueprint("downloads", __name__)

REPORT_TAKES = 20
"""Maximum number of attempts in a downloaded report; `practice report` makes longer ones."""

_IN_MEMORY_BYTES = 8_000_000

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
    file = _file()
    only = filter_of(request.args, "todo" if viewer().may_review else "all")
    write(kind, desk().store.stream(viewer().narrowed(only)), file)
    day = datetime.now().date().isoformat()
    return _send(file, kind, f"practice-{day}.{kind}")


@pages.get("/people/<int(max=2147483647):trainee_id>/report")
def report(trainee_id: int) -> ResponseReturnValue:
    """Send a trainee's report, with or without the recordings."""
    person = desk().people.person(trainee_id)
    if person is None or not viewer().may_see_trainee(Trainee(person.name, person.group)):
        abort(404)
    made = datetime.now().astimezone()
    cover, attempts = gather(
        desk().store, Trainee(person.name, person.group), REPORT_TAKES, made.isoformat()
    )
    file = _file()
    write_report(cover, attempts, file, desk().store.recording if "audio" in request.args else None)
    return _send(file, "html", file_name([person.name, person.group], made.date()))


def _file() -> BinaryIO:
    return cast(BinaryIO, SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))


def _send(file: BinaryIO, kind: str, name: str) -> ResponseReturnValue:
    """Send a file as a download, so that it is never shown as a page of ours."""
    file.seek(0)
    given: Any = file
    return send_file(given, mimetype=_TYPES[kind], as_attachment=True, download_name=name)
