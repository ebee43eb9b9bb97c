"""Free lines: any accepted word of a required kind counts, and nothing that was left out does."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from in_process import Practice

from practice import scenarios as prompts
from practice.mandarin.normalization import normal_form, normalize
from practice.records.kinds import Kind, parse_kind
from practice.records.scenario import Judging, Line
from practice.records.score import Score, Verdict
from practice.scenarios.markup import parse_script
from practice.scoring.banned import find_banned
from practice.scoring.decision import Reliability
from practice.scoring.score import draft, score_transcript, with_total

FOLDER = ROOT / "prompts"
DATA = ROOT / "tests" / "data"
SURE = Reliability(0.0, 1.0, 8)


@cache
def accepted() -> Any:
    return prompts.load_words(FOLDER)


@cache
def shipped(scenario: str) -> Any:
    return prompts.load(FOLDER, scenario)


def free(script: str) -> Line:
    return Line("", parse_script(script, {}), judging=Judging.FREE)


def judged(line: Line, text: str) -> Score:
    return score_transcript(line, text, accepted=accepted())


def missed(score: Score) -> list[str]:
    return [e.name for e in score.with_verdict(Verdict.MISSED)]


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (DATA / name).read_text("utf-8").splitlines()]


def row_score(row: dict[str, Any]) -> Score:
    return judged(shipped(row["scenario"]).lines[row["line"] - 1], row["text"])


PAPERS = free("【谢谢|答谢】【您|敬称】告诉我，【请|敬语】【您|敬称】出示【身份证/证件|内容】。")


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("谢谢您告诉我，请您出示身份证。", []),
        ("麻烦您出示一下证件，感谢您告诉我。", []),  # other words, another order
        ("多谢您，劳驾您把有效证件给我看看，好吗？", []),  # an added courtesy
        ("谢谢告诉我，请您出示身份证", []),  # one 您 is enough
        ("谢谢你告诉我，请你出示身份证", ["您"]),
        ("您告诉我了，请出示身份证", ["谢谢"]),
        ("谢谢您告诉我，把身份证给我", ["请"]),
        ("谢谢您告诉我，我帮您申请身份证", ["请"]),  # 申请 asks nobody
        ("谢谢您告诉我，我请同事看身份证", ["请"]),
        ("谢谢您告诉我，请您稍等", ["身份证"]),
    ],
)
def test_any_accepted_word_of_a_kind_counts_and_nothing_else(text: str, lacks: list[str]) -> None:
    score = judged(PAPERS, text)
    assert missed(score) == lacks
    assert (score.total == 100) is not lacks


def test_no_two_courtesies_share_a_word() -> None:
    line = free("【请问|征询】，【请|敬语】坐【吧|内容】")
    assert missed(judged(line, "请问您坐吧")) == ["请"]
    assert missed(judged(line, "请坐吧，请问您办什么？")) == []


def test_a_pronoun_is_a_question_to_the_audio() -> None:
    line = free("【您|敬称】稍等")
    for text in ("你稍等", "您稍等"):
        drafted = draft(line, text, accepted())
        assert drafted is not None
        for margin, verdict in ((9.0, "heard"), (0.0, "unsure"), (-9.0, "missed")):
            answers = {pair: margin if "您" in pair[0] else 0.0 for pair in drafted.questions}
            (element,) = with_total(drafted.decide(answers, SURE)).elements
            assert element.verdict == verdict
        (element,) = with_total(drafted.decide(None, SURE)).elements
        assert element.verdict == ("heard" if "您" in text else "missed")


def test_what_the_text_lacks_is_asked_with_alternatives() -> None:
    drafted = draft(free("【对不起|道歉】，这里不能办"), "堆不起这里不能办", accepted())
    assert drafted is not None
    asked = {text for text, _other in drafted.questions}
    assert any("对不起" in text for text in asked)
    assert any("抱歉" in text for text in asked)


# ---- the shipped scenarios ---------------------------------------------------


def test_proper_wordings_pass() -> None:
    scores = [row_score(row) for row in rows("proper.jsonl")]
    blamed = [
        not score.passed
        or any(e.kind is not Kind.CONTENT for e in score.with_verdict(Verdict.MISSED))
        for score in scores
    ]
    assert sum(blamed) <= 0.05 * len(blamed)


def test_what_was_left_out_is_told() -> None:
    # Rows of kinds that a line has ceased to require are left out: 这里 is no guidance any more.
    told = []
    for row in rows("lacking.jsonl"):
        score, kind = row_score(row), parse_kind(row["lacks"])
        if any(e.required and e.kind is kind for e in score.elements):
            missed_kinds = {e.kind for e in score.with_verdict(Verdict.MISSED)}
            told.append(kind in missed_kinds)
    assert len(told) > 280
    assert sum(told) >= 0.95 * len(told)


@pytest.mark.parametrize(("name", "least", "most"), [("innocent", 0, 0.02), ("rude", 0.8, 1)])
def test_banned_phrases_find_the_rude_and_spare_the_innocent(
    name: str, least: float, most: float
) -> None:
    banned = prompts.load_banned(FOLDER)
    found = [
        bool(find_banned(normal_form(row["text"]), "", banned)) for row in rows(f"{name}.jsonl")
    ]
    assert least * len(found) <= sum(found) <= most * len(found)


EXACT = [
    (scenario.id, number, line)
    for scenario in prompts.load_all(FOLDER)[0]
    for number, line in enumerate(scenario.lines, 1)
    if line.judging is Judging.EXACT
]


@pytest.mark.parametrize(("scenario", "number", "line"), EXACT)
def test_required_wording_passes_and_without_a_courtesy_fails(
    scenario: str, number: int, line: Line
) -> None:
    proper = {normalize(wording.script) for wording in line.wordings}
    for wording in line.wordings:
        whole = judged(line, wording.script)
        assert (whole.passed, whole.total) == (True, 100), wording.script
        for element in wording.elements:
            without = wording.script[: element.start] + wording.script[element.end :]
            if element.required and normalize(without) and normalize(without) not in proper:
                assert judged(line, without).passed is False, without


@pytest.mark.parametrize("scenario", prompts.load_all(FOLDER)[0], ids=lambda s: s.id)
def test_free_scripts_pass_themselves(scenario: Any) -> None:
    for line in scenario.lines:
        if line.judging is Judging.FREE:
            for wording in line.wordings:
                assert judged(line, wording.script).passed, wording.script


# ---- try ---------------------------------------------------------------------


def test_try_judges_a_sentence(practice: Practice) -> None:
    (well,) = practice.json("try", "farewell", "请慢走，欢迎下次光临")
    assert (well["passed"], well["missing"], well["score"]) == (True, [], 100)
    (poor,) = practice.json("try", "farewell", "1", "慢走，欢迎下次光临")
    assert (poor["passed"], poor["missing"], poor["kinds"]) == (False, ["请"], ["polite"])
    shown = practice("try", "farewell", "慢走，不知道。")
    assert shown.returncode == 0
    assert "请" in shown.stdout
    assert "不知道" in shown.stdout


def test_try_judges_a_file_of_rows(practice: Practice, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"scenario": "farewell", "line": 1, "text": "请慢走，欢迎下次光临", "mine": 7}
    path.write_text(json.dumps(row) + "\n\n", "utf-8")
    (out,) = practice.json("try", "--file", path)
    assert out["passed"] is True
    assert row.items() <= out.items()
    path.write_text("{}\n", "utf-8")
    wrong = practice("try", "--file", path)
    assert wrong.returncode == 1
    assert f"{path}:1" in wrong.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [(("farewell",), 2), ((), 2), (("farewell", "9", "请"), 1), (("nosuch", "请"), 1)],
)
def test_try_refuses_what_it_cannot_judge(
    practice: Practice, args: tuple[str, ...], code: int
) -> None:
    assert practice("try", *args).returncode == code


def test_a_mistake_in_the_words_is_told_with_its_line(practice: Practice) -> None:
    path = practice.prompts / "rules" / "words.yaml"
    path.write_text("words:\n  - 类别: 大声\n    用词: [，]\n", "utf-8")
    done = practice("check")
    assert done.returncode == 1
    assert "rules/words.yaml:2" in done.stdout
