"""What the judge makes of doubtful hearings, with a recognizer that says what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from conftest import CLIPS

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.signal_check import Samples, Spans
from practice.recognition.recognizer import Recognition
from practice.records.attempt import Assessment
from practice.records.recognition import ModelInfo, Transcript, Unscored
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.evidence import TextPair

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))


def text(words: str, avg_logprob: float = -0.2, no_speech: float = 0.0) -> Transcript:
    return Transcript(words, avg_logprob, no_speech, 1.0)


def timed(transcript: Transcript) -> Transcript:
    """A transcript that took a second for each character."""
    return replace(transcript, times_s=tuple(float(i) for i in range(len(transcript.text))))


@dataclass
class Told:
    """A hearing that is told its texts, and how many nats the audio gives every element."""

    transcript: Transcript
    second: Transcript
    gain: float | None
    looks: int = 1

    def second_look(self) -> Told:
        self.looks += 1
        return Told(self.second, self.transcript, self.gain)

    def times_s(self) -> tuple[float, ...]:
        return timed(self.transcript).times_s

    def logprobs(self) -> tuple[float, ...]:
        return ()

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        return None if self.gain is None else [self.gain] * len(pairs)


class FixedRecognizer:
    info = ModelInfo("told", "0" * 64)

    def __init__(self, recognition: Told) -> None:
        self.recognition = recognition

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        return self.recognition


def judged(recognition: Told) -> Assessment:
    judge = Assessor(lambda: FixedRecognizer(recognition), ())
    return judge.assess(audio.read(CLIPS / "farewell.flac"), FAREWELL)


def verdicts(assessment: Assessment) -> list[str]:
    return [str(e.verdict) for e in assessment.score.elements]


WHOLE = text("请慢走，欢迎下次光临")


def test_a_clear_text_is_looked_at_once() -> None:
    recognition = Told(WHOLE, text(""), gain=0.0)
    assert verdicts(judged(recognition)) == ["heard"] * 3
    assert recognition.looks == 1


def test_an_unlikely_text_gets_a_second_look_that_can_only_add() -> None:
    whole = text("请慢走，欢迎下次光临", -0.9)
    recognition = Told(text("慢走，欢迎下次光临", -0.8), whole, gain=-40.0)
    result = judged(recognition)
    assert recognition.looks == 2
    assert verdicts(result) == ["heard"] * 3
    assert result.transcript == timed(recognition.transcript)
    assert result.second == whole
    recognition = Told(text("请慢走，欢迎下次光临", -0.8), text("走吧"), gain=-40.0)
    assert verdicts(judged(recognition)) == ["heard"] * 3


def test_the_likelier_text_is_the_one_that_is_shown() -> None:
    recognition = Told(text("慢走，欢迎下次光临", -0.8), WHOLE, gain=-40.0)
    result = judged(recognition)
    assert result.transcript == timed(WHOLE)
    assert result.second == recognition.transcript
    looping = text("请问" * 60, -0.01)
    assert judged(Told(recognition.transcript, looping, -40.0)).second == looping


def test_you_is_judged_by_the_likelier_look_alone() -> None:
    line = Line("", parse_script("【您好|问候】，请坐。", {}))
    judge = Assessor(
        lambda: FixedRecognizer(Told(text("你好，请坐", -0.8), text("您好，请坐", -0.9), 0.0)),
        (),
    )
    result = judge.assess(audio.read(CLIPS / "farewell.flac"), line)
    assert verdicts(result) == ["unsure"]


def test_a_text_that_repeats_itself_gives_way_to_the_second_look() -> None:
    recognition = Told(text("请问" * 60), WHOLE, gain=-40.0)
    result = judged(recognition)
    assert result.transcript == timed(WHOLE)
    assert verdicts(result) == ["heard"] * 3


def test_nothing_is_missed_where_both_looks_repeat_themselves() -> None:
    recognition = Told(text("请问" * 60), text("请问" * 60), gain=-40.0)
    assert "missed" not in verdicts(judged(recognition))


def test_no_text_at_all_is_unscored() -> None:
    result = judged(Told(text("。"), text(""), gain=0.0))
    assert result.score.reason is Unscored.NO_TEXT
    assert verdicts(result) == ["unscored"] * 3


def test_no_text_at_first_is_saved_by_the_second_look() -> None:
    result = judged(Told(text(""), WHOLE, gain=0.0))
    assert verdicts(result) == ["heard"] * 3


def test_text_that_the_recogniser_takes_for_no_speech_earns_nothing() -> None:
    result = judged(Told(text("请慢走，欢迎下次光临", -1.3, 0.9), text(""), gain=9.0))
    assert result.score.reason is Unscored.NO_SPEECH
    assert verdicts(result) == ["unscored"] * 3


@pytest.mark.parametrize(
    ("gain", "verdict"), [(12.0, "heard"), (-40.0, "missed"), (None, "unsure")]
)
def test_the_audio_is_asked_where_it_can_be(gain: float | None, verdict: str) -> None:
    recognition = Told(text("慢走，欢迎下次光临"), text("慢走，欢迎下次光临"), gain)
    assert verdicts(judged(recognition))[0] == verdict


def test_a_take_that_broke_off_is_not_judged() -> None:
    judge = Assessor(lambda: FixedRecognizer(Told(WHOLE, WHOLE, 0.0)), ())
    clip = audio.read(CLIPS / "farewell.flac")
    result = judge.assess(clip, FAREWELL, cut_off=True)
    assert result.score.reason is Unscored.CUT_OFF
