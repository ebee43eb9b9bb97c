"""Many recordings at a time: the same results in the same order, and bounded memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest
from conftest import CLIPS
from fake_recognizer import FakeRecognizer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Practice

from practice.audio import clip as audio
from practice.audio.signal_check import Samples, Spans
from practice.paths import default_prompts
from practice.recognition.recognizer import Recognition, Recognizer
from practice.recognition.whisper import engine, weights
from practice.records.recognition import ModelInfo
from practice.records.scenario import Line, Wording
from practice.training.batch import cores, in_order

NAMES = ("farewell", "farewell-without-please", "seat", "human", "farewell")
FILES = [CLIPS / f"{name}.flac" for name in NAMES]


@dataclass
class Watched:
    """A recognizer that calls something whenever it is to listen."""

    recognizer: Recognizer
    before: Callable[[], object]

    @property
    def info(self) -> ModelInfo:
        return self.recognizer.info

    def use_threads(self, number: int) -> None:
        self.recognizer.use_threads(number)

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        self.before()
        return self.recognizer.listen(samples, spans_s, drafts)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many threads each job gave the recognizer, of which a fake needs none."""
    given_to: list[int] = []
    monkeypatch.setattr(FakeRecognizer, "use_threads", lambda _self, n: given_to.append(n))
    return given_to


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


@pytest.mark.slow
def test_jobs_change_nothing_but_the_time(
    practice: Practice, threads: list[int], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    files = [*FILES[:2], broken, *FILES[2:]]
    told = []
    for jobs in ("1", "3"):
        done = practice("score", *files, "--scenario", "farewell", "--json", "--jobs", jobs)
        assert done.returncode == 0
        (error,) = done.stderr.splitlines()
        assert "broken.wav" in error
        told.append([json.loads(line) for line in done.stdout.splitlines()])
    one, many = told
    assert [plain(x) for x in one] == [plain(x) for x in many]
    assert [strengths(x) for x in one] == [strengths(x) for x in many]
    assert [x["take"] for x in many] == [1, 2, 4, 5, 6]
    assert set(threads) == {max(1, cores() // 3)}
    # All are kept, and a single run judges the same.
    assert len(practice.json("history")) == 10
    (alone,) = practice.json("run", "farewell", "--audio", files[1])
    assert plain(alone) == plain(many[1])


def test_jobs_change_nothing_in_what_whisper_hears(listening_practice: Practice) -> None:
    files = FILES[1:4]  # one of each kind: a courtesy left out, another line, something else
    one, many = (
        listening_practice.json("score", *files, "--scenario", "farewell", "--jobs", jobs)
        for jobs in ("1", "3")
    )
    assert [plain(x) for x in one] == [plain(x) for x in many]
    for x, y in zip(one, many, strict=True):
        assert strengths(x) == pytest.approx(strengths(y), abs=1e-3)


def test_manifest_rows_that_share_a_recording_stay_together(
    practice: Practice, threads: list[int], tmp_path: Path
) -> None:
    rows = [
        {"file": str(CLIPS / f"{name}.flac"), "script": script, "elements": [], "n": n}
        for n, (name, script) in enumerate(
            [("seat", "您好，请坐。"), ("seat", "请坐"), ("none", "请坐"), ("seat", "您好")]
        )
    ]
    manifest = tmp_path / "rows.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    listened: list[bool] = []
    practice.recognizer = Watched(FakeRecognizer(), lambda: listened.append(True))
    done = practice("score", "--manifest", manifest, "--json", "--jobs", "2")
    assert done.returncode == 0
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["n"] for r in results] == [0, 1, 2, 3]
    assert [r["script"] for r in results] == [row["script"] for row in rows]
    assert results[0]["transcript"] == results[1]["transcript"] == results[3]["transcript"]
    assert len(listened) == 2  # to the first two rows at once, and to the last


def work_side_by_side(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two jobs ask for the recognizer, and then judge, at the same time."""
    from practice.commands import context

    loaded = []

    def load(_model: weights.Installed) -> Recognizer:
        time.sleep(0.05)  # meanwhile the other job asks, too
        loaded.append(Watched(recognizer, Barrier(2, timeout=120).wait))
        return loaded[-1]

    model = weights.Installed("base", Path("base.pt"), recognizer.info.sha256, "")
    monkeypatch.setattr(weights, "installed", lambda *_of: model)
    monkeypatch.setattr(engine, "load", load)
    judge = context.build_assessor("base", default_prompts())
    both = Barrier(2, timeout=120)

    def work(_item: int) -> Recognizer:
        both.wait()
        return judge.recognizer()

    found = list(in_order(work, range(4), 2))
    assert len(loaded) == 1
    assert all(recognizer is loaded[0] for recognizer in found)
    # Two listen side by side: neither waits for the other to have done.
    line = Line("", (Wording("请坐"),))
    clip = audio.read(CLIPS / "seat.flac")
    first, second = in_order(lambda _i: judge.assess(clip, line), range(2), 2)
    assert first == second
    assert first.transcript is not None
    assert "请坐" in first.transcript.text


def test_jobs_share_one_model_and_work_at_the_same_time(
    threads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    work_side_by_side(FakeRecognizer(), monkeypatch)


def test_whisper_serves_two_jobs_at_the_same_time(
    whisper: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_side_by_side(whisper, monkeypatch)


def test_no_jobs_are_refused(practice: Practice) -> None:
    done = practice("score", CLIPS / "seat.flac", "--scenario", "farewell", "--jobs", "0")
    assert done.returncode == 2


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.integers(), max_size=40), jobs=st.integers(1, 5))
def test_results_come_in_order_and_few_are_under_way(
    threads: list[int], items: list[int], jobs: int
) -> None:
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


def test_a_failure_ends_the_work(threads: list[int]) -> None:
    done = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError(item)
        done.append(item)
        return item

    with pytest.raises(ValueError, match="3"):
        list(in_order(work, range(1000), 2))
    assert len(done) < 20
