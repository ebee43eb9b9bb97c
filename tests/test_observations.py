"""What no microphone hears: watched in the terminal, gone on from at the desk, never in a score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from anchors import AGAIN
from conftest import (
    CLIPS,
    LINE,
    Golden,
    Place,
    Start,
    begin,
    finish,
    heard,
    review,
    take,
)
from desks import at_desk
from fake_sound import FakeSound
from in_process import Practice
from pydantic import TypeAdapter

from practice import scenarios as prompts
from practice.errors import PracticeError
from practice.output.attempt import one_line
from practice.output.export.tables import COLUMNS, row_of
from practice.records.attempt import Attempt, Take
from practice.records.review import Decision, Observation, Review
from practice.records.scenario import Line
from practice.scoring.review import final_score, watchers
from practice.store import Filter, Store, rows, schema
from practice.store.database import FILE
from practice.store.exchange import Record, ScoreRecord
from practice.store.people import People
from practice.store.retention import Remover
from practice.store.reviews import Counts, Queue, ReviewedAttempts
from practice.sync.format import FormatError, record_from_bytes, record_to_bytes

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
    remover = Remover(store, store.folder / "settings.json", "default")
    assert queue.counts(everything) == Counts(waiting=1, done=0)
    assert [a.take.id for a in queue.page(Filter(reviewed=False))] == [made.id]
    assert store.latest(Filter(reviewed=True)) == []
    assert People(store.database).agreement() == []
    assert len(ReviewedAttempts(store.database, None)) == 0
    assert remover.plan(made.trainee).extent.unreviewed == 1

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
            values |= {"trainee_id": 1, "spec": TypeAdapter(Line).dump_json(LINE).decode()}
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
    record = Record(made, (ScoreRecord(made.created_at, heard("慢走")),), (saw,))
    assert record_from_bytes(made.id, record_to_bytes(record)) == record
    forged = replace(record, reviews=(replace(saw, observations=(replace(SEEN[0], by="\x1b"),)),))
    with pytest.raises(FormatError):
        record_from_bytes(made.id, record_to_bytes(forged))


# ---- how it is told ------------------------------------------------------------


def test_what_was_seen_is_named_and_no_part_of_the_score(language: str, golden: Golden) -> None:
    plain = Attempt(take(spec=STOOD), heard("请慢走"))
    attempt = replace(plain, review=review(reviewer="赵老师", observations=SEEN, watched_only=True))
    assert one_line(attempt).startswith(one_line(plain))
    golden("observed-line", one_line(attempt))


def test_what_was_seen_stands_in_a_table(golden: Golden) -> None:
    plain = Attempt(take(spec=STOOD), heard("请慢走"))
    attempt = replace(plain, review=review(reviewer="赵老师", observations=SEEN, watched_only=True))
    changed = [
        f"{column.heading}: {cell}"
        for column, cell, before in zip(COLUMNS, row_of(attempt), row_of(plain), strict=True)
        if cell != before
    ]
    golden("observed-cells", "\n".join(changed))


# ---- the desk ------------------------------------------------------------------


def test_the_desk_goes_on_from_what_was_seen(practice: Practice, golden: Golden) -> None:
    store = Store(practice.recordings)
    made, _saw = watched(store)
    desk = at_desk(practice)
    page = desk.open(f"/attempts/{made.id}")
    golden("observed-page", page.text)
    fields = dict(page.form("decision=pass").fields)
    assert [fields[f"body-{n}"] for n in range(3)] == ["seen", "", "unseen"]
    assert made.id in desk.ask("GET", "/?show=todo").text
    # 李老师 leaves the first as it was, and adds and changes what they know better.
    answer = desk.press(page, "decision=pass", {"body-1": "unseen", "body-2": "seen"})
    assert answer.status_code == 303
    given = store.get(made.id).judgement
    assert given is not None
    assert {who: [o.item for o in some] for who, some in watchers(given).items()} == {
        "赵老师": ["标准站姿"],
        "李老师": ["身体微微前倾", "目光注视客户"],
    }
    golden("observed-by-two-page", desk.open(f"/attempts/{made.id}").text)
    assert made.id not in desk.ask("GET", "/?show=todo").text
    store.close()


# ---- the terminal --------------------------------------------------------------


@pytest.mark.slow
def test_a_trainer_watches_at_the_microphone(
    start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    items = prompts.load(practice.prompts, "farewell").lines[0].body_items
    child = start("run", "farewell", "--observer", "赵老师")
    child.expect(f"- {items[0]}")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    keys = ["y", *["\r"] * (len(items) - 2), "n"]
    for item, key in zip(items, keys, strict=True):
        child.expect(f"{item}[?？]")
        child.send(key)
    child.expect(AGAIN)
    child.send("\r")
    assert finish(child) == 0
    golden("observed-run", child.screen())
    (attempt,) = practice.json("history")
    assert attempt["review"]["watched_only"] is True
    assert attempt["review"]["observations"] == [
        {"item": items[0], "seen": True, "by": ""},
        {"item": items[-1], "seen": False, "by": ""},
    ]
    assert attempt["final"]["score"] == attempt["score"]


def test_an_observer_has_a_name(practice: Practice) -> None:
    done = practice("run", "farewell", "--observer", " ", "--audio", CLIPS / "farewell.flac")
    done.refused(PracticeError)
    assert practice.json("history") == []
