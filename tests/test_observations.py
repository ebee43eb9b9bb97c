"""What no microphone hears: watched in the terminal, gone on from at the desk, never in a score."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from conftest import (
    CLIPS,
    LINE,
    Microphone,
    Place,
    Practice,
    Start,
    begin,
    finish,
    heard,
    review,
    take,
)
from flask.testing import FlaskClient

from practice.commands import parts
from practice.core.exchange import Judgement, Record
from practice.core.models import Attempt, Decision, Observation, Review, Take
from practice.core.reviewing import final_score, watchers
from practice.export.table import COLUMNS, row_of
from practice.pack.format import FormatError, record_from_bytes, record_to_bytes
from practice.report.terminal import one_line
from practice.review.app import create_app
from practice.review.desk import Desk
from practice.store import Filter, Store, rows, schema
from practice.store.database import FILE
from practice.store.people import People
from practice.store.queue import Counts, Queue
from practice.store.removal import Removal
from practice.store.reviewed import ReviewedAttempts

STOOD = replace(LINE, body="标准站姿，身体微微前倾，目光注视客户。")
SEEN = (Observation("标准站姿", seen=True), Observation("目光注视客户", seen=False))


def watched(store: Store, text: str = "请慢走") -> tuple[Take, Review]:
    """A take that 赵老师 watched and nobody listened to."""
    made = take(spec=STOOD)
    store.add(made, heard(text))
    saw = review(reviewer="赵老师", observations=SEEN, watched_only=True)
    store.add_review(made.id, saw)
    return made, saw


# ---- the records ---------------------------------------------------------------


def test_who_only_watched_has_not_judged(place: Place) -> None:
    store = Store(*place)
    made, saw = watched(store, "慢走")
    attempt = store.get(made.id)
    assert attempt.review == saw
    assert attempt.judgement is None
    assert final_score(attempt) == attempt.assessment.score
    queue, everything = Queue(store.database), Filter()
    assert queue.counts(everything) == Counts(waiting=1, done=0)
    assert [a.take.id for a in queue.page(Filter(reviewed=False))] == [made.id]
    assert store.latest(Filter(reviewed=True)) == []
    assert People(store.database).agreement() == []
    assert len(ReviewedAttempts(store.database, None)) == 0
    assert Removal(store.database).extent(made.trainee).unreviewed == 1

    store.add_review(made.id, review(base=saw.id, decision=Decision.PASS))
    assert queue.counts(everything) == Counts(waiting=0, done=1)
    assert store.latest(Filter(reviewed=False)) == []
    assert sum(row.total for row in People(store.database).agreement()) == 2
    assert len(ReviewedAttempts(store.database, None)) == 1


def test_whoever_reviewed_before_had_judged(place: Place) -> None:
    """Records of the version before, with a reviewed take and one that waits."""
    folder, address = place
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = sa.create_engine(address or f"sqlite:///{folder / FILE}")
    given = review()
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0002")
        tables = sa.MetaData()
        tables.reflect(db)
        db.execute(
            tables.tables["trainees"].insert(), {"id": 1, "name": "王芳", "group_name": "厅"}
        )
        for made in (reviewed := take(), waiting := take()):
            values = {
                c.name: getattr(made, c.name, None) for c in tables.tables["attempts"].columns
            }
            values |= {"trainee_id": 1, "spec": rows.LINE.dump_json(LINE).decode()}
            db.execute(tables.tables["attempts"].insert(), values)
            rows.insert_score(db, made.id, 1, heard("慢走"))
            standing = {
                "attempt_id": made.id,
                "trainee_id": 1,
                "scenario": "farewell",
                "created_at": made.created_at,
                "changed_at": made.created_at,
                "unsent": False,
                "score_number": 1,
                "review_id": given.id if made is reviewed else None,
                "result": "failed",
                "doubt": 0.0,
            }
            db.execute(tables.tables["standings"].insert(), standing)
        rows.insert_review(db, reviewed.id, given)
    engine.dispose()
    store = Store(*place)
    assert [a.take.id for a in store.latest(Filter(reviewed=True))] == [reviewed.id]
    assert [a.take.id for a in store.latest(Filter(reviewed=False))] == [waiting.id]
    with store.database.reading() as db:
        indexes = sa.inspect(db).get_indexes("standings")
    (of_queue,) = (i["column_names"] for i in indexes if i["name"] == "ix_standings_queue")
    assert of_queue == ["reviewed", "doubt", "created_at"]


def test_observations_travel_in_packs() -> None:
    made = take(spec=STOOD, audio=None)
    saw = review(observations=(replace(SEEN[0], by="赵老师"),), watched_only=True)
    record = Record(made, (Judgement(made.created_at, heard("慢走")),), (saw,))
    assert record_from_bytes(made.id, record_to_bytes(record)) == record
    forged = replace(record, reviews=(replace(saw, observations=(replace(SEEN[0], by="\x1b"),)),))
    with pytest.raises(FormatError):
        record_from_bytes(made.id, record_to_bytes(forged))


# ---- how it is told ------------------------------------------------------------


def test_what_was_seen_is_named_and_no_part_of_the_score() -> None:
    plain = Attempt(take(spec=STOOD), heard("请慢走"))
    attempt = replace(plain, review=review(reviewer="赵老师", observations=SEEN, watched_only=True))
    told = "posture (watched by 赵老师): 1 of 2 seen"
    assert one_line(attempt) == f"{one_line(plain)}  {told}"
    row = dict(zip((column.heading for column in COLUMNS), row_of(attempt), strict=True))
    assert row["posture"] == f"{told}\nseen: 标准站姿\nnot seen: 目光注视客户"
    assert (row["reviewed by"], row["decision"], row["score"]) == (None, None, 100)


# ---- the desk ------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[FlaskClient, Store]]:
    store = Store(tmp_path)
    readings = parts.model_readings(tmp_path, "base")
    app = create_app(Desk(store, "李老师", login=False, readings=readings), ["localhost"], "key")
    with app.test_client() as client:
        yield client, store


def test_the_desk_goes_on_from_what_was_seen(desk: tuple[FlaskClient, Store]) -> None:
    client, store = desk
    made, _saw = watched(store)
    page = client.get(f"/attempts/{made.id}").text
    assert "posture (watched by 赵老师): 1 of 2 seen" in page
    assert re.findall(r'name="(body-\d)" value="(\w*)" checked', page) == [
        ("body-0", "seen"),
        ("body-1", ""),
        ("body-2", "unseen"),
    ]
    assert "unreviewed" in client.get("/").text
    fields = dict(re.findall(r'name="(csrf_token|base)" value="([^"]+)"', page))
    # 李老师 leaves the first as it was, and adds and changes what they know better.
    fields |= {"body-0": "seen", "body-1": "unseen", "body-2": "seen", "decision": "pass"}
    assert client.post(f"/attempts/{made.id}", data=fields).status_code == 303
    given = store.get(made.id).judgement
    assert given is not None
    assert {who: [o.item for o in some] for who, some in watchers(given).items()} == {
        "赵老师": ["标准站姿"],
        "李老师": ["身体微微前倾", "目光注视客户"],
    }
    page = client.get(f"/attempts/{made.id}").text
    assert "posture (watched by 李老师): 1 of 2 seen" in page
    assert client.get("/?show=todo").text.count(made.id) == 0


# ---- the terminal --------------------------------------------------------------


def test_a_trainer_watches_at_the_microphone(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    child = start("run", "farewell", "--observer", "赵老师")
    child.expect("Posture:")
    child.expect("- 标准站姿")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("赵老师, what did you see")
    child.expect("标准站姿？")
    child.send("y")
    child.expect("身体微微前倾？")
    child.send("\r")
    child.expect("目光注视客户？")
    child.send("n")
    child.expect("PASSED")
    child.expect("watched by 赵老师.: 1 of 2 seen")
    child.expect("R: again")
    child.send("\r")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert attempt["review"]["watched_only"] is True
    assert attempt["review"]["observations"] == [
        {"item": "标准站姿", "seen": True, "by": ""},
        {"item": "目光注视客户", "seen": False, "by": ""},
    ]
    assert attempt["final"]["score"] == attempt["score"]


def test_an_observer_has_a_name(practice: Practice) -> None:
    done = practice("run", "farewell", "--observer", " ", "--audio", CLIPS / "farewell.flac")
    assert done.returncode == 1
    assert "is no name" in done.stderr
