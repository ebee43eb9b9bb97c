"""How the trainees are doing, by the final verdicts; and machine against trainer."""

from __future__ import annotations

import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from conftest import CHECK, LINE, MODEL, Golden, Place, heard, review, take, wait_until

from practice.output.plots.progress import trend_svg
from practice.records.attempt import Assessment, Take
from practice.records.kinds import Kind
from practice.records.recognition import Unscored
from practice.records.review import Decision, Mark, Review
from practice.records.score import Result, Verdict
from practice.scoring.score import VERSION, unscored, with_total
from practice.scoring.trend import ElementCount, TrendPoint
from practice.store import Store
from practice.store.database import now
from practice.store.people import Agreement, Cell, People, Person

NOTHING = Assessment(CHECK, None, None, unscored(LINE, Unscored.NO_SPEECH), MODEL, VERSION)
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def at(day: int) -> str:
    return f"2026-11-{day:02}T08:00:00.000+00:00"


def unsure(text: str) -> Assessment:
    """A judgment whose missed elements are unsure instead."""
    made = heard(text)
    elements = tuple(
        replace(e, verdict=Verdict.UNSURE) if e.verdict is Verdict.MISSED else e
        for e in made.score.elements
    )
    return replace(made, score=with_total(replace(made.score, elements=elements)))


def stored(
    store: Store, made: Take, assessment: Assessment, *marks: Mark, **changes: object
) -> Review:
    """Store an attempt and a review of it."""
    store.add(made, assessment)
    store.add_review(made.id, given := review(marks=marks, **changes))
    return given


def test_an_empty_store_has_nobody(place: Place) -> None:
    people = People(Store(*place).database)
    assert people.groups() == []
    assert people.summaries() == people.summaries("一厅") == []
    assert people.trend(1) == people.missed_most(1, 5) == []
    assert people.heat_map().people == people.heat_map().elements == ()
    assert people.agreement() == []


def test_summaries_count_final_results(place: Place) -> None:
    store = Store(*place)
    people = People(store.database)
    store.add(take(created_at=at(1)), heard("请慢走"))
    store.add(take(created_at=at(2)), heard("慢走"))
    store.add(take(created_at=at(3)), unsure("慢走"))
    store.add(take(created_at=at(4)), NOTHING)
    # What the machine failed, the trainer passed.
    stored(store, take(created_at=at(5)), heard("慢走"), Mark("请", 1, Verdict.HEARD))
    store.add(take("<script>", "=1+1", created_at=at(6)), heard("走"))
    store.agree(take("李雷", "一厅").trainee, "只用于培训")  # has not practiced yet
    first, second, third = people.summaries()
    assert (first.group, first.name, first.failed) == ("=1+1", "<script>", 1)
    assert {"王芳", "李雷"} == {second.name, third.name}
    (wang,) = (s for s in people.summaries("一厅") if s.name == "王芳")
    assert (wang.attempts, wang.passed, wang.failed) == (5, 2, 1)
    assert (wang.open, wang.unscored, wang.last_practised) == (1, 1, at(5))
    (li,) = (s for s in people.summaries("一厅") if s.name == "李雷")
    assert (li.attempts, li.last_practised, li.redo) == (0, None, ())
    assert people.groups() == ["=1+1", "一厅"]
    assert people.summaries("no such hall") == []


def test_a_take_is_to_redo_until_it_is_tried_again(place: Place) -> None:
    store = Store(*place)

    def redo() -> tuple[str, ...]:
        (summary,) = People(store.database).summaries()
        return summary.redo

    first, second = take(created_at=at(1)), take(created_at=at(1), line=2)
    given = stored(store, first, heard("请慢走"), decision=Decision.REDO)
    stored(store, second, heard("慢走"))  # failed, but nobody sent it back
    assert redo() == (first.id,)
    other = take(created_at=at(2), scenario="sendoff")
    stored(store, other, heard("请慢走"), decision=Decision.REDO)
    assert redo() == (other.id, first.id)
    store.add(again := take(created_at=at(3)), heard("走"))
    assert redo() == (other.id,)
    stored(store, take(created_at=at(4)), heard("请慢走"), decision=Decision.REDO)
    assert len(redo()) == 2
    # A trainer who changes their mind takes it off the list.
    (back,) = store.reviews_of(newest := redo()[0])
    store.add_review(newest, review(base=back.id, decision=Decision.PASS))
    assert redo() == (other.id,)
    assert given.id != back.id
    assert again.id not in redo()


def test_the_trend_is_in_order_and_ends_with_the_trainers_word(place: Place) -> None:
    store = Store(*place)
    store.add(take(created_at=at(3)), NOTHING)
    store.add(first := take(created_at=at(1), line=2), heard("慢走"))
    stored(store, take(created_at=at(2)), heard("慢走"), Mark("请", 1, Verdict.HEARD))
    store.add(take("李雷", created_at=at(1)), heard("请慢走"))
    (wang,) = (s for s in People(store.database).summaries() if s.name == "王芳")
    points = People(store.database).trend(wang.trainee_id)
    assert [p.created_at for p in points] == [at(1), at(2), at(3)]
    assert [p.result for p in points] == ["failed", "passed", "unscored"]
    assert (points[0].attempt_id, points[0].line, points[0].scenario) == (first.id, 2, "farewell")
    assert points[0].accuracy == heard("慢走").score.counts.accuracy
    assert points[1].total == pytest.approx(100 * (0.6 + 0.4 * 2 / 3))
    assert (points[2].total, points[2].accuracy) == (None, None)


def test_what_is_missed_most_comes_first(place: Place) -> None:
    store = Store(*place)
    for text in ("走慢", "慢走", "慢走", "请慢走"):
        store.add(take(), heard(text))
    store.add(take(), unsure("慢走"))
    store.add(take(), NOTHING)
    stored(store, take(), heard("慢走"), Mark("请", 1, Verdict.HEARD))
    people = People(store.database)
    (wang,) = people.summaries()
    please = ElementCount("请", Kind.POLITE, heard=2, missed=3, unsure=1)
    goodbye = ElementCount("慢走", Kind.FAREWELL, heard=5, missed=1, unsure=0)
    assert people.missed_most(wang.trainee_id, 10) == [please, goodbye]
    assert people.missed_most(wang.trainee_id, 1) == [please]


def test_the_heat_map_has_a_cell_for_each_element_and_trainee(place: Place) -> None:
    store = Store(*place)
    for name, text in [("王芳", "慢走"), ("王芳", "慢走"), ("李雷", "请慢走"), ("李雷", "请走")]:
        store.add(take(name), heard(text))
    stored(store, take("李雷"), heard("慢走"), Mark("请", 1, Verdict.UNSURE))
    store.add(take("赵敏"), NOTHING)  # nothing to show of them
    store.add(take("韩梅", "二厅"), heard("走"))
    shown = People(store.database).heat_map("一厅")
    assert {(p.group, p.name) for p in shown.people} == {("一厅", "王芳"), ("一厅", "李雷")}
    assert [(row.name, row.kind) for row in shown.elements] == [
        ("请", Kind.POLITE),
        ("慢走", Kind.FAREWELL),
    ]
    wang = [p.name for p in shown.people].index("王芳")
    assert shown.elements[0].cells[wang] == Cell(missed=2)
    assert shown.elements[0].cells[1 - wang] == Cell(heard=2, unsure=1)
    assert shown.elements[1].cells[1 - wang] == Cell(heard=2, missed=1)
    everybody = People(store.database).heat_map()
    assert [p.group for p in everybody.people] == sorted(p.group for p in everybody.people)
    assert isinstance(everybody.people[0], Person)
    assert everybody.elements[0].missed == 3


def test_agreement_counts_each_way(place: Place) -> None:
    store = Store(*place)
    store.add(take(), heard("慢走"))  # nobody looked at it
    stored(store, take(), heard("请慢走"))  # looked at, and left as it was
    stored(store, take(), heard("慢走"), Mark("请", 1, Verdict.HEARD))
    stored(store, take(), heard("请慢走"), Mark("请", 1, Verdict.MISSED))
    stored(store, take(), unsure("慢走"), Mark("请", 1, Verdict.HEARD))
    stored(store, take(), unsure("慢走"), Mark("请", 1, Verdict.MISSED))
    stored(store, take(group="二厅"), unsure("慢走"))
    stored(store, take(), NOTHING)
    assert People(store.database).agreement() == [
        Agreement("慢走", Kind.FAREWELL, 6, 0, 0, 0, 0, 0, 0),
        Agreement("请", Kind.POLITE, 1, 0, 1, 1, 1, 1, 1),
    ]
    of_second_hall = People(store.database).agreement("二厅")
    assert [(a.name, a.total, a.left_open) for a in of_second_hall] == [
        ("慢走", 1, 0),
        ("请", 1, 1),
    ]


def test_a_verdict_that_changed_after_the_review_was_confirmed_by_nobody(place: Place) -> None:
    store = Store(*place)
    left, marked = take(), take()
    stored(store, left, heard("慢走"))
    given = stored(store, marked, unsure("慢走"), Mark("请", 1, Verdict.HEARD))
    wait_until(lambda: now() > given.created_at, "the next millisecond")
    for made in (left, marked):
        store.add_score(made.id, heard("请慢走"))
    please = next(a for a in People(store.database).agreement() if a.name == "请")
    assert (please.total, please.heard) == (1, 1)  # the marked one
    (newest,) = store.reviews_of(left.id)
    store.add_review(left.id, review(base=newest.id))
    please = next(a for a in People(store.database).agreement() if a.name == "请")
    assert (please.total, please.heard) == (2, 2)


# ---- the plot ----------------------------------------------------------------


def points() -> list[TrendPoint]:
    made = list(zip(Result, (91.0, 40.0, 74.0, None), strict=True))
    return [
        TrendPoint(f"{i}", at(i), "farewell", 1, total, None, result)
        for i, (result, total) in enumerate(made, 1)
    ]


def texts(svg: bytes) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.slow
def test_the_plot_is_svg_with_text_and_the_same_each_time(language: str, golden: Golden) -> None:
    title = "王芳 <script>alert(1)</script> $x_1$ \\frac 100%\n\x00"
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # fonts without Chinese are nothing to tell
        first = trend_svg(points(), title)
    assert trend_svg(points(), title) == first
    assert b"<script" not in first
    shown = texts(first)
    assert "王芳 <script>alert(1)</script> $x_1$ \\frac 100% \ufffd" in shown
    # The numbers at the axes are those of this machine's clock.
    golden("people-plot", "\n".join(text for text in shown if not re.fullmatch(r"[\d: -]+", text)))
    assert ElementTree.fromstring(first).get("width") == "540pt"


@pytest.mark.slow
def test_each_result_has_its_own_shape() -> None:
    shapes = set()
    for point in points():
        svg = ElementTree.fromstring(trend_svg([point], ""))
        *_ticks, drawn = (use.get(f"{XLINK}href") or "" for use in svg.iter(f"{SVG}use"))
        path = next(p for p in svg.iter(f"{SVG}path") if p.get("id") == drawn[1:])
        shapes.add((path.get("d") or "").replace("\n", ""))
    assert len(shapes) == 4


@pytest.mark.slow
def test_a_plot_of_nothing_says_so(language: str, golden: Golden) -> None:
    golden("people-plot-of-nothing", "\n".join(texts(trend_svg([], "王芳"))))


@pytest.mark.slow
def test_only_tries_at_one_line_are_joined() -> None:
    def joined(shown: list[TrendPoint]) -> bool:
        return b"stroke: #999999" in trend_svg(shown, "")

    assert joined(points())
    assert not joined([*points(), replace(points()[0], line=2)])


@pytest.mark.slow
def test_plots_are_drawn_by_several_threads_at_once() -> None:
    alone = trend_svg(points(), "王芳")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _n: trend_svg(points(), "王芳"), range(12))) == {alone}
