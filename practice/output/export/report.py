"""Self-contained HTML pages: report, progress, certificate and exam."""

from __future__ import annotations

import hashlib
import io
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from practice.audio.clip import decode
from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError
from practice.i18n import gettext as _
from practice.i18n import is_chinese, ngettext
from practice.mandarin.alignment import columns
from practice.output import exam, review
from practice.output import progress as said
from practice.output import wording as words
from practice.output.alignment import MARKS
from practice.output.plots.progress import progress_svg, trend_svg
from practice.records.attempt import Attempt, Take, Trainee
from practice.records.score import Verdict
from practice.scoring.exam import ExamResult
from practice.scoring.review import final_score, numbered
from practice.scoring.trend import ElementCount, Progress
from practice.store import Filter, Store
from practice.store.people import People
from practice.store.reviews import Queue

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(template: str, out: BinaryIO, **values: Any) -> None:
    """Render a template to a file, in chunks, so that large pages need little memory.

    Args:
        template: File name in the folder ``templates``.
        out: File to write to.
        values: Variables of the template; iterables are consumed while writing.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style = (_TEMPLATES / "report.css").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "ngettext": ngettext, "words": words}
    page = environment.get_template(template).stream(
        **values,
        language="zh-CN" if is_chinese() else "en",
        style=Markup(style),
        style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
    )
    page.enable_buffering()
    page.dump(out, encoding="utf-8")


MOST_MISSED = 5
"""Number of elements listed as missed most."""

_LONGEST_NAME = 24
"""Maximum characters of a name in a file name, which may have 255 bytes in total."""


@dataclass(frozen=True, slots=True)
class Report:
    """Data of a trainee's report.

    Attributes:
        trainee: Trainee with their group.
        made_at: Time of the report, in ISO 8601.
        kept: Number of the trainee's stored attempts; the report may show only the newest.
        attempts: Attempts shown, the newest first.
        trend: Plot of the scores, as SVG.
    """

    trainee: Trainee
    made_at: str
    kept: int
    attempts: Sequence[Attempt]
    trend: bytes | None = None

    @property
    def results(self) -> Counter[str]:
        """Number of attempts with each final result."""
        return Counter(final_score(attempt).result for attempt in self.attempts)

    @property
    def missed(self) -> list[ElementCount]:
        """The required elements missed most by the final verdicts, the most missed first."""
        verdicts = Counter(
            (element.name, element.kind, element.verdict)
            for attempt in self.attempts
            for element in final_score(attempt).elements
            if element.required
        )
        counted = [
            ElementCount(name, kind, *(verdicts[name, kind, of] for of in _COUNTED))
            for name, kind, verdict in list(verdicts)
            if verdict is Verdict.MISSED
        ]
        return sorted(counted, key=lambda e: (-e.missed, e.missed + e.heard))[:MOST_MISSED]


_COUNTED = (Verdict.HEARD, Verdict.MISSED, Verdict.UNSURE)


def gather(store: Store, trainee: Trainee, last: int, made_at: str) -> Report:
    """Collect the data of a trainee's report; there may be no attempts.

    Args:
        store: Store to read from.
        trainee: Trainee with their group.
        last: Maximum number of attempts.
        made_at: Time of the report, in ISO 8601.
    """
    only = Filter(trainee=trainee.name, group=trainee.group)
    attempts = store.latest(only, limit=last)
    kept = Queue(store.database).counts(only).of(only)
    people = People(store.database)
    points = people.trend(people.number_of(trainee)) if attempts else []
    has_trend = any(point.total is not None for point in points)
    trend = trend_svg(points, trainee.name) if has_trend else None
    return Report(trainee, made_at, kept, attempts, trend)


def write_report(
    report: Report,
    attempts: Iterable[Attempt],
    out: BinaryIO,
    recording: Callable[[Take], bytes | None] | None,
) -> None:
    """Write a report, one attempt at a time.

    Args:
        report: The report.
        attempts: Its attempts; iterating over them may report progress.
        out: File to write to.
        recording: Function that loads the recording of an attempt, or None if it has none.
            Without the function, the report contains no recordings.
    """
    write_page(
        "report.html",
        out,
        report=report,
        entries=(
            (attempt, embed(recording(attempt.take)) if recording else None) for attempt in attempts
        ),
        trend=data_uri("image/svg+xml", report.trend) if report.trend else None,
        marks=MARKS,
        columns=columns,
        final_score=final_score,
        numbered=numbered,
        reviews=review,
    )


def file_name(names: Iterable[str], day: date) -> str:
    """Return a file name for the report, made of names and a date, valid on every system.

    The date also keeps it from being a name that Windows reserves.
    """
    safe = [re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST_NAME] for name in names]
    return "-".join([*filter(None, safe), day.isoformat()]) + ".html"


def write_certificate(result: ExamResult, sitting: int, out: BinaryIO) -> None:
    """Write the page; ``sitting`` numbers the trainee's attempts at the exam, from 1."""
    write_page("exam.html", out, result=result, sitting=sitting, exam=exam)


def write_progress(progress: Progress, made_at: str, out: BinaryIO) -> None:
    """Write the page; ``made_at`` is its time in ISO 8601."""
    write_page(
        "progress.html",
        out,
        progress=progress,
        made_at=made_at,
        picture=data_uri("image/svg+xml", progress_svg(progress)),
        said=said,
    )


# Compressed formats that browsers play are embedded unchanged.
_UNCHANGED = {".mp3": "audio/mpeg", ".ogg": "audio/ogg"}


@dataclass(frozen=True, slots=True)
class EmbeddedRecording:
    """Data URI of a recording, or the reason why there is none."""

    uri: str = ""
    why_not: str = ""


def embed(data: bytes | None) -> EmbeddedRecording:
    """Encode a recording as a data URI: MP3 and OGG unchanged, everything else as FLAC.

    The FLAC is mono, 16 bit, at the recognizer's 16 kHz.
    """
    if data is None:
        return EmbeddedRecording(why_not=_("There is no recording of this attempt here."))
    try:
        clip = decode(data, "")
    except AudioError:
        return EmbeddedRecording(why_not=_("The recording cannot be read."))
    if clip.is_too_long:
        return EmbeddedRecording(why_not=_("The recording is too long for this page."))
    if clip.suffix in _UNCHANGED:
        return EmbeddedRecording(data_uri(_UNCHANGED[clip.suffix], data))
    flac = io.BytesIO()
    soundfile.write(flac, clip.samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return EmbeddedRecording(data_uri("audio/flac", flac.getvalue()))


def data_uri(media_type: str, data: bytes) -> str:
    """Encode data as a base64 data URI."""
    return f"data:{media_type};base64,{b64encode(data).decode('ascii')}"
