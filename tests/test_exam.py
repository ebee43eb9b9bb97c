"""An exam as it is held, and its result: added up from the takes, and shown again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from anchors import SPEAK
from conftest import CLIPS, MODEL, Golden, Place, Start, begin, finish, review, take
from fake_sound import FakeSound
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice
from pages import read
from playwright.sync_api import Browser
from rich.cells import cell_len

from practice.errors import AudioError, ExportError, PracticeError, PromptError, StoreError
from practice.records.attempt import Assessment, Attempt, Trainee
from practice.records.recognition import SpeechCheck, Transcript, Unscored
from practice.records.review import Decision, Mark
from practice.records.scenario import BannedPhrase, Book, Line, Scenario, Severity
from practice.records.score import Verdict
from practice.scenarios.markup import parse_script
from practice.scoring.exam import result_of, setting_of
from practice.scoring.score import (
    MINOR_COST,
    VERSION,
    Tally,
    score_transcript,
    unscored,
    with_total,
)
from practice.store import Filter, Store
from practice.store.database import now
from practice.store.exchange import Record, ScoreRecord
from practice.store.history import PracticeHistory
from practice.sync.format import FormatError, record_from_bytes, record_to_bytes

LINES = tuple(
    Line("客户来了", parse_script(script, {}))
    for script in (
        "【您好|问候】，【请|敬语】坐。",
        "【请|敬语】【慢走|送别】。",
        "【谢谢您|答谢】的配合。",
    )
)
SCRIPTS = [line.script for line in LINES]
SCENARIO = Scenario("hall", "大厅", "", LINES)
BOOK = Book("basics", "基本用语", tuple((SCENARIO, number) for number in (1, 2, 3)), 80.0)
NOISY = SpeechCheck(2.0, 1.0, -3.0, -20.0, 2.0, 0.0, ((0.5, 1.5),))
BANNED = (
    BannedPhrase("不知道", "我帮您问", severity=Severity.SEVERE),
    BannedPhrase("急什么", "请稍等"),
)


def said(number: int, text: str | Unscored, session: str = "s", **changes: object) -> Attempt:
    """A take of an exam, with what was heard or why it was not scored."""
    line = LINES[number - 1]
    if isinstance(text, Unscored):
        assessment = Assessment(NOISY, None, None, unscored(line, text), None, VERSION)
    else:
        score = score_transcript(line, text, BANNED)
        transcript = Transcript(text, -0.2, 0.01, 0.8)
        assessment = Assessment(NOISY, transcript, None, score, MODEL, VERSION)
    where = {"scenario": "hall", "line": number, "spec": line, "setting": setting_of(BOOK)}
    return Attempt(take(session=session, **(where | changes)), assessment)


def decided(attempt: Attempt, decision: Decision) -> Attempt:
    return replace(attempt, review=review(decision=decision))


def unsure(attempt: Attempt) -> Attempt:
    """The take with its first element unsure."""
    first, *others = attempt.assessment.score.elements
    score = replace(
        attempt.assessment.score, elements=(replace(first, verdict=Verdict.UNSURE), *others)
    )
    return replace(attempt, assessment=replace(attempt.assessment, score=with_total(score)))


def test_the_counts_of_all_lines_are_added_up() -> None:
    attempts = [said(1, "您好，请坐"), said(2, "慢走")]
    result = result_of(attempts)
    # Of 5 courtesies 3 were heard, of 13 characters 6 said; the third line was not said.
    assert result.tally == Tally(3, 5, 6.0, 13)
    assert result.tally.total == pytest.approx(100 * (0.6 * 3 / 5 + 0.4 * 6 / 13))
    assert [line.passed for line in result.lines] == [True, False, False]
    assert (result.passed, result.not_said) == (False, 1)
    assert (result.models, result.scorers) == (("base",), (VERSION,))
    perfect = result_of([said(n, SCRIPTS[n - 1]) for n in (1, 2, 3)])
    assert (perfect.tally.total, perfect.passed) == (100.0, True)


def test_what_is_unsure_and_decides_is_left_to_the_trainer() -> None:
    attempts = [said(1, SCRIPTS[0]), unsure(said(2, SCRIPTS[1])), said(3, SCRIPTS[2])]
    assert result_of(attempts).passed is True  # whichever way it turns out
    attempts[2] = said(3, "谢谢您")
    result = result_of(attempts)
    assert result.passed is None
    assert (result.tally.heard, result.tally.courtesies) == (4, 5)
    attempts[1] = decided(attempts[1], Decision.PASS)
    assert result_of(attempts).passed is True
    attempts[1] = decided(attempts[1], Decision.REDO)
    assert result_of(attempts).passed is False


def test_a_take_that_cannot_be_scored_is_the_trainers_unless_it_is_silent() -> None:
    well = [said(1, SCRIPTS[0]), said(3, SCRIPTS[2])]
    noisy = said(2, Unscored.NOISY)
    assert result_of([*well, noisy]).passed is None
    assert result_of([*well, decided(noisy, Decision.PASS)]).tally.total == 100.0
    silent = result_of([*well, said(2, Unscored.NO_SPEECH)])
    assert (silent.passed, silent.not_said) == (False, 1)
    # The first take that was scored counts, whatever came before or, by a crash, after it.
    again = result_of([*well, noisy, said(2, "慢走"), said(2, SCRIPTS[1])])
    assert again.tally == result_of([*well, said(2, "慢走")]).tally


def test_banned_phrases_cost_points_or_the_exam_unless_the_trainer_passes_the_line() -> None:
    attempts = [said(1, SCRIPTS[0] + "急什么"), said(2, SCRIPTS[1]), said(3, SCRIPTS[2])]
    result = result_of(attempts)
    assert (result.tally.total, result.passed) == (100 - MINOR_COST, True)
    attempts[0] = said(1, SCRIPTS[0] + "不知道")
    result = result_of(attempts)
    assert (result.tally.total, result.passed) == (100.0, False)
    assert result.lines[0].is_ruled_out
    attempts[0] = decided(attempts[0], Decision.PASS)
    assert result_of(attempts).passed is True


takes_of_lines = st.lists(
    st.builds(
        lambda number, how: (
            unsure(said(number, how)) if isinstance(how, str) else said(number, how)
        ),
        st.sampled_from([1, 2, 3]),
        st.sampled_from(["您好，请坐", "请慢走急什么", "谢谢您的配合", "慢走，不知道", *Unscored]),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(takes_of_lines, st.sampled_from(Decision))
def test_a_trainer_who_decides_on_every_take_decides_on_the_exam(
    attempts: list[Attempt], decision: Decision
) -> None:
    before = result_of(attempts)
    after = result_of([decided(attempt, decision) for attempt in attempts])
    assert after.passed is not None
    # Saying nothing new of what is settled; only a pass lifts what fails it.
    if before.passed or (before.passed is False and decision is Decision.REDO):
        assert after.passed is before.passed


def test_exams_are_found_and_counted_in_the_records(place: Place, golden: Golden) -> None:
    store = Store(*place)
    practised = PracticeHistory(store.database)
    wang = Trainee("王芳", "一厅")
    first, second, other = (str(uuid4()) for _ in range(3))
    for day, session, name in ((1, first, "王芳"), (2, second, "王芳"), (2, other, "李雷")):
        attempt = said(
            1, SCRIPTS[0], session, name=name, created_at=f"2026-11-0{day}T08:00:00.000+00:00"
        )
        store.add(attempt.take, attempt.assessment)
    alone = said(1, SCRIPTS[0], "", setting=None)
    store.add(alone.take, alone.assessment)
    assert [practised.sitting(wang, "basics", s) for s in (first, second)] == [1, 2]
    assert practised.sitting(Trainee("李雷", "一厅"), "basics", other) == 1
    assert result_of(practised.exam(second[:8].upper())).created_at.startswith("2026-11-02")
    told = []
    for beginning in ("zz", ""):
        with pytest.raises(StoreError, match=f"“{beginning}”") as refused:
            practised.exam(beginning)
        told.append(str(refused.value))
    golden("exam-not-found", "\n".join(told))
    store.close()


def test_the_terms_of_an_exam_travel_in_packs() -> None:
    attempt = said(1, SCRIPTS[0], str(uuid4()), audio=None)
    record = Record(attempt.take, (ScoreRecord(now(), attempt.assessment),))
    data = record_to_bytes(record)
    assert record_from_bytes(attempt.take.id, data) == record
    for old, new in (
        ('"pass_mark":80.0', '"pass_mark":180.0'),
        ('"basics"', '"bas\\u001b[31mics"'),
    ):
        with pytest.raises(FormatError):
            record_from_bytes(attempt.take.id, data.replace(old.encode(), new.encode()))


# ---- as it is held -----------------------------------------------------------------


@pytest.fixture
def examined(practice: Practice) -> Practice:
    """The command with a book of two lines."""
    (practice.prompts / "books" / "two.yaml").write_text(
        "title: 两句话\npass: 90\nitems: [reception/1, farewell, farewell/1]\n", "utf-8"
    )
    return practice


SEAT = CLIPS / "seat.flac"
WITHOUT_PLEASE = CLIPS / "farewell-without-please.flac"


def correct(practice: Practice) -> str:
    """Say as a trainer that 请 was said after all; give the id of the exam."""
    store = Store(practice.recordings)
    (missed,) = [a for a in store.latest(Filter()) if a.take.scenario == "farewell"]
    store.add_review(missed.take.id, review(marks=(Mark("请", 1, Verdict.HEARD),)))
    store.close()
    return missed.take.session


def test_an_exam_is_shown_again_with_the_trainers_corrections(
    language: str, examined: Practice, golden: Golden, tmp_path: Path
) -> None:
    page, corrected = tmp_path / "证书.html", tmp_path / "改后.html"
    done = examined("exam", "two", "--audio", SEAT, WITHOUT_PLEASE, "--out", page)
    assert done.returncode == 0, done.stderr
    golden("exam-not-passed", done.stdout)
    *result, _where = done.stdout.splitlines()
    assert max(map(cell_len, result)) <= 80
    golden("exam-page-not-passed", read(page.read_text("utf-8")).text)
    session = correct(examined)
    again = ("exam", "--show", session[:8])
    golden("exam-passed", examined(*again, "--out", corrected).stdout)
    golden("exam-page-passed", read(corrected.read_text("utf-8")).text)
    (told,) = examined.json(*again)
    assert (told["session"], told["sitting"], told["passed"]) == (session, 1, True)
    done = examined(*again, "--out", page)
    done.refused(ExportError, str(page), "--out")
    golden("exam-page-is-there", done.stderr)
    (second,) = examined.json("exam", "two", "--audio", SEAT)
    assert (second["sitting"], second["passed"]) == (2, False)
    assert [line["said"] for line in second["lines"]] == [True, False]


def test_the_page_of_an_exam_stands_by_itself(
    examined: Practice, tmp_path: Path, chromium: Browser
) -> None:
    page = tmp_path / "证书.html"
    assert examined("exam", "two", "--audio", SEAT, WITHOUT_PLEASE).returncode == 0
    assert examined("exam", "--show", correct(examined)[:8], "--out", page).returncode == 0
    # With its style and without a network.
    context = chromium.new_context(offline=True)
    opened, complaints = context.new_page(), []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto(page.as_uri())
    badge = opened.locator(".badge.passed")
    assert badge.evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"
    assert "王芳" in opened.inner_text("header")
    assert complaints == []
    context.close()


@pytest.mark.slow
def test_an_exam_asks_for_a_name_and_for_files_that_can_be_read(
    language: str, examined: Practice, golden: Golden, tmp_path: Path
) -> None:
    settings = examined.home / ".config" / "practice" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"trainee": "韩梅梅"}), "utf-8")
    nobody = {k: v for k, v in examined.env.items() if k != "PRACTICE_TRAINEE"}
    done = examined("exam", "two", "--audio", SEAT, env=nobody)
    assert (done.returncode, "--trainee" in done.stderr) == (2, True)
    told = [done.stderr]
    for args, kind, data in (
        (["two", "--audio", SEAT, tmp_path / "no.wav"], AudioError, "no.wav"),
        (["two", "--audio", SEAT, SEAT, SEAT], PracticeError, "two"),
        (["tow"], PromptError, "tow"),
    ):
        done = examined("exam", *args)
        done.refused(kind, data)
        told.append(done.stderr)
    golden("exam-refused", "".join(told))
    assert examined.json("history") == []
    golden("exam-books", examined("exam").stdout)
    books = {book["id"]: book for book in examined.json("exam")}
    assert books["two"] == {"id": "two", "title": "两句话", "lines": 2, "pass_mark": 90}


@pytest.mark.slow
def test_nothing_of_the_script_is_on_the_screen_before_the_end(
    language: str, examined: Practice, start: Start, microphone: FakeSound, golden: Golden
) -> None:
    child = start("exam", "two")
    begin(child)
    microphone.speak(SEAT)
    child.expect("2/2")
    begin(child)
    child.send("\x1b")
    child.expect("2/2")
    child.expect(SPEAK)
    golden("exam-recited", child.screen())
    child.send("\r")
    microphone.speak(WITHOUT_PLEASE)
    assert finish(child) == 0
    golden("exam-recited-result", child.screen())
    before, result, _after = child.shown.partition("王芳 · default")
    assert result
    assert "2/2" in before
    words = ("请坐", "慢走", "欢迎", "PASSED", "passed", "Missing", "通过", "缺")
    assert not [word for word in words if word in before]
    assert [a["setting"]["mode"] for a in examined.json("history")] == ["exam"] * 2


@pytest.mark.slow
def test_a_silent_take_may_be_said_again(
    language: str, examined: Practice, start: Start, microphone: FakeSound, golden: Golden
) -> None:
    end = "Y: |Y："  # it is asked whether to end the exam
    child = start("exam", "two", "--limit", "1")
    begin(child)
    microphone.silence(1)
    child.expect("1/2")
    child.expect(SPEAK)
    golden("exam-silence", child.screen())
    child.send("n")
    child.expect("2/2")
    child.expect(SPEAK)
    child.send("q")
    child.expect(end)
    child.send("n")
    child.expect(SPEAK)
    child.send("q")
    child.expect(end)
    golden("exam-ended-early", child.screen())
    child.send("y")
    assert finish(child) == 0
    golden("exam-ended-early-result", child.screen())
