"""Import of a bundle: check all of it, store its recordings, then its records.

An interrupted import leaves nothing behind: the records are stored in one transaction after
the recordings, and recordings without a record are deleted.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from practice.audio import clip as audio
from practice.errors import AudioError, BundleError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Take
from practice.store import Store
from practice.store import recordings as stored
from practice.store.exchange import Exchange, ImportResult, Record
from practice.sync import format as bundles
from practice.sync.format import require

_MOST_ENTRIES = 2 * bundles.MOST_ATTEMPTS + 1
_ENTRY_BYTES = 130
"""Maximum size of an entry in the ZIP directory: 46 bytes, the name, and ZIP64 sizes."""

# Errors that zipfile raises on invalid data; FormatError is a ValueError.
_DAMAGE = (
    ValueError, RuntimeError, OverflowError, EOFError, zipfile.BadZipFile, zlib.error, struct.error
)  # fmt: skip

# Records at the end of a ZIP file: PKWARE's APPNOTE.TXT, sections 4.3.14 to 4.3.16.
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")


class Bundle:
    """An open bundle. All that it returns has been checked against the list of contents.

    ``attempts`` has, for each attempt's id, the name of its recording's entry, or None. The
    constructor and all methods raise BundleError for a file that is invalid or unreadable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise BundleError(_("There is no file {path}.").format(path=path))
        with self._translate_errors():
            require(path.is_file(), "no file")  # a pipe would block forever
            self._raw = path.open("rb")
            try:
                self._open()
            except BaseException:
                self._raw.close()
                raise

    def _open(self) -> None:
        size = self._raw.seek(0, 2)
        _require_small_directory(self._raw, size)
        self._zip = zipfile.ZipFile(self._raw)
        entries = self._zip.infolist()
        self._entries = {entry.orig_filename: entry for entry in entries}
        require(len(self._entries) == len(entries), "an entry twice")
        # Overlapping entries are how a ZIP bomb unpacks a small file into a large one.
        require(sum(entry.compress_size for entry in entries) <= size, "overlapping entries")
        require(bundles.CONTENTS in self._entries, "no list of contents")
        contents = self._read(bundles.CONTENTS, bundles.MOST_CONTENTS_BYTES)
        self._contents = bundles.contents_from_bytes(contents).entries
        names = self._entries.keys() - {bundles.CONTENTS}
        require(names == self._contents.keys(), "other entries than listed")
        self.attempts = bundles.attempts_of(self._contents)

    def record(self, attempt_id: str) -> Record:
        """Read the record of an attempt."""
        with self._translate_errors():
            data = self._listed(bundles.record_name(attempt_id), bundles.MOST_RECORD_BYTES)
            return bundles.record_from_bytes(attempt_id, data)

    def recording(self, name: str) -> bytes:
        """Read the audio file in an entry."""
        with self._translate_errors():
            return self._listed(name, bundles.MOST_RECORDING_BYTES)

    def _listed(self, name: str, most: int) -> bytes:
        data, listed = self._read(name, most), self._contents[name]
        same = len(data) == listed.size and hashlib.sha256(data).hexdigest() == listed.sha256
        require(same, "checksum")
        return data

    def _read(self, name: str, most: int) -> bytes:
        entry = self._entries[name]
        require(entry.file_size <= most, "size")
        require(entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), "compression")
        require(not entry.flag_bits & 1, "encryption")
        with self._zip.open(entry) as file:
            data = file.read(most + 1)
        require(len(data) == entry.file_size, "size")
        return data

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except bundles.NewerFormatError:
            raise BundleError(
                _("{path} was made by a newer version of practice. Update practice.").format(
                    path=self.path
                )
            ) from None
        except _DAMAGE:
            raise BundleError(
                _(
                    "{path} is not a bundle, or it is damaged. Nothing was imported. Copy "
                    "it again, or export it again."
                ).format(path=self.path)
            ) from None
        except OSError as error:
            raise BundleError(
                _("{path} cannot be read: {why}.").format(path=self.path, why=system_reason(error))
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._raw.close()


def _require_small_directory(raw: BinaryIO, size: int) -> None:
    """Reject a ZIP directory of millions of entries before zipfile reads it into memory."""
    require(size >= _END.size, "not a ZIP file, or cut off")
    raw.seek(size - _END.size)
    end = _END.unpack(raw.read(_END.size))
    require(end[0] == b"PK\5\6" and end[-1] == 0, "not a ZIP file, or cut off")
    entries, directory = end[4], end[5]
    if size >= _END.size + _LOCATOR64.size + _END64.size:
        raw.seek(size - _END.size - _LOCATOR64.size)
        locator = _LOCATOR64.unpack(raw.read(_LOCATOR64.size))
        if locator[0] == b"PK\6\7":
            start = size - _END.size - _LOCATOR64.size - _END64.size
            require(locator[2] == start, "directory")
            raw.seek(start)
            end64 = _END64.unpack(raw.read(_END64.size))
            require(end64[0] == b"PK\6\6", "directory")
            entries, directory = end64[7], end64[8]
    require(entries <= _MOST_ENTRIES, "number of entries")
    require(directory <= entries * _ENTRY_BYTES, "directory")


def merge(store: Store, path: Path, progress: Callable[[int, int], None]) -> ImportResult:
    """Import the new data of a bundle.

    The bundle is read twice, because a year's recordings or records do not fit into memory.

    Args:
        store: Store to import into.
        path: File of the bundle.
        progress: Called with the number of steps done and of all steps.

    Raises:
        BundleError: The file cannot be read or is not a valid bundle.
        AudioError: A recording cannot be written.
    """
    exchange = Exchange(store.database)
    with (
        closing(Bundle(path)) as bundle,
        closing(_Recordings(store, bundle, exchange)) as recordings,
    ):
        number = len(bundle.attempts)
        for done, attempt_id in enumerate(bundle.attempts, 1):
            recordings.add(bundle.record(attempt_id).take)
            progress(done, 2 * number)
        with exchange.merging() as merger:
            merger.result.refused = recordings.refused
            for done, attempt_id in enumerate(bundle.attempts, number + 1):
                merger.merge(bundle.record(attempt_id), *recordings.find(attempt_id))
                progress(done, 2 * number)
        return merger.result


class _Recordings:
    """The recordings of a bundle that the store lacks."""

    def __init__(self, store: Store, bundle: Bundle, exchange: Exchange) -> None:
        self._store = store
        self._bundle = bundle
        self._exchange = exchange
        self._names: dict[str, str] = {}
        self._written: dict[str, Path] = {}
        self.refused: list[str] = []

    def add(self, take: Take) -> None:
        """Verify the recording of an attempt, and store it if the store lacks it.

        A shared database gets the recording later, together with its record.
        """
        entry = self._bundle.attempts[take.id]
        if entry is None:
            return
        data = self._bundle.recording(entry)
        if not self._exchange.wants_recording(take.id):
            return
        if not _is_playable(data, entry):
            self.refused.append(take.id)
            return
        name = stored.audio_name(take.id, take.created_at, PurePosixPath(entry).suffix)
        self._names[take.id] = name
        path = self._store.folder / name
        if not self._store.database.is_shared and not path.exists():
            self._written[take.id] = path
            stored.keep(self._store.folder, name, data)

    def find(self, attempt_id: str) -> tuple[str | None, bytes | None]:
        """Return the name of a recording in the store, and its data if a database stores it."""
        name, entry = self._names.get(attempt_id), self._bundle.attempts[attempt_id]
        if name is None or entry is None or not self._store.database.is_shared:
            return name, None
        return name, self._bundle.recording(entry)

    def close(self) -> None:
        """Delete the recordings that no record refers to."""
        for attempt_id, path in self._written.items():
            if self._exchange.wants_recording(attempt_id):
                path.unlink(missing_ok=True)


def _is_playable(data: bytes, entry: str) -> bool:
    try:
        clip = audio.decode(data, entry)
    except AudioError:
        return False
    return not clip.is_too_long and entry.endswith(clip.suffix)
