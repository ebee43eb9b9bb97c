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
from practice.records.attempt import Take
from practice.store import Store
from practice.store.database import now
from practice.store.exchange import AttemptState, Exchange, Outgoing
from practice.sync import format as bundles


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
    all_recordings: bool,
    progress: Callable[[int, int], None],
) -> ExportResult:
    """Export attempts into a bundle, and record them as exported.

    Args:
        store: Store of the attempts.
        ids: Ids of the attempts.
        choose_path: Returns the path of the bundle, given a prefix of six characters that is
            the same for all bundles of the store.
        all_recordings: Include recordings that were imported from another store. By default
            they are left out, because the sender has them.
        progress: Called with the number of attempts done and of all attempts.

    Raises:
        BundleError: The file exists or cannot be written, or no attempt can be exported.
    """
    exchange = Exchange(store.database)
    bundle_id, created_at = str(uuid4()), now()
    path = choose_path((exchange.first_bundle() or bundle_id)[:6])
    if path.exists():
        raise BundleError(
            _("{path} already exists. Choose another name with -o.").format(path=path)
        )
    try:
        with atomic_write(path) as raw:
            with _archive(raw) as archive:
                writer = _Writer(store, archive, all_recordings=all_recordings)
                for done, outgoing in enumerate(exchange.outgoing(ids), 1):
                    writer.add(outgoing)
                    progress(done, len(ids))
                if not writer.sent:
                    raise BundleError("\n".join(writer.left_out))
                contents = bundles.contents_to_bytes(bundle_id, created_at, writer.entries)
                archive.writestr(zipfile.ZipInfo(bundles.CONTENTS), contents, zipfile.ZIP_DEFLATED)
            raw.flush()
            os.fsync(raw.fileno())  # a USB stick is soon pulled out
            size = raw.tell()
    except OSError as error:
        raise BundleError(
            _("{path} cannot be written: {why}. Choose another place with -o.").format(
                path=path, why=system_reason(error)
            )
        ) from None
    # Record the bundle last: if this fails, the attempts are exported again. If an unfinished
    # bundle were recorded, they would be lost.
    exchange.record_bundle(bundle_id, created_at, writer.sent)
    return ExportResult(
        path, len(writer.sent), writer.reviews, writer.recordings, size, tuple(writer.left_out)
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


class _Writer:
    """A bundle that is being written, and its contents so far."""

    def __init__(self, store: Store, archive: zipfile.ZipFile, *, all_recordings: bool) -> None:
        self._store = store
        self._archive = archive
        self._all_recordings = all_recordings
        self.entries: dict[str, bundles.Entry] = {}
        self.sent: list[AttemptState] = []
        self.reviews = self.recordings = 0
        self.left_out: list[str] = []

    def add(self, outgoing: Outgoing) -> None:
        """Add an attempt with its recording; if it is invalid, only append to ``left_out``."""
        attempt_id = outgoing.take.id
        data = bundles.record_to_bytes(outgoing.record)
        try:
            # A single invalid record would make readers reject the whole bundle.
            bundles.record_from_bytes(attempt_id, data)
        except bundles.FormatError as error:
            text = _(
                "Attempt {id} was not exported: its record would be rejected on import ({what})."
            )
            self.left_out.append(text.format(id=attempt_id, what=error))
            return
        self._put(bundles.record_name(attempt_id), data, zipfile.ZIP_DEFLATED)
        self.sent.append(outgoing.state)
        self.reviews += len(outgoing.record.reviews)
        if outgoing.take.audio and (self._all_recordings or not outgoing.received):
            self._add_recording(outgoing.take, outgoing.take.audio)

    def _add_recording(self, take: Take, audio: str) -> None:
        suffix = PurePosixPath(audio).suffix
        data = self._store.recording(take)
        if data is None:
            text = _("Recording {path} was not exported: the file is missing.")
            self.left_out.append(text.format(path=audio))
        elif len(data) > bundles.MOST_RECORDING_BYTES or suffix not in bundles.RECORDING_SUFFIXES:
            text = _(
                "Recording {path} was not exported: it is too large for an attempt, or its "
                "format is not supported."
            )
            self.left_out.append(text.format(path=audio))
        else:
            self._put(bundles.recording_name(take.id, suffix), data, zipfile.ZIP_STORED)
            self.recordings += 1

    def _put(self, name: str, data: bytes, compression: int) -> None:
        self._archive.writestr(zipfile.ZipInfo(name), data, compression)
        checksum = hashlib.sha256(data).hexdigest()
        self.entries[name] = bundles.Entry(sha256=checksum, size=len(data))
