"""The records: written once, scores appended, several writers, and what can go wrong."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from conftest import CHECK, LINE, Golden, Place, heard, review, take
from pydantic import TypeAdapter

from practice.errors import StoreError
from practice.records.attempt import Assessment, Take, Trainee
from practice.records.recognition import Unscored
from practice.records.review import Comment, Decision, Mark, Observation
from practice.records.scenario import Line
from practice.records.score import Verdict
from practice.scoring.review import final_score
from practice.scoring.score import VERSION, unscored
from practice.store import Filter, ReviewConflictError, Store, rows, schema
from practice.store import recordings as takes
from practice.store.accounts import Accounts, Role
from practice.store.database import FILE as DATABASE
from practice.store.reviews import Counts, Queue
from practice.store.schema import HEAD, metadata


def test_what_is_stored_comes_back_whole(place: Place) -> None:
    store = Store(*place)
    made = take(device="USB 麦克风", overflows=2)
    store.add(made, heard("请慢走"))
    attempt = Store(*place).get(made.id[:8])
    assert attempt.take == made
    assert attempt.assessment == heard("请慢走")


def test_unscored_takes_are_kept_too(place: Place) -> None:
    store = Store(*place)
    check = replace(CHECK, spans_s=())
    nothing = Assessment(check, None, None, unscored(LINE, Unscored.NO_SPEECH), None, VERSION)
    store.add(made := take(), nothing)
    assert store.get(made.id).assessment == nothing


def test_later_scores_are_appended(place: Place) -> None:
    store = Store(*place)
    store.add(made := take(), heard("慢走"))
    store.add_score(made.id, heard("请慢走"))
    assert store.get(made.id).assessment == heard("请慢走")
    assert store.scores_of(made.id) == [heard("慢走"), heard("请慢走")]
    assert len(store.latest(Filter())) == 1


def test_filters_and_order(place: Place) -> None:
    store = Store(*place)
    for i, (name, group) in enumerate([("王芳", "一厅"), ("王芳", "二厅"), ("李雷", "一厅")]):
        store.add(take(name, group, created_at=f"2026-11-2{i}T08:00:00.000+00:00"), heard("请慢走"))
    assert [a.take.created_at[9] for a in store.latest(Filter())] == ["2", "1", "0"]
    assert len(store.latest(Filter(trainee="王芳"))) == 2
    assert len(store.latest(Filter(trainee="王芳", group="二厅"))) == 1
    assert len(store.latest(Filter(), limit=1)) == 1
    assert store.latest(Filter(scenario="queue")) == []


def test_a_stream_has_all_in_order(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("practice.store.store.BATCH", 3)
    store = Store(*place)
    for i in range(11):  # of which four are made in the same moment, across two batches
        at = f"2026-11-22T08:00:0{min(i, 7)}.000+00:00"
        store.add(take(created_at=at), heard("慢走" if i % 2 else "请慢走"))
    everything = store.latest(Filter())
    assert [a.take.created_at[18] for a in everything[:5]] == ["7", "7", "7", "7", "6"]
    assert list(store.stream(Filter())) == everything
    assert list(store.stream(Filter(result="failed"))) == store.latest(Filter(result="failed"))
    assert list(store.stream(Filter(trainee="nobody"))) == []


def test_a_stream_lets_others_write(place: Place) -> None:
    store = Store(*place)
    for _i in range(3):
        store.add(take(), heard("请慢走"))
    reading = store.stream(Filter())
    first = next(reading)
    Store(*place).add_review(first.take.id, review())
    assert len(list(reading)) == 2


def test_previous_is_the_same_trainees_last_scored_take(place: Place) -> None:
    store = Store(*place)
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


def test_ids_must_be_clear(language: str, place: Place, golden: Golden) -> None:
    store = Store(*place)
    store.add(take(id="aaaa0000-1"), heard("请慢走"))
    store.add(take(id="aaaa0000-2"), heard("请慢走"))
    told = []
    for beginning in ("aaaa", "ffff", "%"):
        with pytest.raises(StoreError, match=beginning) as refused:
            store.get(beginning)
        told.append(str(refused.value))
    golden("store-no-id", "\n".join(told))


def test_two_writers_at_once(place: Place) -> None:
    # Opened at the same moment too, so that both want to make the tables.
    def write(_n: int) -> None:
        store = Store(*place)
        for _i in range(5):
            store.add(take(), heard("请慢走"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(Store(*place).latest(Filter())) == 20


# ---- reviews -----------------------------------------------------------------


def stored(place: Place, text: str = "慢走") -> tuple[Store, Take]:
    store = Store(*place)
    store.add(made := take(), heard(text))
    return store, made


def test_the_trainers_review_lies_over_the_machines_score(place: Place) -> None:
    store, made = stored(place)
    assert store.get(made.id).assessment.score.passed is False
    mark = Mark("请", 1, Verdict.HEARD, "清楚听到")
    given = review(
        marks=(mark,),
        comments=(Comment("声音再大一点", 1.5),),
        observations=(Observation("微笑", False),),
    )
    store.add_review(made.id, given)
    attempt = store.get(made.id)
    assert attempt.review == given
    assert attempt.assessment == heard("慢走")  # the machine's stays beside it
    final = final_score(attempt)
    assert [e.verdict for e in final.elements] == [Verdict.HEARD, Verdict.HEARD]
    assert final.passed is True
    assert len(store.latest(Filter(result="passed", reviewed=True))) == 1
    assert store.latest(Filter(reviewed=False)) == []


def test_a_decision_wins_over_the_sum(place: Place) -> None:
    store, made = stored(place, "请慢走")
    store.add_review(made.id, first := review(decision=Decision.REDO))
    assert final_score(store.get(made.id)).passed is False
    assert len(store.latest(Filter(result="failed"))) == 1
    store.add_review(made.id, second := review(decision=Decision.PASS, base=first.id))
    assert final_score(store.get(made.id)).passed is True
    assert [r.id for r in store.reviews_of(made.id)] == [first.id, second.id]


def test_the_second_of_two_trainers_is_told(place: Place) -> None:
    store, made = stored(place)
    store.add_review(made.id, review(reviewer="李老师"))
    with pytest.raises(ReviewConflictError, match="李老师"):
        store.add_review(made.id, review(reviewer="赵老师"))
    assert len(store.reviews_of(made.id)) == 1


def test_two_trainers_at_the_same_moment(place: Place) -> None:
    _store, made = stored(place)

    def save(n: int) -> bool:
        try:
            Store(*place).add_review(made.id, review(reviewer=f"老师{n}"))
        except ReviewConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(save, range(4))) == 1


def test_a_later_review_counts_even_by_a_slow_clock(place: Place) -> None:
    store, made = stored(place)
    store.add_review(made.id, first := review(created_at="2027-01-01T00:00:00.000+00:00"))
    late = review(base=first.id, decision=Decision.PASS)
    store.add_review(made.id, late)
    newest = store.get(made.id).review
    assert newest is not None
    assert newest.id == late.id


def test_a_review_stays_when_the_machine_judges_again(place: Place) -> None:
    store, made = stored(place)
    store.add_review(made.id, review(decision=Decision.PASS))
    store.add_score(made.id, heard("走"))
    assert final_score(store.get(made.id)).passed is True


def test_the_queue_has_the_doubtful_first(place: Place) -> None:
    store = Store(*place)
    sure, missed, poor = take(), take(), take()
    store.add(sure, heard("请慢走"))
    store.add(missed, heard("慢走"))
    unlikely = heard("慢走")
    assert unlikely.transcript is not None
    doubtful = replace(unlikely, transcript=replace(unlikely.transcript, avg_logprob=-0.9))
    store.add(poor, doubtful)
    queue, todo = Queue(store.database), Filter(reviewed=False)
    assert [a.take.id for a in queue.page(todo)] == [poor.id, missed.id, sure.id]
    assert queue.next_after(todo, poor.id) == missed.id
    assert queue.next_after(todo, missed.id) == sure.id
    assert queue.next_after(todo, sure.id) == poor.id  # what was skipped comes again
    store.add_review(missed.id, review())
    assert queue.next_after(todo, missed.id) == sure.id
    assert [a.take.id for a in queue.page(todo)] == [poor.id, sure.id]
    assert queue.counts(todo) == Counts(2, 1)
    assert queue.counts(Filter(trainee="nobody")) == Counts(0, 0)
    assert queue.scenarios() == ["farewell"]
    assert queue.trainees() == [("一厅", "王芳")]


def test_a_shared_database_holds_the_sound(place: Place, tmp_path: Path) -> None:
    folder, address = place
    store, made = Store(*place), take()
    takes.audio_path(folder, made.audio or "").write_bytes(b"RIFF")
    store.add(made, heard("请慢走"))
    elsewhere = Store(tmp_path / "another machine", address)
    if address is None:
        assert store.recording(made) == b"RIFF"
        assert elsewhere.recording(made) is None
    else:
        assert elsewhere.recording(made) == b"RIFF"


def test_accounts(place: Place) -> None:
    accounts = Accounts(Store(*place).database)
    accounts.add("zhao", "long enough 1", Role.TRAINER)
    accounts.add("wang", "long enough 2", Role.TRAINEE, Trainee("王芳", "一厅"))
    with pytest.raises(StoreError, match="zhao"):
        accounts.add("zhao", "long enough 3", Role.ADMIN)
    assert [(a.name, a.trainee) for a in accounts.all()] == [
        ("wang", Trainee("王芳", "一厅")),
        ("zhao", None),
    ]
    found = accounts.check("zhao", "long enough 1")
    assert found is not None
    assert accounts.find(found.id, found.session_key) == found
    assert accounts.check("zhao", "long enough 2") is None
    assert accounts.check("nobody", "long enough 1") is None
    accounts.set_password("zhao", "another one 1")
    assert accounts.find(found.id, found.session_key) is None
    accounts.remove("zhao")
    assert accounts.check("zhao", "another one 1") is None
    with pytest.raises(StoreError, match="zhao"):
        accounts.remove("zhao")


def test_an_account_that_is_there_already_or_not_at_all_is_told(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    accounts = Accounts(Store(tmp_path).database)
    accounts.add("zhao", "long enough 1", Role.TRAINER)
    with pytest.raises(StoreError) as taken:
        accounts.add("zhao", "long enough 3", Role.ADMIN)
    with pytest.raises(StoreError) as missing:
        accounts.remove("wang")
    golden("store-no-account", f"{taken.value}\n{missing.value}")


def test_consent_is_kept_with_its_words(place: Place) -> None:
    store, trainee = Store(*place), Trainee("王芳", "一厅")
    assert store.consent(trainee) is None
    store.agree(trainee, "录音只用于培训")
    assert store.consent(trainee) == "录音只用于培训"
    assert store.consent(Trainee("王芳", "二厅")) is None


def test_records_of_the_first_version_are_brought_up_to_date(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = sa.create_engine(f"sqlite:///{tmp_path / DATABASE}")
    made = take()
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
        db.exec_driver_sql("INSERT INTO trainees VALUES (1, '王芳', '一厅')")
        old = sa.Table("attempts", sa.MetaData(), autoload_with=db)
        values = {c.name: getattr(made, c.name, None) for c in old.columns}
        values |= {"trainee_id": 1, "spec": TypeAdapter(Line).dump_json(LINE).decode()}
        db.execute(old.insert().values(values))
        rows.insert_score(db, made.id, 1, heard("慢走"))
    engine.dispose()
    store = Store(tmp_path)
    assert store.get(made.id).take == made
    assert len(store.latest(Filter(result="failed", reviewed=False))) == 1


def test_an_address_that_is_none_is_told(language: str, golden: Golden, tmp_path: Path) -> None:
    told = []
    for address in (
        "nonsense",
        "sqlite:///x.db",
        "mysql://host/name",
        "postgresql+psycopg://me:secret@127.0.0.1:9/nowhere",
        "postgresql+psycopg://127.0.0.1:9/d?password=secret&user=x",
        "postgresql+psycopg://me:se@secret@127.0.0.1:9/d",
        "postgresql+psycopg://me:secret@127.0.0.1:port/d",
    ):
        with pytest.raises(StoreError) as refused:
            Store(tmp_path, address)
        assert "secret" not in str(refused.value)
        told.append(str(refused.value))
    # Between the two is what the driver says, which is its own affair.
    golden("store-no-address", re.sub("connection.*refused", "(why)", "\n".join(told)))


def test_migrations_lead_to_the_schema_of_the_code(tmp_path: Path) -> None:
    Store(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        for table in metadata.sorted_tables:
            columns = {row[1]: bool(row[3]) for row in db.execute(f"PRAGMA table_info({table})")}
            assert columns == {c.name: not c.nullable for c in table.columns}
            indexes = {row[1] for row in db.execute(f"PRAGMA index_list({table})")}
            assert {index.name for index in table.indexes} <= indexes


def test_records_of_a_newer_version_are_left_alone(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    Store(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreError) as refused:
        Store(tmp_path)
    golden("store-newer", str(refused.value))
    assert (tmp_path / DATABASE).read_bytes() == before


def test_damaged_records_are_told(language: str, golden: Golden, tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match=re.escape(str(tmp_path / DATABASE))) as refused:
        Store(tmp_path)
    golden("store-damaged", str(refused.value))


def test_pending_takes(tmp_path: Path) -> None:
    made = take()
    with takes.pending(tmp_path, made):
        assert takes.interrupted(tmp_path) == []  # it is under way
    assert takes.interrupted(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), takes.pending(tmp_path, made):
        raise KeyboardInterrupt
    assert takes.interrupted(tmp_path) == [made]
    takes.discard(tmp_path, made, with_audio=True)
    assert takes.interrupted(tmp_path) == []
    assert list((tmp_path / "pending").iterdir()) == []
