"""Many recordings at a time: the same results in the same order, and bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest
from conftest import CLIPS, Practice
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.batch import in_order
from practice.core.models import Line, Wording
from practice.speech import audio
from practice.speech.transcribe import Hearing, Transcriber

NAMES = ("farewell", "farewell-without-please", "seat", "human", "farewell")


def plain(attempt: dict[str, Any]) -> dict[str, Any]:
    """What must be the same whenever a recording is judged, its figures aside."""
    elements = [
        {k: e[k] for k in ("text", "verdict")} | {"heard": e["evidence"]["heard"]}
        for e in attempt["elements"]
    ]
    same = ("script", "transcript", "status", "passed", "score", "counts", "check")
    return {k: attempt.get(k) for k in same} | {"elements": elements}


def strengths(attempt: dict[str, Any]) -> list[float]:
    return [e["evidence"]["strength"] or 0.0 for e in attempt["elements"]]


def test_jobs_change_nothing_but_the_time(practice: Practice, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    files = [CLIPS / f"{name}.flac" for name in NAMES]
    files.insert(2, broken)
    one = practice("score", *files, "--scenario", "farewell", "--json", "--jobs", "1")
    many = practice("score", *files, "--scenario", "farewell", "--json", "--jobs", "3")
    assert one.returncode == many.returncode == 0
    assert one.stderr.count("no recording") == many.stderr.count("no recording") == 1
    a, b = ([json.loads(line) for line in done.stdout.splitlines()] for done in (one, many))
    assert [plain(x) for x in a] == [plain(x) for x in b]
    assert [x["take"] for x in b] == [1, 2, 4, 5, 6]
    for x, y in zip(a, b, strict=True):
        assert strengths(x) == pytest.approx(strengths(y), abs=1e-3)
    # All are kept, and a single run judges the same.
    assert len(practice.json("history")) == 10
    (alone,) = practice.json("run", "farewell", "--audio", files[1])
    assert plain(alone) == plain(b[1])


def test_manifest_rows_that_share_a_recording_stay_together(
    practice: Practice, tmp_path: Path
) -> None:
    rows = [
        {"file": str(CLIPS / f"{name}.flac"), "script": script, "elements": [], "n": n}
        for n, (name, script) in enumerate(
            [("seat", "您好，请坐。"), ("seat", "请坐"), ("none", "请坐"), ("seat", "您好")]
        )
    ]
    manifest = tmp_path / "rows.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = practice("score", "--manifest", manifest, "--json", "--jobs", "2")
    assert done.returncode == 0
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["n"] for r in results] == [0, 1, 2, 3]
    assert [r["script"] for r in results] == [row["script"] for row in rows]
    assert results[0]["transcript"] == results[1]["transcript"] == results[3]["transcript"]


def test_jobs_share_one_model_and_work_at_the_same_time(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from practice.commands import parts
    from practice.places import default_prompts
    from practice.speech import transcribe

    monkeypatch.setattr(parts, "models_dir", lambda: models)
    loaded = []
    real = transcribe.load
    monkeypatch.setattr(transcribe, "load", lambda m: loaded.append(real(m)) or loaded[-1])
    with parts.judging("base", default_prompts()) as judge:
        both = Barrier(2, timeout=120)

        def work(_item: int) -> Transcriber:
            both.wait()
            return judge.transcriber()

        found = list(in_order(work, range(4), 2))
        assert len(loaded) == 1
        assert all(transcriber is loaded[0] for transcriber in found)
        # Two listen side by side: neither waits for the other to have done.
        listening = Barrier(2, timeout=120)
        listen = loaded[0].listen

        def slow(*args: Any) -> Hearing:
            listening.wait()
            return listen(*args)

        monkeypatch.setattr(loaded[0], "listen", slow)
        line = Line("", (Wording("请坐"),))
        clip = audio.read(CLIPS / "seat.flac")
        results = list(in_order(lambda _i: judge.assess(clip, line), range(2), 2))
        assert results[0] == results[1]


def test_no_jobs_are_refused(practice: Practice) -> None:
    done = practice("score", CLIPS / "seat.flac", "--scenario", "farewell", "--jobs", "0")
    assert done.returncode == 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(), max_size=40), st.integers(1, 5))
def test_results_come_in_order_and_few_are_under_way(items: list[int], jobs: int) -> None:
    under_way = most = 0
    lock = Lock()

    def source() -> Iterator[int]:
        nonlocal under_way, most
        for item in items:
            with lock:
                under_way += 1
                most = max(most, under_way)
            yield item

    found = []
    for result in in_order(lambda item: item + 1, source(), jobs):
        with lock:
            under_way -= 1
        found.append(result)
    assert found == [item + 1 for item in items]
    assert most <= 2 * jobs


def test_a_failure_ends_the_work() -> None:
    done = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError(item)
        done.append(item)
        return item

    with pytest.raises(ValueError, match="3"):
        list(in_order(work, range(1000), 2))
    assert len(done) < 20
