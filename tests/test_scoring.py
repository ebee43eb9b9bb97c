"""The scoring core: normal forms, alignment, elements, totals."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.core.align import align
from practice.core.banned import find_banned
from practice.core.markup import MarkupError, parse_script
from practice.core.models import BannedPhrase, Basis, Counts, Line, Unscored, Verdict
from practice.core.normalize import normalize, readings
from practice.core.scoring import PASS_MARK, WEIGHTS, score_transcript, unscored

FAREWELL = "【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。"
han = st.text(st.sampled_from("请您你慢走欢迎下次光临好谢再见坐问"), max_size=12)


def line(script: str, *also: str, **slots: tuple[str, ...]) -> Line:
    wordings = [w for s in (script, *also) for w in parse_script(s, slots)]
    return Line("", tuple(wordings))


def verdicts(script: str, transcript: str) -> list[str]:
    return [e.verdict for e in score_transcript(line(script), transcript).elements]


# ---- normal forms ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("請慢走，歡迎下次光臨！", "请慢走欢迎下次光临"),
        ("妳好～", "你好"),
        (" ＶＩＰ 客户 ", "vip客户"),
        ("您好。\n再见", "您好再见"),
        ("", ""),
        ("，。！？～—…", ""),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("话费128元", "话费一百二十八元"),
        ("10086", "一零零八六"),
        ("10086", "幺零零八六"),
        ("10086", "一万零八十六"),
        ("3折", "三折"),
        ("30%", "百分之三十"),
        ("2024年3月5日", "二零二四年三月五日"),
        ("请到2号台", "请到二号台"),
    ],
)
def test_numerals_are_read(written: str, said: str) -> None:
    assert said in [form.text for form in readings(written)]


def test_normal_form_knows_where_it_came_from() -> None:
    text = "您好，话费128元。"
    (form, *_rest) = readings(text)
    assert form.text == "您好话费一百二十八元"
    start, end = form.span(text.index("话费"), text.index("话费") + 2)
    assert form.text[start:end] == "话费"
    assert form.span(2, 3) == (2, 2)  # nothing is left of the comma


@settings(max_examples=500)
@given(st.text(max_size=30))
def test_normal_forms_never_fail_and_are_stable(text: str) -> None:
    for form in readings(text):
        assert len(form.text) == len(form.origin)
        assert list(form.origin) == sorted(form.origin)
    assert normalize(normalize(text)) == normalize(text)


# ---- alignment -------------------------------------------------------------


@given(han, han)
def test_counts_agree_with_jiwer_and_add_up(reference: str, hypothesis: str) -> None:
    found = align(reference, hypothesis)
    counts = found.counts
    assert counts.reference_length == len(reference)
    assert counts.hits + counts.substitutions + counts.insertions == len(hypothesis)
    assert "".join(c.reference for c in found.chunks) == reference
    assert "".join(c.hypothesis for c in found.chunks) == hypothesis
    if reference and hypothesis:
        assert counts.cer == pytest.approx(jiwer.cer(reference, hypothesis))
    assert counts.errors == align(hypothesis, reference).counts.errors


@given(han)
def test_identical_texts_are_all_hits(text: str) -> None:
    assert align(text, text).counts == Counts(hits=len(text))


def test_counts_combine_and_rates_are_none_at_zero() -> None:
    assert Counts(1, 2, 3, 4) + Counts(1, 0, 0, 0) == Counts(2, 2, 3, 4)
    assert Counts().accuracy is None
    assert Counts().cer is None
    assert Counts(0, 0, 3, 6).cer == 3


# ---- elements --------------------------------------------------------------


def test_each_left_out_element_is_named() -> None:
    assert verdicts(FAREWELL, "请慢走，欢迎下次光临。") == ["heard"] * 3
    assert verdicts(FAREWELL, "慢走，欢迎下次光临") == ["missed", "heard", "heard"]
    assert verdicts(FAREWELL, "请慢走") == ["heard", "heard", "missed"]
    assert verdicts(FAREWELL, "走吧下次再来") == ["missed"] * 3


def test_another_order_is_no_omission() -> None:
    score = score_transcript(line(FAREWELL), "欢迎下次光临，请慢走")
    assert [e.verdict for e in score.elements] == ["heard"] * 3
    assert score.elements[0].evidence.basis is Basis.ELSEWHERE


def test_what_was_said_once_counts_once() -> None:
    twice = "【请|敬语】坐，【请|敬语】稍等"
    assert verdicts(twice, "坐，请稍等") == ["missed", "heard"]
    assert verdicts(twice, "坐，稍等") == ["missed", "missed"]


def test_respectful_pronoun_is_not_the_plain_one() -> None:
    assert verdicts("【您|敬称】好", "你好") == ["missed"]
    assert verdicts("【您|敬称】好", "妳好") == ["missed"]


@given(han.filter(bool), st.data())
def test_an_element_taken_out_of_the_transcript_is_missed(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    element = text[start:end]
    rest = text[:start] + text[end:]
    if element in rest or not rest:
        return
    script = f"{text[:start]}【{element}|敬语】{text[end:]}"
    (result,) = score_transcript(line(script), rest).elements
    assert result.verdict is Verdict.MISSED
    (result,) = score_transcript(line(script), text).elements
    assert result.verdict is Verdict.HEARD


# ---- wordings --------------------------------------------------------------


def test_best_wording_counts() -> None:
    greeting = line("【您好/早上好|问候】！【请问|征询】办什么业务？")
    score = score_transcript(greeting, "早上好请问办什么业务")
    assert score.total == 100
    assert score.wording == "早上好！请问办什么业务？"
    assert score.elements[0].name == "您好"
    assert score_transcript(greeting, "请问办什么业务").elements[0].verdict == "missed"


def test_slots_and_optional_elements() -> None:
    script = line("不能办理{业务}业务【好吗|征询|可选】", 业务=("过户", "补卡"))
    score = score_transcript(script, "不能办理补卡业务")
    assert score.counts.hits == 8
    assert score.elements[0].verdict is Verdict.MISSED
    assert [c.name for c in score.components] == ["accuracy"]
    assert score.components[0].weight == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("【请慢走", "bracket"),
        ("请】慢走", "bracket"),
        ("【|敬语】", "empty"),
        ("【请/|敬语】", "empty"),
        ("【请】慢走", "no-kind"),
        ("【请|敬雨】慢走", "unknown-kind"),
        ("【请|敬语|随便】慢走", "flag"),
        ("办理{业务}", "unknown-slot"),
        ("【a/b/c/d/e/f|敬语】" * 3, "too-many"),
    ],
)
def test_markup_mistakes(script: str, code: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_script(script, {})
    assert caught.value.code == code


# ---- totals ----------------------------------------------------------------


def test_total_is_the_weighted_sum_and_the_mark_decides() -> None:
    score = score_transcript(line(FAREWELL), "慢走，欢迎下次光临")
    assert score.total == pytest.approx(
        100 * (WEIGHTS["courtesies"] * 2 / 3 + WEIGHTS["accuracy"] * 8 / 9)
    )
    assert score.passed is (score.total >= PASS_MARK) is False


def test_extra_courtesy_is_no_error() -> None:
    score = score_transcript(line(FAREWELL), "谢谢您，请慢走，欢迎下次光临，再见")
    assert score.total == 100
    assert score.counts.insertions == 5


def test_nothing_recognised_is_unscored() -> None:
    for transcript in ("", "。", " … "):
        score = score_transcript(line(FAREWELL), transcript)
        assert score.reason is Unscored.NO_TEXT
        assert score.passed is None
        assert score.total is None
        assert {e.verdict for e in score.elements} == {Verdict.UNSCORED}


def test_unscored_takes_have_no_counts() -> None:
    assert unscored(line(FAREWELL), Unscored.NO_SPEECH).counts == Counts()


@given(han)
def test_scores_lie_between_0_and_100(transcript: str) -> None:
    score = score_transcript(line(FAREWELL), transcript)
    if score.total is not None:
        assert 0 <= score.total <= 100 + 1e-9


# ---- banned phrases --------------------------------------------------------

BANNED = (
    BannedPhrase("不知道", "我帮您问一下", unless=("不知道您",)),
    BannedPhrase("急什么", "我马上办"),
)


def test_banned_phrase_is_flagged_and_fails_the_take() -> None:
    score = score_transcript(line(FAREWELL), "急什么，请慢走，欢迎下次光临", BANNED)
    assert [hit.phrase for hit in score.banned] == ["急什么"]
    assert score.passed is False
    assert score.total == 100


def test_innocent_longer_phrase_is_no_fault() -> None:
    assert find_banned("不知道您是否方便", "", BANNED) == ()
    assert len(find_banned("不知道您是否方便我不知道", "", BANNED)) == 1
    assert find_banned("我不知道", "我不知道", BANNED) == ()
