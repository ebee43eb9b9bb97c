"""Packs between a hall and its trainer: nothing lost, nothing twice, nothing trusted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import struct
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from conftest import CLIPS, LINE, Golden, heard, review, take
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Practice

from practice.audio import clip as audio
from practice.errors import BundleError
from practice.records.attempt import Attempt, Take
from practice.records.review import Comment, Decision, Review
from practice.scoring.review import final_score
from practice.store import Filter, Store
from practice.store import recordings as takes
from practice.store.exchange import Exchange, ImportResult
from practice.store.retention import remove_records
from practice.store.schema import forgotten
from practice.sync import format as packs
from practice.sync.exporting import ExportResult, write
from practice.sync.importing import merge

EXPORT, IMPORT = ("bundle", "export"), ("bundle", "import")
SOUND = (CLIPS / "farewell.flac").read_bytes()
LATER = "2099-01-01T00:00:00.000+00:00"


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    Store(folder).close()
    return folder


@pytest.fixture
def hall(tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    store = Store(shutil.copytree(empty_store, tmp_path / "hall"))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def trainer(request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    """The trainer's store, in a folder or in a database that several machines share."""
    shared = request.param == "postgresql"
    address = request.getfixturevalue("postgres_database") if shared else None
    store = Store(shutil.copytree(empty_store, tmp_path / "trainer"), address)
    yield store
    store.close()


@pytest.fixture
def receiver(tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    """A store in a folder, where what it unpacks must not reach beyond."""
    store = Store(shutil.copytree(empty_store, tmp_path / "receiver"))
    yield store
    store.close()


def add(store: Store, text: str = "慢走", sound: bytes | None = SOUND, **changes: object) -> Take:
    made = take(**changes)  # type: ignore[arg-type]
    made = replace(made, audio=takes.audio_name(made.id, made.created_at, ".flac"))
    if sound is None:
        made = replace(made, audio=None)
    else:
        takes.keep(store.folder, made.audio or "", sound)
    store.add(made, heard(text))
    return made


def pack(store: Store, path: Path, ids: list[str] | None = None, **options: Any) -> ExportResult:
    ids = Exchange(store.database).unsent() if ids is None else ids
    options = {"all_recordings": False, "progress": lambda *_: None} | options
    return write(store, ids, lambda _mark: path, **options)


def unpack(store: Store, path: Path) -> ImportResult:
    return merge(store, path, lambda *_: None)


def carry(sender: Store, receiver: Store) -> ImportResult:
    path = sender.folder.parent / f"{uuid4()}.practice"
    pack(sender, path)
    return unpack(receiver, path)


def records(store: Store) -> dict[str, Any]:
    """Everything of a store that must be the same in another one."""
    return {
        a.take.id: (
            replace(a.take, audio=None),
            a.assessment,
            store.scores_of(a.take.id),
            store.reviews_of(a.take.id),
            a.review,
            store.recording(a.take),
        )
        for a in store.latest(Filter())
    }


# ---- there and back ----------------------------------------------------------------


def test_a_hall_and_its_trainer(hall: Store, trainer: Store) -> None:
    made, other = add(hall), add(hall, name="李雷", group="二厅")
    hall.add_score(made.id, heard("请慢走"))
    hall.add_review(made.id, first := review(reviewer="班长", comments=(Comment("好", 1.0),)))
    arrived = carry(hall, trainer)
    assert (arrived.new, arrived.judgements, arrived.reviews, arrived.recordings) == (2, 1, 1, 2)
    assert records(trainer) == records(hall)
    assert trainer.get(made.id).take == made
    # The trainer's verdict travels back, and only that.
    trainer.add_review(made.id, review(base=first.id, decision=Decision.REDO))
    trainer.add_review(other.id, review(decision=Decision.PASS))
    arrived = carry(trainer, hall)
    assert (arrived.new, arrived.present, arrived.reviews, arrived.recordings) == (0, 2, 2, 0)
    assert arrived.conflicts == []
    assert final_score(hall.get(made.id)).passed is False
    assert records(trainer) == records(hall)
    # Nothing of it is new in either place: packs have no echo.
    for store in (hall, trainer):
        assert Exchange(store.database).unsent() == []


def test_only_what_is_new_is_packed(hall: Store, tmp_path: Path) -> None:
    first = add(hall)
    written = pack(hall, tmp_path / "1.practice")
    assert (written.attempts, written.recordings, written.left_out) == (1, 1, ())
    second = add(hall)
    exchange = Exchange(hall.database)
    assert exchange.unsent() == [second.id]
    hall.add_score(first.id, heard("请慢走"))
    assert set(exchange.unsent()) == {first.id, second.id}
    assert len(exchange.everything()) == 2
    assert exchange.changed_since("2026-01-01T00:00:00.000+00:00") == exchange.everything()
    assert exchange.changed_since(LATER) == []


def test_what_comes_while_a_pack_is_written_is_new_for_the_next(
    hall: Store, tmp_path: Path
) -> None:
    made = add(hall)

    def meanwhile(_done: int, _all: int) -> None:
        hall.add_score(made.id, heard("请慢走"))

    pack(hall, tmp_path / "1.practice", progress=meanwhile)
    assert Exchange(hall.database).unsent() == [made.id]


def test_sound_goes_back_only_with_everything(hall: Store, trainer: Store, tmp_path: Path) -> None:
    made = add(hall)
    carry(hall, trainer)
    assert pack(trainer, tmp_path / "1.practice", [made.id]).recordings == 0
    assert pack(trainer, tmp_path / "2.practice", [made.id], all_recordings=True).recordings == 1


def test_the_record_may_come_before_its_sound(hall: Store, trainer: Store, tmp_path: Path) -> None:
    made = add(hall)
    carry(hall, trainer)
    pack(trainer, tmp_path / "without.practice", [made.id])
    pack(hall, tmp_path / "with.practice", [made.id])
    third = Store(tmp_path / "third")
    assert unpack(third, tmp_path / "without.practice").new == 1
    assert third.recording(third.get(made.id).take) is None
    assert unpack(third, tmp_path / "with.practice").recordings == 1
    assert third.recording(third.get(made.id).take) == SOUND


def test_reviews_that_did_not_see_each_other(hall: Store, trainer: Store) -> None:
    made = add(hall)
    carry(hall, trainer)
    ours, theirs = review(reviewer="班长", decision=Decision.PASS), review(decision=Decision.REDO)
    hall.add_review(made.id, ours)
    trainer.add_review(made.id, replace(theirs, created_at=LATER))
    (conflict,) = carry(trainer, hall).conflicts
    assert conflict.ours == ours
    assert conflict.theirs.reviewer == "李老师"
    assert conflict.counts == conflict.theirs == hall.get(made.id).review
    # The trainer is told too; the same review counts there, and who builds on it settles it.
    (conflict,) = carry(hall, trainer).conflicts
    assert conflict.theirs == ours
    trainer.add_review(made.id, review(base=conflict.counts.id, reviewer="主任"))
    arrived = carry(trainer, hall)
    assert (arrived.reviews, arrived.conflicts) == (1, [])
    assert records(hall) == records(trainer)


def test_the_same_name_in_another_group_is_another_trainee(hall: Store, trainer: Store) -> None:
    add(hall, group="一厅")
    add(trainer, group="二厅")
    carry(hall, trainer)
    assert len(trainer.latest(Filter(trainee="王芳"))) == 2
    assert len(trainer.latest(Filter(trainee="王芳", group="一厅"))) == 1


def test_what_differs_stays_as_it_is_here(hall: Store, trainer: Store) -> None:
    made = add(hall)
    trainer.add(replace(made, title="别的", audio=None), heard("请慢走"))
    arrived = carry(hall, trainer)
    assert [t.id for t in arrived.differing] == [made.id]
    assert trainer.get(made.id).take.title == "别的"
    assert len(trainer.scores_of(made.id)) == 1


def test_what_was_forgotten_stays_away(hall: Store, trainer: Store) -> None:
    made = add(hall)
    path = hall.folder.parent / "1.practice"
    pack(hall, path)
    unpack(trainer, path)
    remove_records(trainer.database, made.trainee)
    arrived = unpack(trainer, path)
    assert (arrived.new, arrived.forgotten, arrived.recordings) == (0, 1, 0)
    assert trainer.latest(Filter()) == []


def test_the_newest_judgement_counts_on_both_sides(hall: Store, trainer: Store) -> None:
    made = add(hall)
    carry(hall, trainer)
    trainer.add_score(made.id, heard("请慢走"))
    hall.add_score(made.id, heard("请"))
    for sender, receiver in ((hall, trainer), (trainer, hall)):
        assert carry(sender, receiver).judgements == 1
    assert hall.get(made.id).assessment == heard("请")
    assert records(hall) == records(trainer)


Deed = tuple[str, int, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["take", "score", "review", "pack"]), st.integers(0, 2), st.integers(0, 5)
    ),
    min_size=3,
    max_size=14,
)


def act(store: Store, deed: str, nth: int) -> None:
    """Add a take, or say something of one that is there."""
    known = store.latest(Filter())
    if deed == "take":
        add(store, sound=SOUND if nth else None)
        return
    attempt = known[nth % len(known)]
    if deed == "score":
        store.add_score(attempt.take.id, heard("请慢走"[: nth % 3 + 1]))
    else:
        base = attempt.review.id if attempt.review else None
        store.add_review(attempt.take.id, review(base=base, reviewer=str(nth)))


@pytest.mark.slow
def test_whatever_the_order_of_packs_all_stores_hold_the_same(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(deeds=DEEDS, data=st.data())
    def whatever_the_order(deeds: list[Deed], data: st.DataObject) -> None:
        place = tmp_path_factory.mktemp("stores")
        stores = [Store(shutil.copytree(empty_store, place / str(n))) for n in range(3)]
        exchange_all(stores, place, deeds, data)
        for store in stores:
            store.close()

    whatever_the_order()


def exchange_all(stores: list[Store], place: Path, deeds: list[Deed], data: st.DataObject) -> None:
    """Do the deeds, carry every pack everywhere, and compare."""
    made: list[Path] = []

    def give(store: Store) -> None:
        if Exchange(store.database).unsent():
            made.append(pack(store, place / f"{len(made)}.practice").path)

    add(stores[0])
    give(stores[0])
    for store in stores:  # all have something to judge and review, apart from each other
        unpack(store, made[0])
    for deed, which, nth in deeds:
        store = stores[which]
        if deed == "pack":
            give(store)
            unpack(stores[nth % 3], made[nth % len(made)])
        else:
            act(store, deed, nth)
    for store in stores:
        give(store)
    for store in stores:
        for path in data.draw(st.permutations(made)) + made[:2]:
            unpack(store, path)
        assert Exchange(store.database).unsent() == []
    assert records(stores[0]) == records(stores[1]) == records(stores[2])


# ---- anybody's stick ------------------------------------------------------------------


@pytest.fixture(scope="module")
def good_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with one take, made once. Read it, do not change it."""
    folder = tmp_path_factory.mktemp("good")
    hall = Store(folder / "hall")
    made = add(hall)
    hall.add_review(made.id, review(comments=(Comment("好"),)))
    pack(hall, folder / "good.practice")
    hall.close()
    return folder / "good.practice"


@pytest.fixture
def good(good_pack: Path) -> dict[str, bytes]:
    """Its entries, to be tampered with."""
    return entries_of(good_pack)


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist() if n != packs.CONTENTS}


def forge(path: Path, entries: dict[str, bytes], **contents: Any) -> Path:
    """Write a pack whose list of contents agrees with whatever is in it."""
    listed = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in entries.items()
    }
    whole = {
        "format": 1,
        "id": str(uuid4()),
        "created_at": "2026-11-20T08:00:00.000+00:00",
        "entries": listed,
    } | contents
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(packs.CONTENTS, json.dumps(whole))
    return path


def refused(store: Store, path: Path) -> str:
    """Check that a pack is refused and leaves nothing; give what is told."""
    before = {p for p in store.folder.rglob("*") if p.is_file()}
    with pytest.raises(BundleError) as told:
        unpack(store, path)
    assert {p for p in store.folder.rglob("*") if p.is_file()} == before
    assert store.latest(Filter()) == []
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_forged_pack_can_be_read(good: dict[str, bytes], trainer: Store, tmp_path: Path) -> None:
    assert unpack(trainer, forge(tmp_path / "x", good)).new == 1


ID = "123e4567-e89b-42d3-a456-426614174000"


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json", "/etc/evil", "attempts/../../evil.json", "C:\\evil", "attempts/x.json",
        "audio/../../../evil.wav", f"audio/{ID}.exe", f"audio/{ID}.wav", f"attempts/{ID}.json ",
        f"attempts/{ID.upper()}.json", f"attempts/{ID}.json\0.exe", "attempts/", "",
        f"audio/{ID}.wav/../../../x",
    ],
)  # fmt: skip
def test_names_that_no_pack_has(
    good: dict[str, bytes], receiver: Store, tmp_path: Path, name: str
) -> None:
    if name:
        refused(receiver, forge(tmp_path / "x", good | {name: b"{}"}))
    assert sorted(p.name for p in tmp_path.iterdir() if "evil" in p.name) == []


def test_entries_that_stand_twice(good: dict[str, bytes], receiver: Store, tmp_path: Path) -> None:
    path = forge(tmp_path / "x", good)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(next(iter(good)), b"{}")
    refused(receiver, path)


def test_entries_that_are_not_listed(
    good: dict[str, bytes], receiver: Store, tmp_path: Path
) -> None:
    path = forge(tmp_path / "x", good)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"attempts/{ID}.json", b"{}")
    refused(receiver, path)
    forge(path, good | {f"attempts/{ID}.json": b"{}"})
    with zipfile.ZipFile(path) as archive:
        listed = archive.read(packs.CONTENTS)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in good.items():
            archive.writestr(name, data)
        archive.writestr(packs.CONTENTS, listed)
    refused(receiver, path)


def test_two_recordings_of_a_take(good: dict[str, bytes], receiver: Store, tmp_path: Path) -> None:
    sound = next(name for name in good if name.startswith("audio"))
    refused(receiver, forge(tmp_path / "x", good | {sound.replace(".flac", ".wav"): SOUND}))


@pytest.mark.slow
def test_a_pack_that_was_cut_off_or_damaged(
    good_pack: Path, receiver: Store, tmp_path: Path
) -> None:
    whole = good_pack.read_bytes()
    path = tmp_path / "x"
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(receiver, path)
    for place in range(0, len(whole), len(whole) // 97):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        try:
            unpack(receiver, path)  # some bytes of a ZIP file, like its dates, mean nothing
        except BundleError:
            refused(receiver, path)
        else:
            (attempt,) = receiver.latest(Filter())
            assert receiver.recording(attempt.take) == SOUND
            return_to_empty(receiver)


def return_to_empty(store: Store) -> None:
    for attempt in store.latest(Filter()):
        remove_records(store.database, attempt.take.trainee)
        (store.folder / (attempt.take.audio or "")).unlink(missing_ok=True)
    with store.database.writing() as db:
        db.execute(forgotten.delete())


def test_what_is_no_pack(language: str, receiver: Store, golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("请慢走" * 100)
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a.txt", "a")
    (tmp_path / "sound.flac").write_bytes(SOUND)
    told = []
    for name in ("folder", "text", "zip", "nothing", "sound.flac"):
        told.append(refused(receiver, tmp_path / name))
        assert str(tmp_path / name) in told[-1]
    golden("unpack-no-pack", "\n".join(told))


def test_a_pack_of_the_first_version_is_read(
    good: dict[str, bytes], receiver: Store, tmp_path: Path
) -> None:
    name, data = next((n, d) for n, d in good.items() if n.endswith(".json"))
    record = json.loads(data)
    del record["take"]["setting"], record["take"]["spec"]["customer"]
    path = forge(tmp_path / "x", {name: json.dumps(record).encode()}, format=1)
    assert unpack(receiver, path).new == 1


def test_a_newer_version_is_named(
    language: str, receiver: Store, golden: Golden, tmp_path: Path
) -> None:
    path = forge(tmp_path / "x", {"something/new": b""}, format=packs.VERSION + 1, also={})
    golden("unpack-newer", refused(receiver, path))


def test_a_bomb_is_not_unpacked(
    good: dict[str, bytes], good_pack: Path, receiver: Store, tmp_path: Path
) -> None:
    record = next(name for name in good if name.startswith("attempts"))
    path = tmp_path / "x"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(record, b" " * (packs.MOST_RECORD_BYTES + 1))
        archive.writestr(packs.CONTENTS, b" " * 10)
    refused(receiver, path)
    forge(path, {record: b" " * (packs.MOST_RECORD_BYTES + 1)})
    refused(receiver, path)
    # One whose directory lies about the size.
    honest = good_pack.read_bytes()
    sizes = struct.pack("<L", len(good[record]))
    path.write_bytes(honest.replace(sizes, struct.pack("<L", 7)))
    refused(receiver, path)


def test_entries_that_share_their_bytes(
    good: dict[str, bytes], receiver: Store, tmp_path: Path
) -> None:
    path = forge(tmp_path / "x", good)
    with zipfile.ZipFile(path) as archive:
        start, count = archive.start_dir, len(archive.infolist())
    raw = path.read_bytes()
    directory = raw[start:-22]
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, count * 9, count * 9, len(directory) * 9, start, 0
    )
    path.write_bytes(raw[:start] + directory * 9 + end)
    refused(receiver, path)


def test_a_directory_of_millions_is_not_read(receiver: Store, tmp_path: Path) -> None:
    path = tmp_path / "x"
    for entries, length in ((0xFFFF, 0xFFFFFFF0), (5, 100_000)):
        path.write_bytes(
            bytes(100_000)
            + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, length, 0, 0)
        )
        refused(receiver, path)
    long = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 50, 0)
    where = struct.pack("<4sLQL", b"PK\6\7", 0, 100, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)
    path.write_bytes(bytes(100) + long + where + end)
    refused(receiver, path)


@pytest.mark.slow
def test_recordings_that_are_none(hall: Store, trainer: Store, tmp_path: Path) -> None:
    def silence(seconds: int, channels: int = 1, rate: int = 8_000) -> bytes:
        out = io.BytesIO()
        with soundfile.SoundFile(out, "w", rate, channels, format="FLAC") as file:
            for _second in range(seconds):
                file.write(np.zeros((rate, channels), np.int16))
        return out.getvalue()

    most = silence(9, 8, 655_350)
    assert audio.MOST_SAMPLES < 9 * 8 * 655_350
    bad = [b"", b"no sound at all", SOUND[:50], silence(61), most]
    made = [add(hall, sound=sound) for sound in bad]
    fine = add(hall)
    arrived = carry(hall, trainer)
    assert set(arrived.refused) == {m.id for m in made}
    assert (arrived.new, arrived.recordings) == (6, 1)
    for m in made:
        assert trainer.get(m.id).take.audio is None
    assert trainer.recording(trainer.get(fine.id).take) == SOUND
    assert len(list(trainer.folder.glob("takes/*/*"))) == (not trainer.database.is_shared)


def change(record: Any, where: str, value: Any) -> Any:
    """Set something deep in a record, by a path like ``take.spec.wordings.0.script``."""
    *way, last = [int(step) if step.isdecimal() else step for step in where.split(".")]
    inner = record
    for step in way:
        inner = inner[step]
    inner[last] = value
    return record


NESTED: Any = []
for _level in range(500):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("take.id", ID),
        ("take.id", "../../evil"),
        ("take.session", "../x"),
        ("take.session", 7),
        ("take.audio", "/etc/passwd"),
        ("take.created_at", "yesterday"),
        ("take.created_at", "2026-13-20T08:00:00.000+00:00"),
        ("take.created_at", "2026-11-20T08:00:00.000+08:00"),
        ("take.created_at", "2026-11-20T08:00:00.000+00:00\n"),
        ("take.created_at", "../../../etc"),
        ("take.trainee.name", ""),
        ("take.trainee.name", "\x1b[31m红"),
        ("take.trainee.name", "长" * 61),
        ("take.trainee.group", None),
        ("take.scenario", "../farewell"),
        ("take.line", 0),
        ("take.line", 1.5),
        ("take.line", "1"),
        ("take.line", True),
        ("take.line", 10**30),
        ("take.take", -1),
        ("take.source", "telepathy"),
        ("take.more", 1),
        ("take.title", "a\0b"),
        ("take.title", "\ud800"),
        ("take.device", "长" * 30_000),
        ("take.spec.wordings", []),
        ("take.spec.wordings.0.elements.0.end", 99),
        ("take.spec.wordings.0.elements.0.kind", "rude"),
        ("take.spec", NESTED),
        ("judgements", []),
        ("judgements.0.created_at", ""),
        ("judgements.0.assessment.score.total", float("nan")),
        ("judgements.0.assessment.score.total", float("inf")),
        ("judgements.0.assessment.score.total", None),
        ("judgements.0.assessment.score.total", 1e300),
        pytest.param("judgements.0.assessment.score.counts.near", 10**400, id="googols"),
        ("judgements.0.assessment.score.counts.hits", -5),
        ("judgements.0.assessment.score.counts.more", 1),
        ("judgements.0.assessment.score.components.0.total", 0),
        ("judgements.0.assessment.score.components.0.name", "charm"),
        ("judgements.0.assessment.score.elements.0.name", "\x1b]0;x\x07"),
        ("judgements.0.assessment.score.elements.0.evidence.doubts", ["weather"]),
        ("judgements.0.assessment.score.chunks.0.origin", [10**6]),
        ("judgements.0.assessment.score.chunks.0.hypothesis", "\x9b31m"),
        ("judgements.0.assessment.transcript", None),
        ("judgements.0.assessment.transcript.logprobs", [-1.0]),
        ("judgements.0.assessment.transcript.times_s", [-1.0]),
        ("judgements.0.assessment.check", "fine"),
        ("judgements.0.assessment.check.spans_s", [[-500.0, 1.0]]),
        ("take.spec.readings", [["走", ["man²"]]]),
        ("reviews.0.id", "1"),
        ("reviews.0.base", "me"),
        ("reviews.0.reviewer", "\x1b[2J"),
        ("reviews.0.decision", "maybe"),
        ("reviews.0.created_at", "3026-11-20T08:00:00.000+00:00"),
        ("reviews.0.comments.0.at_s", "1"),
        ("reviews", {}),
        ("extra", 1),
    ],
)
def test_records_that_are_none(
    good: dict[str, bytes], tmp_path: Path, receiver: Store, where: str, value: Any
) -> None:
    name = next(name for name in good if name.startswith("attempts"))
    record = change(json.loads(good[name]), where, value)
    refused(receiver, forge(tmp_path / "x", good | {name: json.dumps(record).encode()}))


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"null", b"\xff\xfe", b'{"take": 1}'])
def test_records_that_are_not_even_json(
    good: dict[str, bytes], tmp_path: Path, receiver: Store, text: bytes
) -> None:
    name = next(name for name in good if name.startswith("attempts"))
    refused(receiver, forge(tmp_path / "x", good | {name: text}))
    path = tmp_path / "y"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(packs.CONTENTS, text)
    refused(receiver, path)


def test_one_bad_record_keeps_all_others_out(hall: Store, trainer: Store, tmp_path: Path) -> None:
    for _n in range(3):
        add(hall)
    pack(hall, tmp_path / "good.practice")
    entries = entries_of(tmp_path / "good.practice")
    last = [name for name in entries if name.startswith("attempts")][-1]
    entries[last] = b"{}"
    refused(trainer, forge(tmp_path / "x", entries))


def test_a_review_of_another_take_is_not_taken_over(hall: Store, trainer: Store) -> None:
    made, other = add(hall), add(hall)
    hall.add_review(made.id, given := review())
    carry(hall, trainer)
    record = next(Exchange(hall.database).outgoing([other.id])).record
    forged = replace(record, reviews=(replace(given, decision=Decision.PASS),))
    path = hall.folder / "x"
    forge(path, {packs.record_name(other.id): packs.record_to_bytes(forged)})
    assert [t.id for t in unpack(trainer, path).differing] == [other.id]
    assert trainer.get(made.id).review == given
    assert trainer.get(other.id).review is None


def test_reviews_that_refer_in_a_circle(hall: Store, trainer: Store) -> None:
    made = add(hall)
    record = next(Exchange(hall.database).outgoing([made.id])).record
    a, b = review(), review()
    circle: tuple[Review, ...] = (replace(a, base=b.id), replace(b, base=a.id))
    path = hall.folder / "x"
    data = packs.record_to_bytes(replace(record, reviews=circle))
    forge(path, {packs.record_name(made.id): data})
    assert unpack(trainer, path).reviews == 2


# ---- what stops half-way ----------------------------------------------------------------


def test_a_stopped_unpack_leaves_nothing(hall: Store, trainer: Store, tmp_path: Path) -> None:
    for _n in range(3):
        add(hall)
    path = tmp_path / "1.practice"
    pack(hall, path)

    def stop_at(step: int) -> Callable[[int, int], None]:
        def progress(done: int, _all: int) -> None:
            if done == step:
                raise KeyboardInterrupt

        return progress

    for step in range(1, 7):
        with pytest.raises(KeyboardInterrupt):
            merge(trainer, path, stop_at(step))
        assert trainer.latest(Filter()) == []
        assert not list(trainer.folder.glob("takes/*/*"))
    assert unpack(trainer, path).new == 3


def test_a_stopped_pack_leaves_nothing_and_is_not_remembered(hall: Store, tmp_path: Path) -> None:
    made = add(hall)

    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(hall, tmp_path / "1.practice", progress=stop)
    assert not list(tmp_path.glob("*.practice*"))
    assert Exchange(hall.database).last_bundle() is None
    assert Exchange(hall.database).unsent() == [made.id]


@pytest.mark.slow
def test_a_pack_is_stopped_also_inside_the_zip_file(hall: Store, tmp_path: Path) -> None:
    made = add(hall, sound=None)

    def is_stopped(calls: int) -> bool:
        """Whether a pack is stopped by Ctrl-C at the call of a function of the library's."""

        def count(frame: FrameType, event: str, _arg: object) -> None:
            nonlocal calls
            code = frame.f_code
            # What is raised while an object goes, which closes it, is not heard of.
            is_heard = code.co_name not in ("__del__", "close")
            if event == "call" and code.co_filename == zipfile.__file__ and is_heard:
                calls -= 1
                if calls == 0:
                    raise KeyboardInterrupt

        sys.setprofile(count)
        try:
            pack(hall, tmp_path / "1.practice", [made.id])
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
        return False

    calls = 1
    while is_stopped(calls):
        assert not list(tmp_path.glob("*.practice*"))
        assert Exchange(hall.database).unsent() == [made.id]
        calls += 1
    assert calls > 20


def test_what_cannot_be_packed_is_told(
    language: str, hall: Store, trainer: Store, golden: Golden, tmp_path: Path
) -> None:
    odd, lost, fine = add(hall, name="坏\x07"), add(hall), add(hall)
    (hall.folder / (lost.audio or "")).unlink()
    written = pack(hall, tmp_path / "1.practice")
    assert (written.attempts, written.recordings) == (2, 1)
    assert [odd.id in text for text in written.left_out] == [True, False]
    assert lost.id in written.left_out[1]
    golden("pack-left-out", "\n".join(written.left_out))
    assert unpack(trainer, tmp_path / "1.practice").new == 2
    assert trainer.find(fine.id) is not None
    assert Exchange(hall.database).unsent() == [odd.id]


def test_a_store_shows_its_own_records_beyond_the_limits(hall: Store, tmp_path: Path) -> None:
    odd = replace(take(), spec=replace(LINE, customer="\x1b[31m", wordings=()), audio=None)
    hall.add(odd, assessed := heard("慢走"))
    assert hall.get(odd.id) == Attempt(odd, assessed)
    with pytest.raises(BundleError, match="wordings"):
        pack(hall, tmp_path / "1.practice")


# ---- the command ------------------------------------------------------------------------


@pytest.fixture
def stick(practice: Practice, tmp_path: Path, empty_store: Path) -> Path:
    """A folder for packs, and takes to put into one."""
    store = Store(shutil.copytree(empty_store, practice.recordings))
    add(store)
    add(store, name="<script>", group="=1+1")
    add(store, name="张/三", group="..")
    store.close()
    folder = tmp_path / "U盘"
    folder.mkdir()
    return folder


def test_pack_and_unpack(
    language: str,
    practice: Practice,
    stick: Path,
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(stick)
    done = practice(*EXPORT)
    assert done.returncode == 0, done.stderr
    (path,) = stick.iterdir()
    assert path.name.startswith("practice-20")
    assert path.suffix == ".practice"
    assert max(len(text.encode("gbk")) for text in done.stdout.splitlines()) <= 80
    golden("pack", done.stdout.replace(path.stem[-6:], "0a1b2c"))
    golden("pack-nothing-new", practice(*EXPORT, "-o", stick).stdout)
    (told,) = practice.json(*EXPORT, "-o", stick, "--all")
    assert told["attempts"] == told["recordings"] == 3
    assert Path(told["file"]).name == path.name.replace(".practice", "-2.practice")
    before = set(tmp_path.iterdir())
    other = ("--recordings", str(tmp_path / "trainer"))
    (told,) = practice.json(*IMPORT, path, *other)
    assert (told["new"], told["present"], told["recordings"]) == (3, 0, 3)
    again = practice.json(*IMPORT, path, path, *other)
    assert [(told["new"], told["present"], told["recordings"]) for told in again] == [(0, 3, 0)] * 2
    done = practice(*IMPORT, path, path, *other)
    golden("unpack-again", done.stdout.replace(path.stem[-6:], "0a1b2c"))
    assert len(practice.json("history", *other, env=no_trainee(practice))) == 3
    assert set(tmp_path.iterdir()) == before | {tmp_path / "trainer"}


def no_trainee(practice: Practice) -> dict[str, str]:
    return {k: v for k, v in practice.env.items() if k != "PRACTICE_TRAINEE"}


def test_conflicts_are_told_by_name(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    hall, trainer = Store(practice.recordings), Store(tmp_path / "trainer")
    made = add(hall)
    carry(hall, trainer)
    ours = review(reviewer="班长", decision=Decision.PASS)
    theirs = review(reviewer="李老师", decision=Decision.REDO, created_at=LATER)
    hall.add_review(made.id, ours)
    trainer.add_review(made.id, theirs)
    pack(trainer, tmp_path / "back.practice")
    shutil.copytree(practice.recordings, tmp_path / "same hall")
    golden("unpack-conflict", practice(*IMPORT, tmp_path / "back.practice").stdout)
    other = ("--recordings", tmp_path / "same hall")
    (told,) = practice.json(*IMPORT, tmp_path / "back.practice", *other)
    (conflict,) = told["conflicts"]
    assert (conflict["id"], conflict["trainee"], conflict["group"]) == (made.id, "王芳", "一厅")
    assert (conflict["script"], conflict["counts"]) == ("请慢走", theirs.id)
    assert [conflict[who]["reviewer"] for who in ("ours", "theirs")] == ["班长", "李老师"]


def test_what_stays_out_of_a_store_is_told(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    here, hall = Store(practice.recordings), Store(tmp_path / "hall")
    gone, differing = add(hall, name="李雷"), add(hall, sound=None)
    add(hall, sound=b"no sound")
    here.add(gone, heard("慢走"))
    here.add(replace(differing, title="别的"), heard("请慢走"))
    remove_records(here.database, gone.trainee)
    pack(hall, tmp_path / "week.practice")
    golden("unpack-left-out", practice(*IMPORT, tmp_path / "week.practice").stdout)


def test_a_pack_is_never_overwritten(
    language: str, practice: Practice, stick: Path, golden: Golden
) -> None:
    path = stick / "week.practice"
    assert practice(*EXPORT, "-o", path).returncode == 0
    before = path.read_bytes()
    done = practice(*EXPORT, "-o", path, "--all")
    done.refused(BundleError, str(path), "-o")
    golden("pack-is-there", done.stderr)
    assert path.read_bytes() == before


def test_since_a_day(practice: Practice, stick: Path) -> None:
    practice(*EXPORT, "-o", stick)
    assert practice.json(*EXPORT, "-o", stick, "--since", "2026-01-01")[0]["attempts"] == 3
    assert practice.json(*EXPORT, "-o", stick, "--since", "2090-01-01")[0]["file"] is None
    assert practice.json(*EXPORT, "-o", stick, "--since", "1000-01-01")[0]["attempts"] == 3
    for args in (["--since", "soon"], ["--since", "2026-01-01", "--all"]):
        assert practice(*EXPORT, *args).returncode == 2


def test_places_that_cannot_be_written(
    language: str, practice: Practice, stick: Path, golden: Golden
) -> None:
    (stick / f".x.{os.getpid()}.part").symlink_to("/dev/full")
    told = ""
    for place in (stick / "none" / "x.practice", Path("/dev/full/x"), stick / "x"):
        done = practice(*EXPORT, "-o", place)
        done.refused(BundleError, str(place), "-o")
        told += done.stderr
    golden("pack-unwritable", told)
    assert list(stick.iterdir()) == []
    assert practice.json(*EXPORT, "-o", stick)[0]["attempts"] == 3


def test_good_packs_are_taken_over_beside_bad_ones(
    language: str, practice: Practice, stick: Path, golden: Golden, tmp_path: Path
) -> None:
    good, bad = stick / "good.practice", stick / "bad.practice"
    assert practice(*EXPORT, "-o", good).returncode == 0
    bad.write_text("no pack")
    done = practice(*IMPORT, bad, good, "--recordings", tmp_path / "trainer")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(bad) in line
    golden("unpack-bad-and-good", done.stderr + done.stdout)
    store = Store(tmp_path / "trainer")
    assert len(store.latest(Filter())) == 3


def test_packing_an_empty_store_makes_nothing(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    done = practice(*EXPORT, "-o", tmp_path / "x")
    assert done.returncode == 0
    golden("pack-no-store", done.stdout)
    Store(practice.recordings).close()
    golden("pack-empty-store", practice(*EXPORT, "-o", tmp_path / "x").stdout)
    assert practice.json(*EXPORT, "-o", tmp_path / "x") == [
        {"file": None, "attempts": 0, "recordings": 0, "reviews": 0, "bytes": 0}
    ]
    assert not (tmp_path / "x").exists()


def test_ctrl_c_leaves_no_half_pack(practice: Practice, stick: Path) -> None:
    # A recording that comes out of a pipe keeps the command waiting in the middle of its work.
    sound = next(practice.recordings.glob("takes/*/*"))
    sound.unlink()
    os.mkfifo(sound)
    half, command, is_over = [], threading.get_ident(), threading.Event()

    def press_ctrl_c() -> None:
        with sound.open("wb"):  # once the command opens it
            half.extend(stick.iterdir())
            time.sleep(0.05)  # by now it reads
            signal.pthread_kill(command, signal.SIGINT)
            is_over.wait(1)

    presser = threading.Thread(target=press_ctrl_c, daemon=True)
    # Whoever started the tests may have had Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        presser.start()
        done = practice(*EXPORT, "-o", stick)
    finally:
        is_over.set()
        signal.signal(signal.SIGINT, before)
    presser.join(30)
    assert (done.returncode, len(half)) == (130, 1)
    assert list(stick.iterdir()) == []
    sound.unlink()
    sound.write_bytes(SOUND)
    assert practice.json(*EXPORT, "-o", stick)[0]["attempts"] == 3
