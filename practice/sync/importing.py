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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from practice.audio import clip as audio
from practice.errors import AudioError, BundleError, system_reason
from practice.i18n import gettext as _
from practice.records.attempt import Take
from practice.records.exchange import Conflict, Record
from practice.store import Store
from practice.store import recordings as takes
from practice.store.exchange import Exchange, Fate, Merged
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
        self.attempts = packs.attempts_of(self._contents)

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


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of an import.

    Attributes:
        path: File of the bundle.
        new: Number of attempts that were not in the store.
        present: Number of attempts that were already in the store.
        forgotten: Number of attempts that were deleted from the store, and stay deleted.
        judgements: Number of assessments added, except the first one of each new attempt.
        reviews: Number of reviews added.
        recordings: Number of recordings added.
        refused: Ids of the attempts whose recordings cannot be played.
        differing: Attempts that differ from the store's, which keeps its own data.
        conflicts: Reviews of an attempt by trainers who had not seen each other's review.
    """

    path: Path
    new: int
    present: int
    forgotten: int
    judgements: int
    reviews: int
    recordings: int
    refused: tuple[str, ...]
    differing: tuple[Take, ...]
    conflicts: tuple[Conflict, ...]


def merge(store: Store, path: Path, progress: Callable[[int, int], None]) -> ImportResult:
    """Import the new data of a bundle.

    The bundle is read twice, because a year's recordings or records do not fit into memory.

    Args:
        store: Store to import into.
        path: File of the bundle.
        progress: Called with the number of steps done and of all steps.

    Raises:
        PackError: The file cannot be read or is not a valid bundle.
        AudioError: A recording cannot be written.
    """
    exchange = Exchange(store.database)
    merged: list[Merged] = []
    differing: list[Take] = []
    with Pack(path) as pack, _sounds(store, pack, exchange) as sounds:
        steps = 2 * len(pack.attempts)
        for done, attempt_id in enumerate(pack.attempts, 1):
            sounds.look_at(pack.record(attempt_id).take)
            progress(done, steps)
        with exchange.merging() as merger:
            for done, attempt_id in enumerate(pack.attempts, 1):
                record = pack.record(attempt_id)
                one = merger.merge(record, *sounds.of(attempt_id))
                merged.append(one)
                if one.differs:
                    differing.append(record.take)
                progress(len(pack.attempts) + done, steps)
    fates = [one.fate for one in merged]
    new = fates.count(Fate.NEW)
    return ImportResult(
        path=path,
        new=new,
        present=fates.count(Fate.PRESENT),
        forgotten=fates.count(Fate.FORGOTTEN),
        judgements=sum(one.judgements for one in merged) - new,
        reviews=sum(one.reviews for one in merged),
        recordings=sum(one.sound for one in merged),
        refused=tuple(sounds.refused),
        differing=tuple(differing),
        conflicts=tuple(one.conflict for one in merged if one.conflict is not None),
    )


class _Sounds:
    """The recordings of a bundle that the store lacks."""

    def __init__(self, store: Store, pack: Pack, exchange: Exchange) -> None:
        self._store = store
        self._pack = pack
        self._exchange = exchange
        self._names: dict[str, str] = {}
        self._placed: dict[str, Path] = {}
        self.refused: list[str] = []

    def look_at(self, take: Take) -> None:
        """Verify the recording of an attempt, and keep it if the store lacks it.

        A shared database gets the recording later, together with its record.
        """
        entry = self._pack.attempts[take.id]
        if entry is None:
            return
        data = self._pack.sound(entry)
        if not self._exchange.wants_sound(take.id):
            return
        try:
            clip = audio.decode(data, entry)
        except AudioError:
            self.refused.append(take.id)
            return
        if clip.is_too_long or not entry.endswith(clip.suffix):
            self.refused.append(take.id)
            return
        name = takes.audio_name(take.id, take.created_at, clip.suffix)
        self._names[take.id] = name
        if not self._store.database.is_shared and not (self._store.folder / name).exists():
            self._placed[take.id] = self._store.folder / name
            takes.keep(self._store.folder, name, data)

    def of(self, attempt_id: str) -> tuple[str | None, bytes | None]:
        """Return the name of a recording in the store, and its data if a database stores it."""
        name, entry = self._names.get(attempt_id), self._pack.attempts[attempt_id]
        if name is None or entry is None or not self._store.database.is_shared:
            return name, None
        return name, self._pack.sound(entry)

    def take_away_unused(self) -> None:
        """Delete the recordings that no record refers to."""
        for attempt_id, path in self._placed.items():
            if self._exchange.wants_sound(attempt_id):
                path.unlink(missing_ok=True)


@contextmanager
def _sounds(store: Store, pack: Pack, exchange: Exchange) -> Iterator[_Sounds]:
    sounds = _Sounds(store, pack, exchange)
    try:
        yield sounds
    finally:
        sounds.take_away_unused()
