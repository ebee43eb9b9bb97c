"""Words never to be said to a customer: found by spelling and sound, and in nothing innocent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from conftest import CLIPS, ROOT, Golden
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import Practice

from practice import scenarios as prompts
from practice.mandarin.normalization import normal_form, normalize
from practice.mandarin.pinyin import Sound, sounds
from practice.output.wording import banned_text
from practice.records.scenario import BannedPhrase, Line, Severity
from practice.records.score import BannedHit, Score, Verdict
from practice.scenarios.markup import parse_script
from practice.scoring.banned import find_banned
from practice.scoring.decision import Reliability
from practice.scoring.score import MINOR_COST, deduction, draft, score_transcript, with_total

DONT_KNOW = BannedPhrase(
    "不知道", "我帮您问一下。", "推脱", unless=("不知道您", "不知道您是否方便"), also=("我哪知道",)
)
HURRY = BannedPhrase("急什么", "我马上办。", unless=("手机什么", "以及什么"))
BUSY = BannedPhrase("没看见我正忙着吗", "请您稍等。", severity=Severity.SEVERE)
LOOK = BannedPhrase("自己看", "请看这里。", unless=("自己看看",))
DECIDE = BannedPhrase("你看着办吧", "我来比较一下。", also=("你自己看着办",))
ASK = BannedPhrase("你问我，我问谁", "我核实一下。", severity=Severity.SEVERE)
HURRIED = [("急什么", "急什么", True)]
PHRASES = (DONT_KNOW, HURRY, BUSY, LOOK, DECIDE, ASK)

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】", {}))
SAID = "请慢走，欢迎下次光临"


def found(text: str, script: str = "") -> list[tuple[str, str, bool]]:
    hits = find_banned(normal_form(text), normalize(script), PHRASES)
    return [(hit.phrase, hit.heard, hit.sure) for hit in hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对不起，我不知道。", [("不知道", "不知道", True)]),
        ("我哪知道啊", [("不知道", "我哪知道", True)]),
        ("我不直到。", [("不知道", "不直到", False)]),  # another tone
        ("我不之到。", [("不知道", "不之到", False)]),  # three syllables may be an accident
        ("没看见我正忙着嘛", [("没看见我正忙着吗", "没看见我正忙着嘛", True)]),
        ("急什么？梅看见我正忙着嘛", [*HURRIED, ("没看见我正忙着吗", "梅看见我正忙着嘛", True)]),
        ("没看见我正忙著吗", [("没看见我正忙着吗", "没看见我正忙著吗", True)]),
        ("不知道。不知道。", [("不知道", "不知道", True)]),
        ("你自己看着办", [("你看着办吧", "你自己看着办", True)]),  # and not 自己看 in it
        ("你问我我问谁", [("你问我，我问谁", "你问我我问谁", True)]),
        ("你问我，我问谁啊", [("你问我，我问谁", "你问我，我问谁", True)]),
        ("我不，知道了", []),
        ("不。知道", []),
        ("不 知道", []),
        ("逐步指导您", []),
        ("", []),
        ("，。！", []),
    ],
)
def test_by_spelling_and_by_sound(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("不知道您是否方便", []),
        ("不知道恁是否方便", []),  # however the recognizer spells what is innocent
        ("不直到您是否方便", []),
        ("手机什么时候修好？", []),
        ("自己看看吧", []),
        ("不知道您是否方便，我不知道", [True]),
        # The recognizer's own pause, or its 你 for 您, leaves a doubt; a full stop none.
        ("不知道，您是否方便", [False]),
        ("不知道你是谁", [False]),
        ("不知道。您是否方便", [True]),
    ],
)
def test_never_inside_an_innocent_longer_phrase(text: str, expected: list[bool]) -> None:
    assert [sure for _phrase, _heard, sure in found(text)] == expected


def test_what_the_script_asks_for_is_no_fault() -> None:
    assert found("我不知道", "我不知道") == []
    assert found("我不直到", "我不知道") == []
    assert found("没看见我正忙着嘛", "没看见我正忙着吗") == []


@cache
def same_sound() -> dict[frozenset[Sound], list[str]]:
    """The everyday characters by their reading."""
    found: dict[frozenset[Sound], list[str]] = defaultdict(list)
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            char = bytes((high, low)).decode("gb2312", "ignore")
            if char and char != "儿" and normalize(char) == char:
                found[sounds(char)[0]].append(char)
    return found


def homophones_of(text: str) -> st.SearchStrategy[str]:
    return st.tuples(
        *(st.sampled_from([c, *same_sound()[sounds(c)[0]]]) for c in normalize(text))
    ).map("".join)


@pytest.mark.slow
@settings(deadline=None)  # the first one reads the dictionaries
@given(st.data(), st.sampled_from(PHRASES))
def test_homophones_of_a_phrase_are_found(data: st.DataObject, phrase: BannedPhrase) -> None:
    heard = data.draw(homophones_of(phrase.phrase))
    (hit,) = find_banned(normal_form(heard), "", (phrase,))
    assert hit.sure is (heard == normalize(phrase.phrase) or len(heard) > 3)
    assert (hit.heard, hit.instead, hit.why) == (heard, phrase.instead, phrase.why)


@pytest.mark.slow
@settings(deadline=None)  # the first one reads the dictionaries
@given(st.data(), st.sampled_from([p for p in PHRASES if p.unless]))
def test_homophones_of_what_is_innocent_are_not(data: st.DataObject, phrase: BannedPhrase) -> None:
    innocent = data.draw(homophones_of(data.draw(st.sampled_from(phrase.unless))))
    assert find_banned(normal_form(innocent), "", (phrase,)) == ()


OTHER_SOUNDS = "请慢走欢迎下次光临您好再见谢谢稍等证件"


@pytest.mark.slow
@settings(deadline=None)
@given(st.text(st.sampled_from(OTHER_SOUNDS + "，。 a1"), max_size=30))
def test_a_text_without_the_syllables_is_never_found(text: str) -> None:
    assert found(text) == []


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=10))
def test_any_text_can_be_searched(text: str, script: str) -> None:
    for _phrase, heard, _sure in found(text, script):
        assert heard


@pytest.mark.slow
def test_nothing_in_what_is_shipped_is_banned() -> None:
    phrases = prompts.load_banned(ROOT / "prompts")
    for scenario in prompts.load_all(ROOT / "prompts")[0]:
        for line in scenario.lines:
            for wording in line.wordings:
                assert find_banned(normal_form(wording.script), "", phrases) == (), wording.script


# ---- what it costs -------------------------------------------------------------


def judged(said: str) -> Score:
    return score_transcript(FAREWELL, said, PHRASES)


def test_a_severe_phrase_fails_the_take_whatever_the_total() -> None:
    score = judged(f"没看见我正忙着吗？{SAID}")
    assert (score.total, score.passed) == (100, False)


def test_a_minor_phrase_costs_points() -> None:
    score = judged(f"急什么，{SAID}")
    assert (score.total, score.passed) == (100 - MINOR_COST, True)
    score = judged(f"急什么，我不知道，自己看，{SAID}")
    assert deduction(score) == 3 * MINOR_COST
    assert (score.total, score.passed) == (70, False)
    assert judged("急什么，我不知道，自己看").total == 0


def test_a_doubt_decides_nothing_but_is_the_trainers_where_it_would() -> None:
    score = judged(f"我不直到。{SAID}")
    assert [hit.sure for hit in score.banned] == [False]
    assert (score.total, score.passed) == (100, True)  # 90 passes as well
    near = judged("我不直到。请慢走，光临")  # below the mark as it is
    assert near.passed is False
    poor = draft(FAREWELL, f"没看见我正忙着吗？{SAID}")
    assert poor is not None
    score = with_total(poor.decide(None, Reliability(-1.5, 2.0, 17), PHRASES))
    assert [hit.sure for hit in score.banned] == [False]
    assert all(e.verdict is Verdict.HEARD for e in score.elements)
    assert (score.total, score.passed) == (100, None)


def test_judgements_from_before_severity_stay_as_they_were() -> None:
    old = replace(judged(SAID), banned=(BannedHit("不知道", "我帮您问一下。"),))
    assert (with_total(old).total, with_total(old).passed) == (100, False)


# ---- how it is told ------------------------------------------------------------


def test_what_is_said_of_a_hit(language: str, golden: Golden) -> None:
    texts = ("我不知道", "不直到", "没看见我正忙着吗", "没看见我正忙着嘛", "急什么")
    hits = [hit for text in texts for hit in judged(text).banned]
    assert [(hit.heard, hit.sure) for hit in hits] == [
        ("不知道", True),
        ("不直到", False),
        ("没看见我正忙着吗", True),
        ("没看见我正忙着嘛", True),
        ("急什么", True),
    ]
    golden("banned-phrases", "\n".join(map(banned_text, hits)))


@pytest.mark.slow
def test_a_banned_phrase_in_a_recording(language: str, practice: Practice, golden: Golden) -> None:
    (practice.prompts / "leave.yaml").write_text(
        "title: 送别\nwhen: 客户离开\nlines:\n  - cue: 起身\n    script: 【请|敬语】慢走\n", "utf-8"
    )
    (practice.prompts / "rules/banned.yaml").write_text(
        "banned:\n  - phrase: 欢迎下次光临\n    why: 只是试一试\n    instead: 再见\n", "utf-8"
    )
    (told,) = practice.json("run", "leave", "--audio", CLIPS / "farewell.flac")
    assert told["banned"] == [
        {
            "phrase": "欢迎下次光临",
            "instead": "再见",
            "why": "只是试一试",
            "severity": "minor",
            "heard": "欢迎下次光临",
            "sure": True,
        }
    ]
    assert (told["deduction"], told["score"], told["passed"]) == (10, 90, True)
    explained = practice("history", told["id"][:8], "--explain").stdout
    golden("history-banned-explained", explained.replace(told["audio"], "take.flac"))
    golden("history-banned", practice("history").stdout)


# ---- what `practice check` says ------------------------------------------------


def test_check_names_a_banned_phrase_that_is_asked_for(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "leave.yaml").write_text(
        "title: 送别\nwhen: 客户离开\nlines:\n  - cue: 起身\n    script: 我政盲着呢\n"
        "    also: [请慢走]\n",
        "utf-8",
    )
    told = []
    for banned, phrase, where in (
        ("- phrase: 慢走\n    instead: 再见", "慢走", "leave.yaml:6: "),
        (
            "- phrase: 正忙着呢\n    instead: 再见",
            "正忙着呢",
            "leave.yaml:5: ",
        ),  # 政盲: it sounds so
        ("- phrase: 再见\n    instead: 请再见", "再见", "rules/banned.yaml:3: "),
        ("- phrase: 慢走\n    unless: [请慢走]\n    instead: 再见", "慢走", ""),
    ):
        (tmp_path / "rules/banned.yaml").write_text(f"banned:\n  {banned}\n", "utf-8")
        found = [str(p).removeprefix(f"{tmp_path}/") for p in prompts.check(tmp_path)[1]]
        assert len(found) == bool(where)
        assert all(text.startswith(where) and phrase in text for text in found)
        told += found
    golden("check-banned", "\n".join(told))
