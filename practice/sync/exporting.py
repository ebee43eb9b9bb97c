"""Export of attempts into a bundle: written atomically, then recorded as exported."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4

from practice.errors import BundleError, system_reason
from practice.files import atomic_write
from practice.i18n import gettext as _
from practice.store import Store
from practice.store.database import now
from practice.store.exchange import AttemptState, Exchange, Outgoing
from practice.sync import format as packs


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The result of an export.

    Attributes:
        path: File of the bundle.
        attempts: Number of attempts in it.
        reviews: Number of reviews in it.
        recordings: Number of recordings in it.
        size: Size of the file in bytes.
        left_out: A message for each record or recording that could not be exported.
    """

    path: Path
    attempts: int
    reviews: int
    recordings: int
    size: int
    left_out: tuple[str, ...]


def write(
    store: Store,
    ids: Sequence[str],
    choose_path: Callable[[str], Path],
    *,
    every_sound: bool,
    progress: Callable[[int, int], None],
) -> ExportResult:
    """Export attempts into a bundle, and record them as exported.

    Args:
        store: Store of the attempts.
        ids: Ids of the attempts.
        choose_path: Returns the path of the bundle, given a prefix of six characters that is
            the same for all bundles of the store.
        every_sound: Include recordings that were imported from another store. By default
            they are left out, because the sender has them.
        progress: Called with the number of attempts done and of all attempts.

    Raises:
        PackError: The file exists or cannot be written, or no attempt can be exported.
    """
    exchange = Exchange(store.database)
    pack_id, created_at = str(uuid4()), now()
    path = choose_path((exchange.first_pack() or pack_id)[:6])
    if path.exists():
        raise BundleError(
            _("{path} already exists. Choose another name with -o.").format(path=path)
        )
    try:
        with atomic_write(path) as raw:
            with _archive(raw) as archive:
                writing = _Writing(store, archive, every_sound=every_sound)
                for done, outgoing in enumerate(exchange.outgoing(ids), 1):
                    writing.add(outgoing)
                    progress(done, len(ids))
                if not writing.sent:
                    raise BundleError("\n".join(writing.left_out))
                contents = packs.contents_to_bytes(pack_id, created_at, writing.entries)
                archive.writestr(_entry(packs.CONTENTS), contents, zipfile.ZIP_DEFLATED)
            raw.flush()
            os.fsync(raw.fileno())  # a USB stick is soon pulled out
            size = raw.tell()
    except OSError as error:
        raise BundleError(_unwritable(path, error)) from None
    # Record the bundle last: if this fails, the attempts are exported again. If an unfinished
    # bundle were recorded, they would be lost.
    exchange.record_pack(pack_id, created_at, writing.sent)
    return ExportResult(
        path,
        len(writing.sent),
        writing.reviews,
        writing.recordings,
        size,
        tuple(writing.left_out),
    )


@contextmanager
def _archive(raw: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file that is completed only if no error occurs."""
    archive = zipfile.ZipFile(raw, "w")
    try:
        yield archive
        archive.close()
    except BaseException:
        # Closing in the middle of an entry raises an error that would hide Ctrl-C.
        archive.fp = None
        raise


class _Writing:
    """A bundle that is being written, and its contents so far."""

    def __init__(self, store: Store, archive: zipfile.ZipFile, *, every_sound: bool) -> None:
        self._store = store
        self._archive = archive
        self._every_sound = every_sound
        self.entries: dict[str, packs.Entry] = {}
        self.sent: list[AttemptState] = []
        self.reviews = self.recordings = 0
        self.left_out: list[str] = []

    def add(self, outgoing: Outgoing) -> None:
        """Add an attempt with its recording; if it is invalid, only append to ``left_out``."""
        record = outgoing.record
        data = packs.record_to_bytes(record)
        try:
            # A single invalid record would make readers reject the whole bundle.
            packs.record_from_bytes(record.take.id, data)
        except packs.FormatError as error:
            text = _(
                "Attempt {id} was not exported: its record would be rejected on import ({what})."
            )
            self.left_out.append(text.format(id=record.take.id, what=error))
            return
        self._put(packs.record_name(record.take.id), data, zipfile.ZIP_DEFLATED)
        self.sent.append(outgoing.standing)
        self.reviews += len(record.reviews)
        for name, sound in self._sound(outgoing):
            self._put(name, sound, zipfile.ZIP_STORED)
            self.recordings += 1

    def _sound(self, outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
        take = outgoing.take
        if take.audio is None or (outgoing.received and not self._every_sound):
            return
        suffix = PurePosixPath(take.audio).suffix
        sound = self._store.recording(take)
        if sound is None:
            text = _("Recording {path} was not exported: the file is missing.")
        elif len(sound) > packs.MOST_SOUND_BYTES or suffix not in packs.SOUND_SUFFIXES:
            text = _(
                "Recording {path} was not exported: it is too large for an attempt, or its "
                "format is not supported."
            )
        else:
            yield packs.sound_name(take.id, suffix), sound
            return
        self.left_out.append(text.format(path=take.audio))

    def _put(self, name: str, data: bytes, compression: int) -> None:
        self._archive.writestr(_entry(name), data, compression)
        self.entries[name] = packs.Entry(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _unwritable(path: Path, error: OSError) -> str:
    return _("{path} cannot be written: {why}. Choose another place with -o.").format(
        path=path, why=system_reason(error)
    )


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name)
