"""Takes on disk: their files, and those that a broken-off run left behind.

A take is announced in ``pending/`` before its first sample is written and struck off
when it is stored. The lock that a run holds meanwhile goes with its process, whatever
ended it; so a pending take whose lock is free was broken off, and is offered again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from practice.errors import AudioError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Take

_TAKE = TypeAdapter(Take)
_HEADER_BYTES = 44
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def audio_name(take_id: str, created_at: str, suffix: str) -> str:
    """The path of a take's audio relative to the recordings folder, with forward slashes."""
    return f"takes/{created_at[:7]}/{take_id}{suffix}"


def audio_path(folder: Path, audio: str) -> Path:
    """The file of a take's audio; its folder is made. Raises AudioError."""
    path = folder / audio
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(
            _("Cannot write to {folder}: {why}. Choose another folder with --recordings.").format(
                folder=path.parent, why=system_reason(error)
            )
        ) from None
    return path


def keep_copy(folder: Path, audio: str, source: Path) -> None:
    """Copy a recording into the recordings folder, wholly or not at all."""
    _put(folder, audio, str(source), lambda part: shutil.copyfile(source, part))


def keep(folder: Path, audio: str, data: bytes) -> None:
    """Put a recording that is in memory into the recordings folder, wholly or not at all."""
    _put(folder, audio, audio, lambda part: part.write_bytes(data))


def _put(folder: Path, audio: str, name: str, write: Callable[[Path], object]) -> None:
    target = audio_path(folder, audio)
    part = target.with_name(f".{target.name}.part")
    try:
        write(part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AudioError(
            _(
                "{path} cannot be copied to {folder}: {why}. Check the free space and the "
                "write permission there."
            ).format(path=name, folder=target.parent, why=system_reason(error))
        ) from None


@contextmanager
def pending(folder: Path, take: Take) -> Iterator[None]:
    """Hold a take as pending. It is struck off on the way out unless an error is on its way."""
    note = _note(folder, take.id)
    lock = FileLock(note.with_suffix(".lock"))
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        note.write_bytes(_TAKE.dump_json(take))
    except OSError as error:
        lock.release()
        raise AudioError(
            _("Cannot write to {folder}: {why}. Choose another folder with --recordings.").format(
                folder=note.parent, why=system_reason(error)
            )
        ) from None
    try:
        yield
    except BaseException:
        lock.release()
        raise
    note.unlink(missing_ok=True)
    lock.release()
    note.with_suffix(".lock").unlink(missing_ok=True)


def interrupted(folder: Path) -> list[Take]:
    """List the takes that an earlier run recorded but did not store, the oldest first."""
    return [take for note, take in _notes(folder) if take and _is_free(note)]


def under_way(folder: Path) -> list[Take]:
    """List the takes that are being recorded or judged at this moment."""
    return [take for note, take in _notes(folder) if take and not _is_free(note)]


def discard_truncated(folder: Path) -> None:
    """Forget the notes that were cut off while they were written: nothing was said yet."""
    for note, take in _notes(folder):
        if take is None and _is_free(note):
            note.unlink(missing_ok=True)
            note.with_suffix(".lock").unlink(missing_ok=True)


def sounds(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below takes/ that are named after an attempt, each with its id."""
    for path in (folder / "takes").glob("*/*"):
        name = _ID.search(path.name)
        if name:
            yield name[0], path


def has_sound(folder: Path, take: Take) -> bool:
    """Whether a pending take recorded anything: more than a WAV file's header."""
    path = folder / (take.audio or "")
    return path.is_file() and path.stat().st_size > _HEADER_BYTES


def discard(folder: Path, take: Take, *, with_audio: bool) -> None:
    """Forget a pending take, with its audio where it is not to be kept."""
    note = _note(folder, take.id)
    note.unlink(missing_ok=True)
    note.with_suffix(".lock").unlink(missing_ok=True)
    if with_audio and take.audio:
        (folder / take.audio).unlink(missing_ok=True)


def _note(folder: Path, take_id: str) -> Path:
    return folder / "pending" / f"{take_id}.json"


def _notes(folder: Path) -> list[tuple[Path, Take | None]]:
    """The notes of pending takes by their age; None for what is not, or not yet, readable."""
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
