"""Removing for good: a trainee with everything of theirs, and takes that are old."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Golden, Place, Start, finish, heard, review, take
from in_process import Practice

from practice import settings
from practice.errors import PracticeError
from practice.records.attempt import Take, Trainee
from practice.records.review import Comment
from practice.store import Filter, Store, rows
from practice.store import recordings as takes
from practice.store.database import now
from practice.store.retention import Before, Remover, remove_records, removed_ids, sweep
from practice.store.schema import accounts, metadata, trainees

WANG = Trainee("王芳", "一厅")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    folder, address = place
    store = Store(folder / "录音", address)
    yield store
    store.close()


def add(store: Store, trainee: Trainee = WANG, **changes: object) -> Take:
    made = take(trainee.name, trainee.group, **changes)
    made = replace(made, audio=takes.audio_name(made.id, made.created_at, ".wav"))
    takes.keep(store.folder, made.audio or "", b"RIFF" * 25)
    store.add(made, heard("慢走"))
    return made


def break_off(folder: Path, trainee: Trainee = WANG, **changes: object) -> Take:
    """Leave a take as a run does that the machine went down under."""
    made = take(trainee.name, trainee.group, **changes)
    takes.audio_path(folder, made.audio or "").write_bytes(b"RIFF" * 25)
    with pytest.raises(KeyboardInterrupt), takes.pending(folder, made):
        raise KeyboardInterrupt
    return made


def remover(store: Store, settings_file: Path | None = None) -> Remover:
    return Remover(store, settings_file or store.folder / "settings.json", "default")


def forget(store: Store, trainee: Trainee = WANG) -> None:
    remover(store).carry_out(remover(store).plan(trainee))


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")


def rows_of(store: Store) -> dict[str, int]:
    with store.database.reading() as db:
        return {t.name: len(db.execute(t.select()).all()) for t in metadata.sorted_tables}


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".db")


# ---- forget ------------------------------------------------------------------------


def test_everything_of_a_trainee_goes(store: Store, tmp_path: Path) -> None:
    remembering = tmp_path / "settings.json"
    settings.remember(remembering, trainee="王芳", group="一厅")
    kept = add(store, Trainee("王芳", "二厅"))
    before = rows_of(store)
    mine = [add(store), add(store)]
    store.agree(WANG, "同意")
    store.add_score(mine[0].id, heard("请慢走"))
    store.add_review(mine[0].id, review(comments=(Comment("王芳，好"),)))
    pending = break_off(store.folder)
    with store.database.writing() as db:
        number = db.execute(trainees.select().where(trainees.c.group_name == "一厅")).one().id
        values = {"name": "wang", "password": "x", "role": "trainee", "session_key": "y"}
        db.execute(accounts.insert().values(trainee_id=number, created_at=now(), **values))
    removing = remover(store, remembering)
    assert removing.groups_of("王芳") == ["一厅", "二厅"]
    plan = removing.plan(WANG)
    assert (plan.extent.attempts, plan.extent.unreviewed, plan.extent.reviews) == (2, 1, 1)
    assert (plan.recordings.number, plan.recordings.size, plan.extent.accounts) == (2, 200, 1)
    assert (plan.interrupted, plan.remembered) == ((pending,), True)
    assert removing.carry_out(plan) == plan.extent
    assert rows_of(store) == before | {"forgotten": 2}
    assert [a.take.id for a in store.latest(Filter())] == [kept.id]
    assert removed_ids(store.database) == {m.id for m in mine}
    assert files(store.folder) == [Path(kept.audio or "").name]
    assert json.loads(remembering.read_text("utf-8")) == {"group": "一厅"}


def test_no_table_is_overlooked() -> None:
    """What a later table keeps of an attempt or a trainee must refer to them to be found."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name in ("attempt_id", "trainee_id") and table.name != "forgotten":
                assert column.foreign_keys, column


@pytest.mark.slow
def test_the_name_is_gone_from_the_files_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chance = random.Random(8)
    made: list[Trainee] = []
    with store.database.writing() as db:  # rows that grow, and are moved from page to page
        for n in range(800):
            name = f"{'秘密' if chance.random() < 0.3 else '公开'}{n}"
            made.append(Trainee(name, "厅" * chance.randint(1, 60)))
            rows.trainee_id(db, made[-1])
            if chance.random() < 0.3:
                words = "同" * chance.randint(1, 150)
                other = trainees.c.name == chance.choice(made).name
                db.execute(trainees.update().where(other).values(consent=words))
    secret = [trainee for trainee in made if trainee.name.startswith("秘密")]
    others = [trainee for trainee in made if trainee not in secret]
    with store.database.writing() as db:  # as one would who trusts secure_delete alone
        for trainee in (*others[::5], *secret[1:]):
            db.execute(trainees.delete().where(trainees.c.name == trainee.name))
    attempt = add(store, secret[0])
    store.add_review(attempt.id, review(comments=(Comment(secret[0].name * 500),)))
    break_off(tmp_path, secret[0])
    forget(store, secret[0])
    store.close()
    for path in tmp_path.rglob("*"):
        assert not path.name.endswith(("-wal", "-journal", "-shm"))
        if path.is_file():
            assert "秘密".encode() not in path.read_bytes(), path
    assert "公开".encode() in (tmp_path / "practice.db").read_bytes()


def test_what_a_stopped_run_left_is_found_by_the_next(store: Store) -> None:
    made, kept = add(store), add(store, Trainee("李雷", "一厅"))
    pending = break_off(store.folder)
    remove_records(store.database, WANG)  # and here the machine stops
    assert len(files(store.folder)) == 5
    assert remover(store).groups_of("王芳") == ["一厅"]  # the broken-off take is theirs
    forget(store)
    assert files(store.folder) == [Path(kept.audio or "").name]
    assert not any(t.id in str(p) for t in (made, pending) for p in store.folder.rglob("*"))


def test_other_machines_of_a_shared_database_remove_their_files(
    postgres_database: str, practice: Practice, tmp_path: Path
) -> None:
    hall = Store(practice.recordings, postgres_database)
    made, kept = add(hall), add(hall, Trainee("李雷", "一厅"))
    trainer = Store(tmp_path / "trainer", postgres_database)
    forget(trainer)
    assert len(files(hall.folder)) == 2
    (tmp_path / "no.wav").write_text("no sound")
    practice(
        "score", tmp_path / "no.wav", "--scenario", "farewell", "--database", postgres_database
    )
    assert files(hall.folder) == [Path(kept.audio or "").name]
    assert hall.find(made.id) is None


def test_nobody_is_forgotten_while_they_speak(store: Store, golden: Golden) -> None:
    add(store)
    made = take("王芳", "一厅")
    with takes.pending(store.folder, made):
        with pytest.raises(PracticeError) as refused:
            forget(store)
        golden("forget-while-speaking", str(refused.value))
        forget(store, Trainee("李雷", "一厅"))
    assert len(store.latest(Filter())) == 1


def test_a_file_that_cannot_be_removed_is_told_and_tried_again(
    store: Store, golden: Golden
) -> None:
    made = add(store)
    path = store.folder / (made.audio or "")
    path.unlink()
    path.mkdir()
    with pytest.raises(PracticeError, match=path.name) as refused:
        forget(store)
    golden("forget-stuck", str(refused.value))
    assert store.find(made.id) is None
    path.rmdir()
    path.write_bytes(b"RIFF")
    assert sweep(store).number == 1
    assert not path.exists()


def test_notes_that_were_cut_off_go_too(store: Store) -> None:
    add(store)
    note = store.folder / "pending" / "x.json"
    note.parent.mkdir()
    note.write_text('{"trainee": {"name": "王芳"', "utf-8")
    forget(store)
    assert list(note.parent.iterdir()) == []


# ---- prune ----------------------------------------------------------------------------


def test_old_takes_go_and_trainees_stay(store: Store) -> None:
    store.agree(WANG, "同意")
    old = [add(store, created_at=days_ago(days)) for days in (91, 400)]
    store.add_review(old[0].id, review())
    other = add(store, Trainee("李雷", "二厅"), created_at=days_ago(100))
    new = [add(store, created_at=days_ago(89)), add(store)]
    broken = break_off(store.folder, created_at=days_ago(95))
    break_off(store.folder)
    removing = remover(store)
    plan = removing.plan(Before(days_ago(90), "一厅"))
    assert (plan.extent.attempts, plan.extent.unreviewed, plan.recordings.size) == (2, 1, 200)
    assert plan.interrupted == (broken,)
    removing.carry_out(plan)
    assert {a.take.id for a in store.latest(Filter())} == {other.id, *(n.id for n in new)}
    removing.carry_out(removing.plan(Before(days_ago(90))))
    assert {a.take.id for a in store.latest(Filter())} == {n.id for n in new}
    assert store.consent(WANG) == "同意"
    assert rows_of(store)["trainees"] == 2
    assert len(takes.interrupted(store.folder)) == 1
    assert len(files(store.folder)) == 2 + 1 + 2  # recordings; one with its note and lock


# ---- the commands ------------------------------------------------------------------------


@pytest.fixture
def filled(practice: Practice) -> Practice:
    store = Store(practice.recordings)
    add(store)
    add(store, created_at=days_ago(100))
    for name, group in (("李雷", "一厅"), ("李雷", "二厅"), ("<script>", "=1+1"), ("a/b", "..")):
        add(store, Trainee(name, group))
    store.close()
    return practice


def left(practice: Practice) -> list[str]:
    env = {k: v for k, v in practice.env.items() if k != "PRACTICE_TRAINEE"}
    return sorted(f"{a['trainee']} {a['group']}" for a in practice.json("history", env=env))


def test_it_asks_before_it_forgets(start: Start, filled: Practice, golden: Golden) -> None:
    for answer in ("n", ""):
        child = start("forget", "王芳")
        child.expect(r"\[y/N\]")
        child.sendline(answer)
        assert finish(child) == 0
        golden(f"forget-refrained-{answer or 'enter'}", child.screen())
    assert len(left(filled)) == 6
    child = start("forget", "王芳")
    child.expect(r"\[y/N\]")
    child.sendline("y")
    assert finish(child) == 0
    golden("forget-asked", child.screen())
    assert left(filled) == ["<script> =1+1", "a/b ..", "李雷 一厅", "李雷 二厅"]


def test_without_a_terminal_it_needs_yes(filled: Practice, golden: Golden) -> None:
    for args in (("forget", "王芳"), ("prune", "--older-than", "90d")):
        done = filled(*args)
        done.refused(PracticeError, "--yes")
        golden(f"{args[0]}-without-yes", done.stderr)
    assert len(left(filled)) == 6
    (told,) = filled.json("forget", "王芳", "--yes")
    assert (told["attempts"], told["recordings"], told["bytes"]) == (2, 2, 200)


def test_what_is_forgotten_is_told(language: str, filled: Practice, golden: Golden) -> None:
    done = filled("forget", "王芳", "--yes")
    assert done.returncode == 0
    golden("forget-done", done.stdout)
    done = filled("forget", "王芳", "--yes")
    done.refused(PracticeError, "王芳", "practice history")
    golden("forget-nobody", done.stderr)


def test_odd_names_are_forgotten(filled: Practice, golden: Golden) -> None:
    for name in ("<script>", "a/b"):
        (told,) = filled.json("forget", name, "--yes")
        assert told["attempts"] == 1
    assert len(left(filled)) == 4
    refused = []
    for name in ("%", "", "王", "\x1b[31m", "../王芳"):
        done = filled("forget", name, "--yes")
        done.refused(PracticeError)
        assert "\x1b" not in done.stderr
        refused.append(done.stderr)
    golden("forget-odd-names", "".join(refused))
    assert len(left(filled)) == 4


def test_a_name_in_several_groups_needs_the_group(filled: Practice, golden: Golden) -> None:
    done = filled("forget", "李雷", "--yes")
    done.refused(PracticeError, "李雷", "一厅", "二厅", "--group")
    golden("forget-several-groups", done.stderr)
    # The variable that names this machine's hall decides nothing here.
    done = filled("forget", "李雷", "--yes", env=filled.env | {"PRACTICE_GROUP": "一厅"})
    done.refused(PracticeError, "一厅", "二厅")
    filled("forget", "李雷", "--group", "三厅", "--yes").refused(PracticeError, "李雷")
    assert filled("forget", "李雷", "--group", "二厅", "--yes").returncode == 0
    assert "李雷 一厅" in left(filled)
    assert "李雷 二厅" not in left(filled)


def test_leftovers_are_told_though_the_name_is_gone(filled: Practice, golden: Golden) -> None:
    store = Store(filled.recordings)
    remove_records(store.database, WANG)
    store.close()
    done = filled("forget", "王芳", "--yes")
    done.refused(PracticeError, "王芳")
    golden("forget-leftovers", done.stdout)
    assert len(list(filled.recordings.glob("takes/*/*"))) == 4


def test_prune(language: str, filled: Practice, golden: Golden) -> None:
    done = filled("prune", "--older-than", "15w", "--yes")
    assert done.returncode == 0
    golden("prune-nothing", done.stdout)
    (told,) = filled.json("prune", "--older-than", "15w", "--yes")
    assert told["attempts"] == 0
    (told,) = filled.json("prune", "--older-than", "90d", "--group", "二厅", "--yes")
    assert told["attempts"] == 0
    done = filled("prune", "--older-than", "14w", "--yes")
    assert done.returncode == 0
    golden("prune-done", done.stdout)
    assert max(len(text.encode("gbk")) for text in done.stdout.splitlines()) <= 80
    assert len(left(filled)) == 5


def test_prune_asks_first(start: Start, filled: Practice, golden: Golden) -> None:
    for answer, remain in (("n", 6), ("y", 5)):
        child = start("prune", "--older-than", "90d")
        child.expect(r"\[y/N\]")
        child.sendline(answer)
        assert finish(child) == 0
        golden(f"prune-asked-{answer}", child.screen())
        assert len(left(filled)) == remain


@pytest.mark.parametrize("age", ["", "90", "d", "0d", "-1d", "1.5w", "90 d", "9999w", "1y", "９d"])
def test_what_is_no_age(filled: Practice, age: str, golden: Golden) -> None:
    done = filled("prune", "--older-than", age, "--yes")
    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert "--older-than" in told
    assert f"“{age}”" in told
    golden("prune-no-age", told.replace(f"“{age}”", "“1y”"))
    assert len(left(filled)) == 6


def test_nothing_is_made_where_nothing_is(
    language: str, practice: Practice, golden: Golden
) -> None:
    for args in (["forget", "王芳"], ["prune", "--older-than", "1d"]):
        done = practice(*args, "--yes")
        assert done.returncode == 0
        golden(f"{args[0]}-no-records", done.stdout)
    assert not practice.recordings.exists()
