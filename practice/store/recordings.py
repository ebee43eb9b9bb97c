"""Recordings on disk, and recovery of those from an interrupted run.

A run writes a note of the attempt to ``pending/`` before the first sample and deletes it when the
attempt is stored. Meanwhile it holds a lock, which is released when its process ends for whatever
reason. A note whose lock is free therefore belongs to an interrupted run, and its attempt is
offered again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from practice.errors import AudioError, system_reason
from practice.files import atomic_write
from practice.i18n import gettext as _
from practice.records.attempt import Take

_TAKE = TypeAdapter(Take)
_HEADER_BYTES = 44
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def audio_name(take_id: str, created_at: str, suffix: str) -> str:
    """Return the path of a recording relative to the recordings folder, with forward slashes.

    Args:
        take_id: ID of the attempt.
        created_at: ISO 8601; its year and month name the subfolder.
        suffix: File name suffix with the dot.
    """
    return f"takes/{created_at[:7]}/{take_id}{suffix}"


def audio_path(folder: Path, audio: str) -> Path:
    """Return the path of a recording in the recordings folder and create its own folder.

    Raises:
        AudioError: The folder cannot be created.
    """
    path = folder / audio
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path.parent, error) from None
    return path


def keep_copy(folder: Path, audio: str, source: Path) -> None:
    """Copy a file to the path ``audio`` in the recordings folder, atomically.

    Raises:
        AudioError: The file cannot be copied.
    """
    with _writing(folder, audio, str(source)) as target, source.open("rb") as file:
        shutil.copyfileobj(file, target)


def keep(folder: Path, audio: str, data: bytes) -> None:
    """Write a file to the path ``audio`` in the recordings folder, atomically.

    Raises:
        AudioError: The file cannot be written.
    """
    with _writing(folder, audio, audio) as target:
        target.write(data)


@contextmanager
def _writing(folder: Path, audio: str, name: str) -> Iterator[BinaryIO]:
    path = audio_path(folder, audio)
    try:
        with atomic_write(path) as file:
            yield file
    except OSError as error:
        raise AudioError(
            _(
                "{path} cannot be copied to {folder}: {why}. Check the free space and the "
                "write permission there."
            ).format(path=name, folder=path.parent, why=system_reason(error))
        ) from None


@contextmanager
def pending(folder: Path, take: Take) -> Iterator[None]:
    """Keep a note and a lock for an attempt while it is recorded and stored.

    The note is deleted on exit. It remains if the block raises an exception, so that the attempt
    is offered again.

    Raises:
        AudioError: The note cannot be written.
    """
    note = _note(folder, take.id)
    lock = FileLock(note.with_suffix(".lock"))
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        note.write_bytes(_TAKE.dump_json(take))
    except OSError as error:
        lock.release()
        raise _unwritable(note.parent, error) from None
    try:
        yield
    except BaseException:
        lock.release()
        raise
    note.unlink(missing_ok=True)
    lock.release()
    note.with_suffix(".lock").unlink(missing_ok=True)


def interrupted(folder: Path) -> list[Take]:
    """Return the attempts that earlier runs recorded but did not store, oldest first."""
    return [take for note, take in _notes(folder) if take and _is_free(note)]


def in_progress(folder: Path) -> list[Take]:
    """Return the attempts that are being recorded or assessed now."""
    return [take for note, take in _notes(folder) if take and not _is_free(note)]


def discard_truncated(folder: Path) -> None:
    """Delete the notes whose writing was interrupted: nothing was recorded yet."""
    for note, take in _notes(folder):
        if take is None and _is_free(note):
            _delete(note)


def recorded_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the attempt ID and path of each file in ``takes/`` that is named after an attempt."""
    for path in (folder / "takes").glob("*/*"):
        name = _ID.search(path.name)
        if name:
            yield name[0], path


def has_audio(folder: Path, take: Take) -> bool:
    """Return whether a pending attempt has audio, that is, more than a WAV header."""
    path = folder / (take.audio or "")
    return path.is_file() and path.stat().st_size > _HEADER_BYTES


def discard(folder: Path, take: Take, *, with_audio: bool) -> None:
    """Delete the note of a pending attempt, and its recording if ``with_audio``."""
    _delete(_note(folder, take.id))
    if with_audio and take.audio:
        (folder / take.audio).unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> AudioError:
    return AudioError(
        _("Cannot write to {folder}: {why}. Choose another folder with --recordings.").format(
            folder=folder, why=system_reason(error)
        )
    )


def _delete(note: Path) -> None:
    note.unlink(missing_ok=True)
    note.with_suffix(".lock").unlink(missing_ok=True)


def _note(folder: Path, take_id: str) -> Path:
    return folder / "pending" / f"{take_id}.json"


def _notes(folder: Path) -> list[tuple[Path, Take | None]]:
    """Return all notes, oldest first; the attempt is None if a note is not readable (yet)."""
    found: list[tuple[Path, Take | None]] = []
    for note in (folder / "pending").glob("*.json"):
        try:
            found.append((note, _TAKE.validate_json(note.read_bytes())))
        except (OSError, ValidationError):
            found.append((note, None))
    return sorted(found, key=lambda entry: entry[1].created_at if entry[1] else "")


def _is_free(note: Path) -> bool:
    try:
        with FileLock(note.with_suffix(".lock"), timeout=0):
            return True
    except Timeout:
        return False
