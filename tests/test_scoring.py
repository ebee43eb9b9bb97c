"""The scoring core: normal forms, alignment, elements, totals."""

from __future__ import annotations

from dataclasses import replace

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.mandarin.alignment import align, strict_counts
from practice.mandarin.normalization import normal_form, normalize, numerals, plain
from practice.mandarin.pinyin import distance, parse_pinyin, parse_sound
from practice.records.recognition import Unscored
from practice.records.scenario import Line
from practice.records.score import Basis, Counts, RemarkKind, Score, StrictCounts, Verdict
from practice.scenarios.markup import MarkupError, parse_script
from practice.scoring.decision import THRESHOLDS, Reliability, decide
from practice.scoring.evidence import Finding, Place, TextMatch, TextPair
from practice.scoring.score import (
    PASS_MARK,
    WEIGHTS,
    draft,
    merge_second_pass,
    score_transcript,
    unscored,
    with_total,
)

FAREWELL = "【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。"
han = st.text(st.sampled_from("请您你慢走欢迎下次光临好谢再见坐问"), max_size=12)
SURE = Reliability(avg_logprob=-0.1, speech_s=1.0, characters=9)


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
        ("300,0,5334", "三百零五千三百三十四"),
        ("１２８元", "一百二十八元"),
        ("13:30", "十三点三十分"),
    ],
)
def test_numerals_are_read_as_they_were_said(written: str, said: str) -> None:
    for reference, hypothesis in ((said, written), (written, said)):
        counts = align(reference, hypothesis).counts
        assert counts.hits == counts.reference_length == len(said)
        assert counts.insertions == 0


def test_colouring_er_is_dropped_and_the_syllable_kept() -> None:
    assert normalize("请您等一会儿，女儿") == "请您等一会女儿"
    assert normalize("儿子、儿童、幼儿园") == "儿子儿童幼儿园"


def test_normal_form_knows_where_it_came_from() -> None:
    text = "您好，话费128元。"
    form = normal_form(text)
    assert form.text == "您好话费一百二十八元"
    assert form.written == "您好，话费一百二十八元。"
    assert [form.written[i] for i in form.at] == list(form.text)
    start, end = form.span(text.index("话费"), text.index("话费") + 2)
    assert form.text[start:end] == "话费"
    assert form.span(2, 3) == (2, 2)  # nothing is left of the comma


wild = st.text(max_size=30) | st.text(
    "0123456789.,%¥$年月日:/-+二两请元个点位²½①ⅣGg儿 (", max_size=14
)


@pytest.mark.slow
@given(wild)
def test_normal_forms_never_fail_and_are_stable(text: str) -> None:
    assert len(plain(text)) == len(text)
    form = normal_form(text)
    assert len(form.text) == len(form.at) == len(form.origin)
    assert list(form.origin) == sorted(form.origin)
    assert list(form.at) == sorted(form.at)
    for numeral in numerals(plain(text)):
        assert numeral.readings
        assert 0 <= numeral.start < numeral.end <= len(text)
    if "儿" not in text:  # whether it only colors depends on what stood before it
        assert normalize(normalize(text)) == normalize(text)


# ---- alignment -------------------------------------------------------------


def ops(reference: str, hypothesis: str) -> list[tuple[str, str, str]]:
    return [(c.op, c.reference, c.hypothesis) for c in align(reference, hypothesis).chunks]


@given(han, han)
def test_alignment_covers_both_sides_and_counts_add_up(reference: str, hypothesis: str) -> None:
    found = align(reference, hypothesis)
    counts = found.counts
    assert counts.reference_length == len(reference)
    assert counts.reference_length - counts.deletions + counts.insertions == len(hypothesis)
    assert "".join(c.reference for c in found.chunks) == reference
    assert "".join(c.hypothesis for c in found.chunks) == hypothesis
    # Symmetric but for what settles ties at the script's clauses and elements.
    assert found.cost == pytest.approx(align(hypothesis, reference).cost, abs=0.5)


@given(han, han)
def test_strict_counts_are_those_of_jiwer(reference: str, hypothesis: str) -> None:
    counts = strict_counts(reference, hypothesis)
    assert counts.reference_length == len(reference)
    assert counts.hits + counts.substitutions + counts.insertions == len(hypothesis)
    if reference and hypothesis:
        assert counts.cer == pytest.approx(jiwer.cer(reference, hypothesis))


@given(han)
def test_identical_texts_are_all_hits(text: str) -> None:
    assert align(text, text).counts == Counts(hits=len(text))


HOMOPHONES = {"证": "政", "件": "见", "规": "归", "备": "被", "光": "胱", "迎": "赢", "临": "林"}


@given(st.text(st.sampled_from(sorted(HOMOPHONES) + list("请慢走您")), min_size=1, max_size=12),
       st.data())  # fmt: skip
def test_a_homophone_never_lowers_the_tolerant_accuracy(text: str, data: st.DataObject) -> None:
    heard = "".join(
        HOMOPHONES[c] if c in HOMOPHONES and data.draw(st.booleans()) else c for c in text
    )
    counts = align(text, heard).counts
    assert counts.accuracy == 1
    assert counts.hits + counts.homophones == len(text)


def test_kinds_of_differences() -> None:
    assert ops("您的证件不全", "您的政见不全") == [
        ("equal", "您的", "您的"),
        ("homophone", "证件", "政见"),
        ("equal", "不全", "不全"),
    ]
    assert ops("请慢走", "请满走")[1] == ("near", "慢", "满")
    assert ops("您好", "你好")[0] == ("substitute", "您", "你")
    assert ops("您好，请坐", "请坐")[0] == ("delete", "您好", "")
    assert ops("请慢走", "嗯请慢走")[0] == ("insert", "", "嗯")


def test_sounds() -> None:
    assert parse_sound("nin2") == ("n", "in", 2)
    assert parse_sound("yue4") == ("", "ve", 4)
    assert parse_sound("jun1") == parse_sound("jun1")
    assert distance(parse_sound("qing3"), parse_sound("qing2")) < 0.2
    assert distance(parse_sound("li3"), parse_sound("ni3")) == 0.25
    assert distance(parse_sound("ba1"), parse_sound("xu4")) == 1


def test_script_says_how_it_is_read() -> None:
    plain_line = line("【还您|敬语】证件")
    assert score_transcript(plain_line, "环您证件").elements[0].verdict is Verdict.MISSED
    own = replace(plain_line, readings=(("还您", ("huan2", "nin2")),))
    assert [c.op for c in align("还您", "环您", readings=own.readings).chunks] == [
        "homophone",
        "equal",
    ]
    assert parse_pinyin("huán nín") == ("huan2", "nin2")
    assert parse_pinyin("lǜ de") == ("lv4", "de5")
    assert parse_pinyin("不") is None


def test_counts_combine_and_rates_are_none_at_zero() -> None:
    assert Counts(1, 2, 3, 4, 5, 6) + Counts(1) == Counts(2, 2, 3, 4, 5, 6)
    assert StrictCounts(1, 2, 3, 4) + StrictCounts(1) == StrictCounts(2, 2, 3, 4)
    assert Counts().accuracy is None
    assert StrictCounts().cer is None
    assert StrictCounts(0, 0, 3, 6).cer == 3
    assert Counts(hits=1, homophones=1, near=1, deletions=1).accuracy == 0.625


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
    assert RemarkKind.ORDER in {r.kind for r in score.remarks}


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


def test_homophones_of_an_element_are_no_omission() -> None:
    score = score_transcript(line("您的【证件|征询】不全"), "您的政见不全")
    assert score.elements[0].verdict is Verdict.HEARD
    assert score.elements[0].evidence.basis is Basis.HOMOPHONE


def test_false_starts_and_fillers_cost_nothing() -> None:
    score = score_transcript(line(FAREWELL), "请、请慢走，嗯，欢迎下次光临")
    assert score.total == 100
    assert [(r.kind, r.text) for r in score.remarks] == [
        (RemarkKind.REPEAT, "请"),
        (RemarkKind.FILLER, "嗯"),
    ]


def test_something_else_is_told_as_such() -> None:
    score = score_transcript(line(FAREWELL), "今天天气不错我们去公园")
    assert score.off_script
    assert {e.verdict for e in score.elements} == {Verdict.MISSED}
    assert not score_transcript(line(FAREWELL), "慢走").off_script


# ---- evidence --------------------------------------------------------------


def audio(gain: float, pairs: list[TextPair]) -> dict[TextPair, float]:
    return dict.fromkeys(pairs, gain)


@pytest.mark.parametrize(("gain", "verdict"), [(5.0, "heard"), (-1.0, "unsure"), (-40.0, "missed")])
def test_the_audio_decides_where_the_text_does_not(gain: float, verdict: str) -> None:
    drafted = draft(line(FAREWELL), "慢走，欢迎下次光临")
    assert drafted is not None
    score = drafted.decide(audio(gain, drafted.questions), SURE)
    assert score.elements[0].verdict == verdict
    assert score.elements[0].evidence.basis is Basis.AUDIO
    assert score.elements[1].evidence.basis is Basis.TEXT


def test_nothing_is_asked_about_what_stands_there_plainly() -> None:
    drafted = draft(line(FAREWELL), "请慢走，欢迎下次光临")
    assert drafted is not None
    assert drafted.questions == []


def test_questions_differ_in_the_element_alone() -> None:
    drafted = draft(line("【您好|问候】，【请|敬语】坐"), "你好,坐")
    assert drafted is not None
    texts = {first for first, _second in drafted.questions}
    assert "您好,坐" in texts
    assert "你好,请坐" in texts


def test_pronoun_is_asked_even_where_it_is_written() -> None:
    drafted = draft(line("让【您|敬称】久等了"), "让您久等了")
    assert drafted is not None
    (pair,) = [p for p in drafted.questions if p[0] == "让你久等了"]
    for margin, verdict in ((6.0, "heard"), (-1.0, "unsure"), (-6.0, "missed")):
        answers = dict.fromkeys(drafted.questions, 0.0) | {pair: -margin}
        (element,) = drafted.decide(answers, SURE).elements
        assert element.verdict == verdict
        if verdict != "heard":
            assert element.evidence.basis is Basis.PRONOUN


def missing(reliability: Reliability, script: float = 0.0) -> Verdict:
    place = Place(0, 1, 0, 0, TextMatch.NOT, 1.0)
    finding = Finding(spliced=-20.0, sound=1.0, script=script, pronoun=None)
    return decide("请", place, "", finding, reliability)[0]


def test_what_the_audio_cannot_be_asked_about_is_unsure() -> None:
    unasked = replace(SURE, unasked=True)
    drafted = draft(line("【您好|问候】，【请|敬语】坐【好|指引】。"), "您好，坐好")
    assert drafted is not None
    found = drafted.decide(None, unasked).elements
    assert [e.verdict for e in found] == ["unsure", "unsure", "heard"]
    assert [e.evidence.doubts for e in found] == [("unasked",), ("unasked",), ()]


def test_nothing_is_missed_on_a_poor_transcript() -> None:
    assert missing(SURE) is Verdict.MISSED
    assert missing(replace(SURE, avg_logprob=-1.2)) is Verdict.UNSURE
    assert missing(replace(SURE, characters=3, speech_s=4.0)) is Verdict.UNSURE
    assert missing(replace(SURE, loops=True)) is Verdict.UNSURE
    assert missing(SURE, script=THRESHOLDS.veto) is Verdict.UNSURE


def test_unsure_elements_leave_the_pass_to_the_trainer() -> None:
    def judged(*verdicts: str, critical: bool = False) -> Score:
        score = score_transcript(line(FAREWELL), "请慢走，欢迎下次光临")
        elements = tuple(
            replace(e, verdict=Verdict(v), critical=critical)
            for e, v in zip(score.elements, verdicts, strict=True)
        )
        return with_total(replace(score, elements=elements))

    assert judged("unsure", "heard", "heard").passed is True  # 80 even without it
    assert judged("unsure", "unsure", "heard").passed is None
    assert judged("unsure", "missed", "missed").passed is False
    certain = judged("unsure", "heard", "heard")
    assert (certain.total, certain.best) == (80, 100)  # what is unsure earns nothing
    assert judged("missed", "heard", "heard", critical=True).passed is False
    assert judged("unsure", "heard", "heard", critical=True).passed is None


def test_second_look_adds_what_it_heard_but_no_pronoun() -> None:
    script = line("【您|敬称】【请|敬语】坐")
    first, second = (score_transcript(script, t) for t in ("坐", "您请坐"))
    better = merge_second_pass(first, second)
    assert [e.verdict for e in better.elements] == ["missed", "heard"]
    assert merge_second_pass(second, first) == second


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
        ("【请|敬语|可选|关键】慢走", "both-flags"),
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
    # The delivery could not be told: the two others share its weight.
    words = WEIGHTS["courtesies"] * 2 / 3 + WEIGHTS["accuracy"] * 8 / 9
    assert score.total == pytest.approx(100 * words / (1 - WEIGHTS["delivery"]))
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


# ---- courtesies within others --------------------------------------------------------


def test_a_please_that_begins_another_courtesy_is_left_open() -> None:
    seat = "【您好|问候】，【请|敬语】坐。"
    assert verdicts(seat, "您好请坐") == ["heard", "heard"]
    score = score_transcript(line(seat), "您好请问需要办理什么业务")
    assert [e.verdict for e in score.elements] == ["heard", "unsure"]
    assert score.elements[1].evidence.basis is Basis.PART
    assert score.elements[1].evidence.heard == "请问"
    assert score.passed is None
    # Where the script goes on with the same words, nothing is open.
    asked = "【请|敬语】问【您|敬称】贵姓"
    assert verdicts(asked, "请问您贵姓")[0] == "heard"
