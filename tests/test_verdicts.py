"""Verdicts with real weights: said, left out, never said, not speech; and that they repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import CLIPS

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.clip import Clip
from practice.audio.signal_check import RATE_HZ, Samples
from practice.audio.voice_activity import find_speech
from practice.mandarin.normalization import normalize
from practice.recognition.recognizer import Recognizer
from practice.records.attempt import Assessment
from practice.records.recognition import Unscored
from practice.records.scenario import Line
from practice.records.score import Basis
from practice.scenarios.markup import parse_script

if TYPE_CHECKING:
    from whisper.model import Whisper

FAREWELL = "【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。"


@pytest.fixture(scope="module")
def judge(whisper: Recognizer) -> Assessor:
    return Assessor(lambda: whisper, ())


def line(script: str) -> Line:
    return Line("", parse_script(script, {}))


def samples_of(name: str) -> Samples:
    return audio.read(CLIPS / f"{name}.flac").samples


def clip(samples: Samples) -> Clip:
    return Clip(samples, len(samples) / RATE_HZ, 0.0, ".wav")


def judged(judge: Assessor, samples: Samples, script: str) -> Assessment:
    return judge.assess(clip(samples), line(script))


def verdicts(assessment: Assessment) -> list[str]:
    return [str(e.verdict) for e in assessment.score.elements]


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ), np.float32)


def test_what_was_said_is_heard(judge: Assessor) -> None:
    result = judged(judge, samples_of("farewell"), FAREWELL)
    assert verdicts(result) == ["heard"] * 3
    assert result.score.passed
    assert result.transcript is not None
    text, logprobs = result.transcript.text, result.transcript.logprobs
    assert len(logprobs) == len(result.transcript.times_s) == len(text)
    assert all(-5 < logprob <= 0 for logprob in logprobs)


def test_what_was_left_out_is_missed_and_the_rest_is_heard(judge: Assessor) -> None:
    """The recognizer writes 满走: by its characters 慢走 would be missed."""
    result = judged(judge, samples_of("farewell-without-please"), FAREWELL)
    assert verdicts(result) == ["missed", "heard", "heard"]
    evidence = result.score.elements[1].evidence
    assert evidence.basis is Basis.AUDIO
    assert evidence.strength is not None


@pytest.mark.parametrize(
    "script",
    [
        "【请问|征询】新闻上都在播呢",
        "【您好|问候】，新闻上都在播呢",
        "新闻上【麻烦您|敬语】都在播呢",
        "新闻上都在播呢，【谢谢您|答谢】",
    ],
)
def test_what_was_never_said_is_not_credited(judge: Assessor, script: str) -> None:
    result = judged(judge, samples_of("human"), script)
    assert verdicts(result) == ["missed"]


def test_a_word_that_the_recogniser_misspells_is_heard(judge: Assessor) -> None:
    result = judged(judge, samples_of("human"), "【新闻|征询】上【都在|征询】【播呢|征询】")
    assert verdicts(result) == ["heard"] * 3


def test_something_else_is_off_script(judge: Assessor) -> None:
    result = judged(judge, samples_of("human"), FAREWELL)
    assert result.score.off_script
    assert "heard" not in verdicts(result)
    assert not result.score.passed


@pytest.mark.parametrize("tail", ["silence", "noise"])
def test_a_long_tail_earns_no_courtesy(judge: Assessor, tail: str) -> None:
    rest = silence(15)
    if tail == "noise":
        rest += 0.001 * np.random.default_rng(3).standard_normal(len(rest)).astype(np.float32)
    samples = np.concatenate([samples_of("seat"), rest])
    result = judged(judge, samples, "【您好|问候】，【请|敬语】坐，【谢谢|答谢】【您|敬称】观看")
    assert verdicts(result)[2] == "missed"
    assert "heard" not in verdicts(result)[3:]


def test_nothing_comes_from_silence(judge: Assessor) -> None:
    result = judged(judge, silence(10), "【谢谢|答谢】")
    assert result.score.reason is Unscored.NO_SPEECH
    assert verdicts(result) == ["unscored"]
    assert result.transcript is None


def test_a_long_take_is_judged_in_windows(judge: Assessor) -> None:
    pieces = [samples_of(name) for name in ("farewell", "seat", "human") * 5]
    samples = np.concatenate(pieces)
    script = f"{FAREWELL}【您好|问候】，【请|敬语】坐。新闻上都在播呢。"
    result = judged(judge, samples, script * 5)
    assert result.check.duration_s > 45
    assert result.transcript is not None
    assert normalize(result.transcript.text).count("请坐") >= 3
    # What the text lacks can't be asked of audio that is in pieces: never by the audio.
    assert Basis.AUDIO not in {e.evidence.basis for e in result.score.elements}


def test_twice_the_same(judge: Assessor) -> None:
    samples = samples_of("farewell-without-please")
    assert judged(judge, samples, FAREWELL) == judged(judge, samples, FAREWELL)


def test_likelihood_is_that_of_the_models_own_decoder(whisper_model: Whisper) -> None:
    """The tree of tokens in one pass against one text after the other."""
    import torch
    import whisper
    from whisper.decoding import DecodingOptions, DecodingTask

    from practice.recognition.whisper.decoder import TextDecoder
    from practice.recognition.whisper.engine import SETTINGS
    from practice.recognition.whisper.greedy import decode, rules_of
    from practice.recognition.whisper.likelihood import TAIL, Likelihood

    model = whisper_model
    task = DecodingTask(model, DecodingOptions(fp16=False, **SETTINGS))
    tokenizer, rules = task.tokenizer, rules_of(task)
    trunk = list(rules.trunk)
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(samples_of("seat"))))
    pairs = [("您好,请坐。", "您好,坐。"), ("您好,请坐。", "你好,请坐。"), ("好", "好")]

    def plainly(text: str, other: str) -> float:
        a, b = ([*tokenizer.encode(t), tokenizer.eot] for t in (text, other))
        start = next(i for i in range(len(a)) if a[i] != b[i])
        same = next(i for i in range(len(a)) if a[-1 - i] != b[-1 - i])
        end = len(a) - same + min(same, TAIL)
        logits = model.logits(torch.tensor([trunk + a]), encoding)[0].log_softmax(-1)
        return sum(float(logits[len(trunk) - 1 + i, a[i]]) for i in range(start, end))

    with torch.inference_mode():
        encoding = model.encoder(mel[None])
        expected = [plainly(a, b) - plainly(b, a) for a, b in pairs[:2]]
        decoder = TextDecoder(model)
        audio = decoder.look_up(encoding[0])
        before = decode(decoder, audio, rules).trunk
        found = Likelihood(decoder, tokenizer, trunk[-1]).compare(audio, before, pairs)
    assert found[2] == 0
    # Other languages' tokens take no part in ours.
    assert found[:2] == pytest.approx(expected, abs=0.5)


def test_find_speech_repeats() -> None:
    samples = samples_of("human")
    first = find_speech(samples)
    find_speech(samples_of("seat"))
    assert find_speech(samples) == first
