"""Self-contained HTML pages: report, progress, certificate and exam."""

from __future__ import annotations

import hashlib
import io
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from practice.audio.clip import decode
from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError
from practice.i18n import gettext as _
from practice.i18n import is_chinese, ngettext
from practice.mandarin.alignment import Column, columns
from practice.output import exam
from practice.output import progress as said
from practice.output import wording as words
from practice.output.alignment import MARKS
from practice.output.plots.progress import progress_svg, trend_svg
from practice.output.review import comment_text, decision_text, observation_text, postures
from practice.output.wording import element_name
from practice.records.attempt import Attempt, Take, Trainee
from practice.records.score import Chunk, ElementResult, Op, Result, Score, Verdict
from practice.scoring.exam import ExamResult
from practice.scoring.review import final_score, numbered
from practice.scoring.trend import Progress
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


_LONGEST_NAME = 24
"""Maximum characters of a name in a file name, which may have 255 bytes in total."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Head of a report, above the attempts.

    Attributes:
        trainee: Trainee with their group.
        made_at: Time of the report, in ISO 8601.
        kept: Number of the trainee's stored attempts; the report may show only the newest.
        summary: Summary of the attempts shown.
        trend: Plot of the scores, as SVG.
    """

    trainee: Trainee
    made_at: str
    kept: int
    summary: Summary
    trend: bytes | None = None


def write_report(
    cover: Cover,
    attempts: Iterable[Attempt],
    out: BinaryIO,
    sound: Callable[[Take], bytes | None] | None,
) -> None:
    """Write the report, one attempt at a time.

    Args:
        cover: Head of the report.
        attempts: Attempts, in the order to show them.
        out: File to write to.
        sound: Function that loads the recording of an attempt, or None if it has none.
            Without the function, the report contains no recordings.
    """
    write_page(
        "report.html",
        out,
        cover=cover,
        entries=_with_sound(attempts, sound),
        trend=data_uri("image/svg+xml", cover.trend) if cover.trend else None,
        marks=MARKS,
        comment_text=comment_text,
        decision_text=decision_text,
        observation_text=observation_text,
        postures=postures,
    )


def _with_sound(
    attempts: Iterable[Attempt], sound: Callable[[Take], bytes | None] | None
) -> Iterator[tuple[Entry, Sound | None]]:
    for attempt in attempts:
        yield entry_of(attempt), embed(sound(attempt.take)) if sound else None


def file_name(names: Iterable[str], day: date) -> str:
    """Return a file name for the report, made of names and a date, valid on every system.

    The date also keeps it from being a name that Windows reserves.
    """
    safe = [re.sub(r"[\W_]+", "_", name).strip("_")[:_LONGEST_NAME] for name in names]
    return "-".join([*filter(None, safe), day.isoformat()]) + ".html"


def write_certificate(result: ExamResult, sitting: int, out: BinaryIO) -> None:
    """Write the page; ``sitting`` numbers the trainee's attempts at the exam, from 1."""
    write_page(
        "exam.html",
        out,
        result=result,
        heading=exam.heading(result, sitting),
        total=exam.total_text(result),
        figures=exam.figures(result),
        faults=exam.faults(result),
        judged_by=exam.judged_by(result),
        line_text=exam.line_text,
    )


def gather(store: Store, trainee: Trainee, last: int, made_at: str) -> tuple[Cover, list[Attempt]]:
    """Collect the data of a trainee's report.

    Args:
        store: Store to read from.
        trainee: Trainee with their group.
        last: Maximum number of attempts.
        made_at: Time of the report, in ISO 8601.

    Returns:
        The cover and the newest attempts; the list may be empty.
    """
    only = Filter(trainee=trainee.name, group=trainee.group)
    attempts = store.latest(only, limit=last)
    kept = Queue(store.database).counts(only).of(only)
    cover = Cover(trainee, made_at, kept, summary_of(attempts))
    people = People(store.database)
    points = people.trend(people.number_of(trainee)) if attempts else []
    if any(point.total is not None for point in points):
        cover = replace(cover, trend=trend_svg(points, trainee.name))
    return cover, attempts


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
class Sound:
    """Data URI of a recording, or the reason why there is none."""

    uri: str = ""
    why_not: str = ""


def embed(data: bytes | None) -> Sound:
    """Encode a recording as a data URI: MP3 and OGG unchanged, everything else as FLAC.

    The FLAC is mono, 16 bit, at the recognizer's 16 kHz.
    """
    if data is None:
        return Sound(why_not=_("There is no recording of this attempt here."))
    try:
        clip = decode(data, "")
    except AudioError:
        return Sound(why_not=_("The recording cannot be read."))
    if clip.is_too_long:
        return Sound(why_not=_("The recording is too long for this page."))
    if clip.suffix in _UNCHANGED:
        return Sound(data_uri(_UNCHANGED[clip.suffix], data))
    flac = io.BytesIO()
    soundfile.write(flac, clip.samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return Sound(data_uri("audio/flac", flac.getvalue()))


def data_uri(media_type: str, data: bytes) -> str:
    """Encode data as a base64 data URI."""
    return f"data:{media_type};base64,{b64encode(data).decode('ascii')}"


MOST_MISSED = 5
"""Number of elements listed as missed most."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An element with the machine's verdict, and the trainer's verdict if it differs."""

    element: ElementResult
    trainer: Verdict | None
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An attempt as the report shows it."""

    attempt: Attempt
    machine: Score
    final: Score
    elements: tuple[Judged, ...]
    columns: tuple[Column, ...]
    differences: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """Number of times an element was missed, out of the times it was judged heard or missed."""

    name: str
    missed: int
    judged: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Attempts counted by final result, and the elements missed most."""

    takes: int
    passed: int
    failed: int
    undecided: int
    unscored: int
    missed: tuple[Missed, ...]


def entry_of(attempt: Attempt) -> Entry:
    """Collect everything that the report shows of an attempt, except its recording."""
    machine, final = attempt.assessment.score, final_score(attempt)
    marks = {(m.name, m.nth): m for m in attempt.review.marks} if attempt.review else {}
    elements = tuple(
        Judged(
            element,
            marks[place].verdict if place in marks else None,
            marks[place].reason if place in marks else "",
        )
        for place, element in numbered(machine.elements)
    )
    return Entry(
        attempt,
        machine,
        final,
        elements,
        tuple(columns(machine.chunks)),
        tuple(chunk for chunk in machine.chunks if chunk.op is not Op.EQUAL),
    )


def summary_of(attempts: Collection[Attempt]) -> Summary:
    """Count attempts and missed required elements by their final results and verdicts."""
    results: Counter[Result] = Counter()
    verdicts: Counter[tuple[str, Verdict]] = Counter()
    for final in map(final_score, attempts):
        results[final.result] += 1
        verdicts.update((element_name(e), e.verdict) for e in final.elements if e.required)
    missed = [
        Missed(name, times, times + verdicts[name, Verdict.HEARD])
        for (name, verdict), times in verdicts.items()
        if verdict is Verdict.MISSED
    ]
    missed.sort(key=lambda m: (-m.missed, m.judged))
    return Summary(
        takes=len(attempts),
        passed=results[Result.PASSED],
        failed=results[Result.FAILED],
        undecided=results[Result.NEEDS_REVIEW],
        unscored=results[Result.UNSCORED],
        missed=tuple(missed[:MOST_MISSED]),
    )
