"""Import of a bundle: check all of it, store its recordings, then its records.

An interrupted import leaves nothing behind: the records are stored in one transaction after
the recordings, and recordings without a record are deleted.
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
