"""How a trainee comes on: by which days, which totals, and what is noise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from conftest import Golden, Place, heard, review, take
from hypothesis import given
from hypothesis import strategies as st

from practice.output.progress import LEVELS, sparkline
from practice.output.wording import since_text
from practice.records.attempt import Attempt
from practice.records.review import Mark
from practice.records.scenario import Line
from practice.records.score import Result, Verdict
from practice.scenarios.markup import parse_script
from practice.scoring.score import score_transcript
from practice.scoring.trend import (
    NOISE,
    Change,
    Since,
    Streak,
    TrendPoint,
    change,
    noise_of,
    pace_trend,
    scenario_trends,
    since,
    streak,
)
from practice.store import Store
from practice.store.database import day_of
from practice.store.people import People

TODAY = date(2026, 11, 22)
TOTALS = st.floats(0, 100, allow_nan=False)


def with_total(attempt: Attempt, total: float | None) -> Attempt:
    assessment = attempt.assessment
    return replace(
        attempt, assessment=replace(assessment, score=replace(assessment.score, total=total))
    )


def point(scenario: str, line: int, total: float | None) -> TrendPoint:
    return TrendPoint(
        "", "2026-11-22T08:00:00.000+00:00", scenario, line, total, None, Result.PASSED
    )


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        ([], Streak(0, 0, 0)),
        ([0], Streak(1, 1, 1)),
        ([1], Streak(1, 1, 1)),  # today may still come
        ([2], Streak(1, 0, 1)),
        ([0, 1, 2, 4, 5], Streak(5, 3, 3)),
        ([1, 2, 5, 6, 7, 8], Streak(6, 2, 4)),
        ([-1, 0], Streak(2, 2, 2)),  # a clock that is ahead
    ],
)
def test_days_in_a_row(ago: list[int], expected: Streak) -> None:
    assert streak([TODAY - timedelta(days=n) for n in ago], TODAY) == expected


@given(st.sets(st.dates(TODAY - timedelta(days=60), TODAY)))
def test_a_row_is_as_long_as_its_days(days: set[date]) -> None:
    found = streak(days, TODAY)
    assert found.days == len(days)
    assert found.now <= found.longest <= found.days
    if found.now:
        last = TODAY if TODAY in days else TODAY - timedelta(days=1)
        assert all(last - timedelta(days=n) in days for n in range(found.now))
        assert last - timedelta(days=found.now) not in days


@given(TOTALS, TOTALS, st.integers(1, 100))
def test_what_is_within_the_noise_is_the_same(before: float, now: float, characters: int) -> None:
    noise = noise_of(characters)
    found = change(before, now, noise)
    assert (found is Change.SAME) == (abs(now - before) <= noise)
    turned = {Change.BETTER: Change.WORSE, Change.WORSE: Change.BETTER}
    assert change(now, before, noise) is turned.get(found, Change.SAME)
    assert noise_of(characters) >= noise_of(characters + 1)


def test_a_long_script_has_less_noise() -> None:
    text = "请您慢走，欢迎您下次再来光临我们的营业厅"
    changes = []
    for script in ("请慢走", text):
        score = score_transcript(Line("", parse_script(f"【{script}|送别】", {})), script)
        before = Attempt(take(), replace(heard(script), score=score))
        found = since(before, with_total(before, 92.0))
        changes.append(found and found.change)
    assert changes == [Change.SAME, Change.WORSE]


def test_a_take_is_compared_with_the_final_result_of_the_one_before(
    language: str, golden: Golden
) -> None:
    before, after = Attempt(take(), heard("慢走")), Attempt(take(), heard("请慢走"))
    assert since(None, after) is None
    assert since(before, with_total(after, None)) is None
    # Whoever wrote the scenario changed the line since.
    other = Line("", parse_script("【再见|送别】", {}))
    assert since(replace(before, take=take(spec=other)), after) is None
    found = since(before, after)
    assert found is not None
    assert found.change is Change.BETTER
    marked = replace(before, review=review(marks=(Mark("请", 1, Verdict.HEARD),)))
    now = since(marked, after)
    assert now is not None
    assert now.points == pytest.approx(found.points - 30)  # half of the courtesies, 60 points
    worse, same = Since(-NOISE - 1, change(NOISE + 1, 0)), Since(NOISE, change(0, NOISE))
    assert f"{found.points:+.0f}" in since_text(found)
    golden("since-last-time", "\n".join(map(since_text, (found, worse, same))))


def test_a_scenario_stands_as_its_lines_were_said_last() -> None:
    said = [
        point("a", 1, 40),
        point("b", 1, 90),
        point("a", 2, 60),
        point("a", 1, None),
        point("a", 1, 100),
    ]
    a, b = scenario_trends(said)
    assert (a.id, a.standings, a.first, a.now, a.takes) == ("a", (40, 50, 80), 50, 80, 3)
    assert a.change is Change.BETTER
    assert (b.standings, b.first, b.change) == ((90,), None, None)
    assert [t.id for t in scenario_trends([*said, point("b", 1, 10)])] == ["b", "a"]
    assert scenario_trends([point("a", 1, None)]) == ()


@given(st.lists(st.tuples(st.integers(1, 3), TOTALS), min_size=1, max_size=30))
def test_standings_lie_between_the_totals(said: list[tuple[int, float]]) -> None:
    (trend,) = scenario_trends([point("a", line, total) for line, total in said])
    totals = [total for _line, total in said]
    assert trend.takes == len(said)
    assert all(min(totals) - 1e-6 <= s <= max(totals) + 1e-6 for s in trend.standings)
    assert (trend.first is None) == (len({line for line, _t in said}) == len(said))


def test_pace_is_told_by_medians() -> None:
    assert pace_trend([]) is None
    one = pace_trend([5.0])
    assert one is not None
    assert (one.first, one.now) == (None, 5.0)
    many = pace_trend([6.0, 6.2, 12.0, 6.1, 6.3, 4.0, 4.2, 1.0, 4.1, 4.3])
    assert many is not None
    assert (many.first, many.now) == (6.2, 4.1)


@given(st.lists(TOTALS, min_size=1, max_size=100), st.integers(1, 30))
def test_a_sparkline_ends_with_the_newest(values: list[float], width: int) -> None:
    drawn = sparkline(values, 0, 100, width)
    assert len(drawn) == min(len(values), width)
    assert drawn[-1] == sparkline(values[-1:], 0, 100, 1)
    assert set(drawn) <= set(LEVELS)


def test_bars_rise_with_their_values() -> None:
    assert sparkline([0, 13, 26, 40, 55, 70, 80, 100], 0, 100, 8) == LEVELS
    assert sparkline([-5, 120], 0, 100, 8) == "▁█"


def test_progress_counts_final_results(place: Place) -> None:
    store = Store(*place)
    first = take(created_at="2026-11-21T08:00:00.000+00:00")
    second = take(created_at="2026-11-22T08:00:00.000+00:00")
    store.add(first, heard("慢走"))
    store.add(second, heard("慢走"))
    store.add(take("李雷", created_at="2026-11-20T08:00:00.000+00:00"), heard("走"))
    people = People(store.database)
    found = people.progress(first.trainee, day_of(second.created_at))
    assert (len(found.points), found.streak) == (2, Streak(2, 2, 2))
    assert [(t.title, t.takes, t.change) for t in found.scenarios] == [("送别", 2, Change.SAME)]
    assert [(e.name, e.missed) for e in found.missed] == [("请", 2)]
    store.add_review(second.id, review(marks=(Mark("请", 1, Verdict.HEARD),)))
    found = people.progress(first.trainee, day_of(second.created_at))
    assert found.scenarios[0].change is Change.BETTER
    assert [(e.name, e.missed) for e in found.missed] == [("请", 1)]
    assert people.names() == ["李雷", "王芳"]
