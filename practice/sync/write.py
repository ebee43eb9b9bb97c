"""Writing a pack: wholly or not at all, and only then remembered as given away."""

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

from practice.errors import PackError, system_reason
from practice.i18n import gettext as _
from practice.store import Store
from practice.store.database import now
from practice.store.exchange import Exchange, Outgoing, Standing
from practice.sync import format as packs


@dataclass(frozen=True, slots=True)
class Written:
    """What a pack holds; ``left_out`` tells in words what could not be put in."""

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
) -> Written:
    """Write attempts into a pack and remember that they were given away.

    ``choose_path`` gets the name that the pack has by itself, the same beginning for all
    packs of a store. Recordings that came from another store stay out unless
    ``every_sound`` is asked for: who sent them has them. Raises PackError.
    """
    exchange = Exchange(store.database)
    pack_id, created_at = str(uuid4()), now()
    path = choose_path((exchange.first_pack() or pack_id)[:6])
    if path.exists():
        raise PackError(_("{path} already exists. Choose another name with -o.").format(path=path))
    part = path.with_name(f".{path.name}.part")
    try:
        raw = part.open("wb")
    except OSError as error:
        raise PackError(_unwritable(path, error)) from None
    try:
        with raw:
            with _archive(raw) as archive:
                writing = _Writing(store, archive, every_sound=every_sound)
                for done, outgoing in enumerate(exchange.outgoing(ids), 1):
                    writing.add(outgoing)
                    progress(done, len(ids))
                if not writing.sent:
                    raise PackError("\n".join(writing.left_out))
                contents = packs.contents_to_bytes(pack_id, created_at, writing.entries)
                archive.writestr(_entry(packs.CONTENTS), contents, zipfile.ZIP_DEFLATED)
            raw.flush()
            os.fsync(raw.fileno())  # a stick is soon pulled out
            size = raw.tell()
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise PackError(_unwritable(path, error)) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    # A pack that nobody remembers is made again; one that was never finished would be lost.
    exchange.record_pack(pack_id, created_at, writing.sent)
    return Written(
        path,
        len(writing.sent),
        writing.reviews,
        writing.recordings,
        size,
        tuple(writing.left_out),
    )


@contextmanager
def _archive(raw: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A ZIP file that is finished only where nothing went wrong."""
    archive = zipfile.ZipFile(raw, "w")
    try:
        yield archive
        archive.close()
    except BaseException:
        # Closed in the middle of an entry, it would hide Ctrl-C behind an error of its own.
        archive.fp = None
        raise


class _Writing:
    """A pack that is being written, and what is in it so far."""

    def __init__(self, store: Store, archive: zipfile.ZipFile, *, every_sound: bool) -> None:
        self._store = store
        self._archive = archive
        self._every_sound = every_sound
        self.entries: dict[str, packs.Entry] = {}
        self.sent: list[Standing] = []
        self.reviews = self.recordings = 0
        self.left_out: list[str] = []

    def add(self, outgoing: Outgoing) -> None:
        """Put an attempt in with its recording."""
        record = outgoing.record
        data = packs.record_to_bytes(record)
        try:
            # One record that a reader refuses would make it refuse the whole pack.
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
        sound = self._store.sound(take)
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
