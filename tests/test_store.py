"""The records: written once, scores appended, several writers, and what can go wrong."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from practice import takes
from practice.core.markup import parse_script
from practice.core.models import (
    Assessment,
    Line,
    ModelInfo,
    SpeechCheck,
    Take,
    Trainee,
    Transcript,
    Unscored,
)
from practice.core.scoring import VERSION, score_transcript, unscored
from practice.errors import StoreError
from practice.store import Filter, Store
from practice.store.schema import HEAD, metadata
from practice.store.store import DATABASE, now

LINE = Line("客户离开", parse_script("【请|敬语】【慢走|送别】", {}))
MODEL = ModelInfo("base", "ab" * 32, {"language": "zh", "temperature": 0.0})
CHECK = SpeechCheck(2.0, 1.0, -3.0, -20.0, 30.0, 0.0, ((0.5, 1.5),))


def take(name: str = "王芳", group: str = "一厅", **changes: object) -> Take:
    take_id, created_at = str(uuid4()), now()
    made = Take(
        id=take_id,
        session=str(uuid4()),
        created_at=created_at,
        trainee=Trainee(name, group),
        scenario="farewell",
        title="送别",
        prompt_sha256="0" * 64,
        line=1,
        take=1,
        spec=LINE,
        audio=takes.audio_name(take_id, created_at, ".wav"),
        source="file",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def heard(text: str) -> Assessment:
    transcript = Transcript(text, -0.2, 0.01, 0.8)
    return Assessment(CHECK, transcript, None, score_transcript(LINE, text), MODEL, VERSION)


def test_what_is_stored_comes_back_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = take(device="USB 麦克风", overflows=2)
    store.add(made, heard("请慢走"))
    attempt = Store(tmp_path).get(made.id[:8])
    assert attempt.take == made
    assert attempt.assessment == heard("请慢走")


def test_unscored_takes_are_kept_too(tmp_path: Path) -> None:
    store = Store(tmp_path)
    check = replace(CHECK, reason=Unscored.NO_SPEECH, spans_s=())
    nothing = Assessment(check, None, None, unscored(LINE, Unscored.NO_SPEECH), None, VERSION)
    store.add(made := take(), nothing)
    assert store.get(made.id).assessment == nothing


def test_later_scores_are_appended(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(made := take(), heard("慢走"))
    store.add_score(made.id, heard("请慢走"))
    assert store.get(made.id).assessment == heard("请慢走")
    assert store.scores_of(made.id) == [heard("慢走"), heard("请慢走")]
    assert len(store.latest(Filter())) == 1


def test_filters_and_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for i, (name, group) in enumerate([("王芳", "一厅"), ("王芳", "二厅"), ("李雷", "一厅")]):
        store.add(take(name, group, created_at=f"2026-11-2{i}T08:00:00.000+00:00"), heard("请慢走"))
    assert [a.take.created_at[9] for a in store.latest(Filter())] == ["2", "1", "0"]
    assert len(store.latest(Filter(trainee="王芳"))) == 2
    assert len(store.latest(Filter(trainee="王芳", group="二厅"))) == 1
    assert len(store.latest(Filter(), limit=1)) == 1
    assert store.latest(Filter(scenario="queue")) == []


def test_previous_is_the_same_trainees_last_scored_take(tmp_path: Path) -> None:
    store = Store(tmp_path)
    times = [f"2026-11-2{i}T08:00:00.000+00:00" for i in range(4)]
    first, other, last = (
        take(created_at=times[0]),
        take(group="二厅", created_at=times[1]),
        take(created_at=times[3]),
    )
    nothing = Assessment(CHECK, None, None, unscored(LINE, Unscored.NO_TEXT), None, VERSION)
    store.add(first, heard("慢走"))
    store.add(other, heard("请慢走"))
    store.add(take(created_at=times[2]), nothing)
    store.add(last, heard("请慢走"))
    previous = store.previous(last)
    assert previous is not None
    assert previous.take.id == first.id
    assert store.previous(first) is None


def test_ids_must_be_clear(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(take(id="aaaa0000-1"), heard("请慢走"))
    store.add(take(id="aaaa0000-2"), heard("请慢走"))
    with pytest.raises(StoreError, match="Several"):
        store.get("aaaa")
    with pytest.raises(StoreError, match="No attempt"):
        store.get("ffff")
    with pytest.raises(StoreError, match="No attempt"):
        store.get("%")


def test_two_writers_at_once(tmp_path: Path) -> None:
    # Opened at the same moment too, so that both want to make the tables.
    def write(_n: int) -> None:
        store = Store(tmp_path)
        for _i in range(5):
            store.add(take(), heard("请慢走"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(Store(tmp_path).latest(Filter())) == 20


def test_migrations_lead_to_the_schema_of_the_code(tmp_path: Path) -> None:
    Store(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        for table in metadata.sorted_tables:
            columns = {row[1]: bool(row[3]) for row in db.execute(f"PRAGMA table_info({table})")}
            assert columns == {c.name: not c.nullable for c in table.columns}
            indexes = {row[1] for row in db.execute(f"PRAGMA index_list({table})")}
            assert {index.name for index in table.indexes} <= indexes


def test_records_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    Store(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        Store(tmp_path)


def test_damaged_records_are_told(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match="are damaged"):
        Store(tmp_path)


def test_pending_takes(tmp_path: Path) -> None:
    made = take()
    with takes.announced(tmp_path, made):
        assert takes.broken_off(tmp_path) == []  # it is under way
    assert takes.broken_off(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), takes.announced(tmp_path, made):
        raise KeyboardInterrupt
    assert takes.broken_off(tmp_path) == [made]
    takes.strike_off(tmp_path, made, with_audio=True)
    assert takes.broken_off(tmp_path) == []
    assert list((tmp_path / "pending").iterdir()) == []
