"""Assessment of recorded files, one or many, and of labeled manifests."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.clip import Clip
from practice.errors import AudioError, PracticeError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Assessment, Attempt
from practice.records.scenario import Element, Line, Wording
from practice.store import recordings as takes
from practice.training.session import Session, Step

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def score_file(session: Session, step: Step, path: Path, take_number: int) -> Attempt:
    """Assess a file as an attempt at a step, and store it with a copy of the recording.

    A recording that exceeds the maximum length is stored as not scored, without a copy.

    Raises:
        AudioError: The file cannot be read or copied.
    """
    clip = audio.read(path)
    return _keep(session, step, take_number, path, clip, session.judge.assess(clip, step.line))


def score_files(
    session: Session, step: Step, paths: Sequence[Path], jobs: int
) -> Iterator[Attempt | PracticeError]:
    """Assess and store files like ``score_file``, with ``jobs`` threads.

    Returns:
        The attempt or the error for each path, in the order of ``paths``. Attempts are numbered
        by position, from 1.
    """
    assessor = replace(session.judge, threads=threads_of(jobs))

    def assess(path: Path) -> tuple[Clip, Assessment] | PracticeError:
        try:
            clip = audio.read(path)
            return clip, assessor.assess(clip, step.line)
        except PracticeError as error:
            return error

    found = zip(paths, in_order(assess, paths, jobs), strict=True)
    for number, (path, assessed) in enumerate(found, 1):
        if isinstance(assessed, PracticeError):
            yield assessed
            continue
        try:
            yield _keep(session, step, number, path, *assessed)
        except PracticeError as error:
            yield error


def _keep(
    session: Session, step: Step, number: int, path: Path, clip: Clip, assessment: Assessment
) -> Attempt:
    take = session.new_take(
        step, number, source="file", suffix=clip.suffix, with_audio=not clip.is_too_long
    )
    if take.audio is not None:
        takes.keep_copy(session.folder, take.audio, path)
    session.store.add(take, assessment)
    return Attempt(take, assessment)


# ---- concurrency -----------------------------------------------------------


def cores() -> int:
    """Return the number of processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of(jobs: int) -> int | None:
    """Return the recognizer's threads for each of several concurrent jobs.

    A single job returns None, which means the recognizer's default.
    """
    return max(1, cores() // jobs) if jobs > 1 else None


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], jobs: int
) -> Iterator[_Result]:
    """Apply ``work`` to the items in ``jobs`` threads, and yield the results in order.

    At most twice as many items are in progress, so that memory does not grow with their number.
    Threads suffice because nearly all of the work is the recognizer's, which releases the GIL, and
    they load its weights only once.
    """
    if jobs == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) == 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


# ---- manifests -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a manifest: its JSON object, the recording, and the line to assess it by."""

    keys: dict[str, Any]
    path: Path
    line: Line


def read_manifest(path: Path) -> list[Row]:
    """Read a manifest: one JSON object per line, with ``file``, ``script`` and ``elements``.

    ``file`` is relative to the manifest's folder.

    Raises:
        PracticeError: The manifest cannot be read, or a row is invalid; the message names its
            line.
    """
    rows = []
    for number, line in json_lines(path):
        try:
            row = _ManifestRow.model_validate_json(line, strict=True)
            rows.append(_row(path, row, json.loads(line, parse_constant=_refuse)))
        except (ValueError, RecursionError):
            raise PracticeError(
                _(
                    "{path}:{line}: not a valid manifest row. A row is a JSON object "
                    "with file, script and elements; the text of each element must be "
                    "in the script."
                ).format(path=path, line=number)
            ) from None
    return rows


def json_lines(path: Path) -> list[tuple[int, str]]:
    """Read the lines of a file that are not empty, each with its number, from 1.

    Raises:
        PracticeError: The file cannot be read, or is not UTF-8.
    """
    if not path.is_file():
        message = _("The manifest {path} does not exist. Check the path.")
        raise PracticeError(message.format(path=path))
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        message = _("The manifest {path} is not UTF-8. Save it as UTF-8.")
        raise PracticeError(message.format(path=path)) from None
    except OSError as error:
        message = _("The manifest {path} cannot be read: {why}.")
        raise PracticeError(message.format(path=path, why=system_reason(error))) from None
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]


def _refuse(constant: str) -> None:
    """Reject NaN and Infinity, which Python accepts although they are not JSON."""
    raise ValueError(constant)


class _ManifestElement(BaseModel):
    text: str = Field(min_length=1)


class _ManifestRow(BaseModel):
    file: str = Field(min_length=1)
    script: str = Field(min_length=1)
    elements: list[_ManifestElement]


def _row(manifest: Path, row: _ManifestRow, keys: dict[str, Any]) -> Row:
    script = row.script
    texts = list(dict.fromkeys(element.text for element in row.elements))
    elements = [
        Element(text, None, start, start + len(text), text)
        for text in texts
        for start in _occurrences(script, text, [t for t in texts if text in t and t != text])
    ]
    line = Line("", (Wording(script, tuple(sorted(elements, key=lambda e: e.start))),))
    return Row(keys, manifest.parent / row.file, line)


def _occurrences(script: str, text: str, longer: list[str]) -> list[int]:
    """Return the starts of a text in the script.

    Occurrences inside a longer element are left out if there are others: the 请 of 请问 is not the
    element 请.
    """
    places = _find_all(script, text)
    if not places:
        raise ValueError(f"{text} is not in the script")
    covered = [(start, start + len(t)) for t in longer for start in _find_all(script, t)]
    alone = [p for p in places if not any(a <= p and p + len(text) <= b for a, b in covered)]
    return alone or places


def _find_all(script: str, text: str) -> list[int]:
    return [i for i in range(len(script)) if text and script.startswith(text, i)]


def score_rows(
    assessor: Assessor, rows: Sequence[Row], jobs: int = 1
) -> Iterator[Assessment | AudioError]:
    """Assess the rows in order; a recording that cannot be read yields its error.

    A recording that successive rows share is transcribed once.
    """
    shared = replace(assessor, threads=threads_of(jobs))

    def assess(together: list[Row]) -> list[Assessment | AudioError]:
        first = together[0]
        try:
            heard = shared.listen(audio.read(first.path), first.line)
        except AudioError as error:
            return [error] * len(together)
        return [shared.score(heard, row.line) for row in together]

    groups = (list(together) for _path, together in groupby(rows, lambda row: row.path))
    for outcomes in in_order(assess, groups, jobs):
        yield from outcomes
