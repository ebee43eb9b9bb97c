"""Merging a pack: look through all of it, put its recordings down, then its records at once.

A run that is stopped leaves nothing behind: records come in one transaction, after the
recordings, and recordings without a record are taken away again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from practice.audio import clip as audio
from practice.errors import AudioError
from practice.records.attempt import Take
from practice.records.exchange import Conflict
from practice.store import Store
from practice.store import recordings as takes
from practice.store.exchange import Exchange, Fate, Merged
from practice.sync.read import Pack


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came with a pack.

    ``new``, ``present`` and ``forgotten`` are numbers of attempts: those that were not
    here, that were, and that stay away. ``judgements`` and ``reviews`` count what was not
    here; the first judgment of a new attempt is part of it and does not count.
    ``refused`` are recordings that can't be played; ``differing`` takes of which something
    is otherwise here.
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


def merge(store: Store, path: Path, progress: Callable[[int, int], None]) -> Arrived:
    """Take over what is new in a pack. Raises PackError where it is none.

    Everything is read twice: memory holds neither a year's recordings nor its records.
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
    return Arrived(
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
    """The recordings of a pack that are wanted here, on their way into the store."""

    def __init__(self, store: Store, pack: Pack, exchange: Exchange) -> None:
        self._store = store
        self._pack = pack
        self._exchange = exchange
        self._names: dict[str, str] = {}
        self._placed: dict[str, Path] = {}
        self.refused: list[str] = []

    def look_at(self, take: Take) -> None:
        """Compare the recording of a take with its checksum; put it down where it is wanted."""
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
        """The name that a recording has here, and itself where a database is to hold it."""
        name, entry = self._names.get(attempt_id), self._pack.attempts[attempt_id]
        if name is None or entry is None or not self._store.database.is_shared:
            return name, None
        return name, self._pack.sound(entry)

    def take_away_unused(self) -> None:
        """Remove the recordings that no record points to."""
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
