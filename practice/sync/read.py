"""Reading of untrusted bundles: check sizes first, then names, then checksums."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from practice.errors import BundleError, system_reason
from practice.i18n import gettext as _
from practice.records.exchange import Record
from practice.sync import format as packs

_MOST_ENTRIES = 2 * packs.MOST_ATTEMPTS + 1
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


class Pack:
    """An open bundle. All that it returns has been checked against the list of contents.

    ``attempts`` has, for each attempt's id, the name of its recording's entry, or None. The
    constructor and all methods raise PackError for a file that is invalid or unreadable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise BundleError(_("There is no file {path}.").format(path=path))
        with self._told():
            _require(path.is_file(), "no file")  # a pipe would block forever
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
        _require(len(self._entries) == len(entries), "an entry twice")
        # Overlapping entries are how a ZIP bomb unpacks a small file into a large one.
        _require(sum(entry.compress_size for entry in entries) <= size, "overlapping entries")
        _require(packs.CONTENTS in self._entries, "no list of contents")
        contents = self._read(packs.CONTENTS, packs.MOST_CONTENTS_BYTES)
        self._contents = packs.contents_from_bytes(contents).entries
        names = self._entries.keys() - {packs.CONTENTS}
        _require(names == self._contents.keys(), "other entries than listed")
        self.attempts = packs.attempts_of(list(self._contents))

    def record(self, attempt_id: str) -> Record:
        """Read the record of an attempt."""
        with self._told():
            data = self._listed(packs.record_name(attempt_id), packs.MOST_RECORD_BYTES)
            return packs.record_from_bytes(attempt_id, data)

    def sound(self, name: str) -> bytes:
        """Read the audio file in an entry."""
        with self._told():
            return self._listed(name, packs.MOST_SOUND_BYTES)

    def _listed(self, name: str, most: int) -> bytes:
        data, listed = self._read(name, most), self._contents[name]
        same = len(data) == listed.size and hashlib.sha256(data).hexdigest() == listed.sha256
        _require(same, "checksum")
        return data

    def _read(self, name: str, most: int) -> bytes:
        entry = self._entries[name]
        _require(entry.file_size <= most, "size")
        _require(entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), "compression")
        _require(not entry.flag_bits & 1, "encryption")
        with self._zip.open(entry) as file:
            data = file.read(most + 1)
        _require(len(data) == entry.file_size, "size")
        return data

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except packs.NewerFormatError:
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

    def __enter__(self) -> Pack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._raw.close()


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise packs.FormatError(what)


def _require_small_directory(raw: BinaryIO, size: int) -> None:
    """Reject a ZIP directory of millions of entries before zipfile reads it into memory."""
    _require(size >= _END.size, "not a ZIP file, or cut off")
    raw.seek(size - _END.size)
    end = _END.unpack(raw.read(_END.size))
    _require(end[0] == b"PK\5\6" and end[-1] == 0, "not a ZIP file, or cut off")
    entries, directory = end[4], end[5]
    if size >= _END.size + _LOCATOR64.size + _END64.size:
        raw.seek(size - _END.size - _LOCATOR64.size)
        locator = _LOCATOR64.unpack(raw.read(_LOCATOR64.size))
        if locator[0] == b"PK\6\7":
            start = size - _END.size - _LOCATOR64.size - _END64.size
            _require(locator[2] == start, "directory")
            raw.seek(start)
            end64 = _END64.unpack(raw.read(_END64.size))
            _require(end64[0] == b"PK\6\6", "directory")
            entries, directory = end64[7], end64[8]
    _require(entries <= _MOST_ENTRIES, "number of entries")
    _require(directory <= entries * _ENTRY_BYTES, "directory")
