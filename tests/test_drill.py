"""What is picked for a drill: by when and how well each line was said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
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
from fake_sound import FakeSound
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice

from practice import scenarios as prompts
from practice.errors import PromptError
from practice.output.results import why_text
from practice.records.attempt import LineAttempt, Trainee
from practice.records.kinds import ScenarioKind
from practice.records.review import Decision
from practice.records.scenario import Line, Scenario
from practice.scenarios.markup import parse_script
from practice.store import Store
from practice.store.history import PracticeHistory
from practice.training.drill import plan

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LINES = tuple(Line("客户来了", parse_script(f"【请|敬语】{text}", {})) for text in "坐看说")
SCENARIOS = [
    Scenario("first", "一", "", LINES),
    Scenario("second", "二", "", LINES[:1]),
    Scenario("talk", "对话", "", LINES, kind=ScenarioKind.CONVERSATION),
]


def said(days: float, scenario: str = "first", line: int = 1, **changes: object) -> LineAttempt:
    """A line that was said well so many days ago."""
    moment = (NOW - timedelta(days=days)).isoformat(timespec="milliseconds")
    saying = LineAttempt(moment, scenario, line, LINES[line - 1], True, 90.0, ())
    return replace(saying, **changes)  # type: ignore[arg-type]


def picked(*line_attempts: LineAttempt, count: int = 10) -> list[str]:
    return [f"{p.scenario.id}/{p.number}" for p in plan(SCENARIOS, line_attempts, NOW, count)]


line_attempts = st.lists(
    st.builds(
        said,
        st.floats(0, 400),
        st.sampled_from(["first", "second", "talk", "gone"]),
        st.just(1),
        passed=st.booleans(),
        total=st.none() | st.floats(0, 100),
        missed=st.sampled_from([(), ("请",)]),
    ),
    max_size=8,
)


@given(line_attempts, st.integers(1, 6))
def test_the_plan_follows_from_what_was_said_alone(known: list[LineAttempt], count: int) -> None:
    picks = plan(SCENARIOS, known, NOW, count)
    if len({saying.created_at for saying in known}) == len(known):
        # In whatever order the records give them, and at whatever pace they are replayed.
        assert plan(SCENARIOS, known[::-1], NOW, count) == picks
    keys = [(pick.scenario.id, pick.number) for pick in picks]
    assert len(set(keys)) == len(keys) == min(count, 4)
    assert all(scenario != "talk" for scenario, _line in keys)
    # What is due, what was never said, and what is not due yet.
    ranks = [0 if pick.is_due else 1 if pick.last is None else 2 for pick in picks]
    assert ranks == sorted(ranks)
    due = [pick.recall for pick in picks if pick.is_due]
    assert due == sorted(due)


@given(line_attempts, st.floats(0, 30))
def test_what_was_not_passed_comes_back_sooner(earlier: list[LineAttempt], days: float) -> None:
    before = [saying for saying in earlier if saying.created_at < said(days).created_at]

    def due(last: LineAttempt) -> datetime:
        found = next(p for p in plan(SCENARIOS, [*before, last], NOW, 9) if p.last == last)
        assert found.due is not None
        return found.due

    failed = due(said(days, passed=False, total=20.0, missed=("请",)))
    faulty = due(said(days, missed=("请",)))
    good = due(said(days))
    assert failed < faulty <= good <= due(said(days, total=97.0))
    assert failed < good


def test_due_lines_come_first_then_new_ones_then_the_rest() -> None:
    forgotten = said(20, line=1)
    failed_today = said(0.1, line=2, passed=False)
    safe = said(1, line=3, total=100.0)
    assert picked(forgotten, failed_today, safe) == ["first/1", "first/2", "second/1", "first/3"]
    assert picked(forgotten, failed_today, safe, count=2) == ["first/1", "first/2"]
    # Said well twice it is safe for longer than said well once, however long ago.
    assert picked(said(4, line=1), said(9, line=2), said(4, line=2))[0] == "first/1"


def test_a_line_is_known_by_its_words_not_by_its_place() -> None:
    moved = said(20, line=3, spec=LINES[0])
    assert picked(moved)[0] == "first/1"
    reworded = said(20, spec=Line("客户来了", parse_script("【请|敬语】便", {})))
    assert picked(reworded) == ["first/1", "first/2", "first/3", "second/1"]


def test_what_counts_is_the_last_word_on_a_take(place: Place) -> None:
    store = Store(*place)
    wang = Trainee("王芳", "一厅")
    passed, failed, corrected = (
        take(created_at=f"2026-11-2{day}T08:00:00.000+00:00") for day in range(3)
    )
    store.add(passed, heard("请慢走"))
    store.add(failed, heard("慢走"))
    store.add(corrected, heard("慢走"))
    store.add_review(corrected.id, review(decision=Decision.PASS))
    store.add(take("李雷"), heard("请慢走"))
    silent = heard("")
    assert silent.score.reason is not None
    store.add(take(), silent)
    found = PracticeHistory(store.database).line_attempts(wang)
    assert [(s.created_at[:10], s.passed, s.missed) for s in found] == [
        ("2026-11-20", True, ()),
        ("2026-11-21", False, ("请",)),
        ("2026-11-22", True, ("请",)),
    ]
    assert found[0].spec == LINE
    store.close()


def test_the_plan_says_why(language: str, practice: Practice, golden: Golden) -> None:
    farewell = prompts.load(practice.prompts, "farewell").lines[0]
    records = Store(practice.recordings)
    moment = (datetime.now(UTC) - timedelta(days=2, hours=1)).isoformat(timespec="milliseconds")
    missed = replace(take("王芳", "default", spec=farewell), created_at=moment)
    records.add(missed, heard("慢走"))
    records.close()
    done = practice("drill", "--plan", "--count", "2")
    golden("drill-plan", done.stdout)
    assert "请慢走，欢迎下次光临" in done.stdout.splitlines()[0]
    (pick,) = practice.json("drill", "--plan", "--count", "1")
    assert (pick["scenario"], pick["line"], pick["is_due"]) == ("farewell", 1, True)
    assert pick["last"]["missed"] == ["请"]


def test_every_reason_is_said(language: str, golden: Golden) -> None:
    known = (
        said(20, passed=False),
        said(1.1, passed=False),
        said(0.3, passed=False, missed=("请",)),
        said(0, passed=False),
        said(4, missed=("请", "坐")),
        said(1, total=100.0),
        said(2.4, total=80.0),
    )
    picks = [
        next(pick for pick in plan(SCENARIOS, [saying], NOW, 9) if pick.last == saying)
        for saying in known
    ]
    golden("drill-why", "\n".join(why_text(pick, NOW) for pick in picks))


def test_what_cannot_be_drilled_is_told(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    shutil.copy(practice.prompts / "onboarding.yaml", folder)
    (folder / "broken.yaml").write_text("title: 一\n", "utf-8")
    done = practice("drill", "--plan", "--prompts", folder)
    assert (done.returncode, type(done.error)) == (1, PromptError)
    told, refused = done.stderr.splitlines()
    assert f"{folder / 'broken.yaml'}:1: " in told
    golden("drill-nothing", f"{told}\n{refused}")
    assert not practice.recordings.exists()


@pytest.mark.slow
def test_a_drill_is_practised_and_its_takes_change_the_next_plan(
    practice: Practice, start: Start, microphone: FakeSound, golden: Golden
) -> None:
    for path in practice.prompts.glob("*.yaml"):
        if path.stem != "farewell":
            path.unlink()
    child = start("drill")
    begin(child)
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect(AGAIN)
    child.send("\r")
    assert finish(child) == 0
    golden("drill-done", child.screen())
    (pick,) = practice.json("drill", "--plan")
    assert (pick["is_due"], pick["last"]["passed"]) == (False, False)
    assert "farewell 1 drill" in practice("history").stdout
