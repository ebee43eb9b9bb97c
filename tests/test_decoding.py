"""Decoding with a draft writes what plain greedy decoding writes, whatever the draft is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import CLIPS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.audio import clip as audio
from practice.audio.signal_check import cut
from practice.audio.voice_activity import find_speech
from practice.recognition.recognizer import Recognizer
from practice.recognition.whisper import engine
from practice.recognition.whisper.encoder import context_s

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.decoding import DecodingResult
    from whisper.model import Whisper

    from practice.recognition.whisper.decoder import TextDecoder
    from practice.recognition.whisper.greedy import Decoded, Rules

SCRIPTS = {
    "farewell": "请慢走,欢迎下次光临",
    "farewell-without-please": "请慢走,欢迎下次光临",  # which the clip does not follow
    "seat": "您好,请坐",
    "human": "请慢走,欢迎下次光临",  # something else entirely
}


@dataclass
class Case:
    """A clip as both hear it: its encoding, and what openai-whisper's own decoding makes of it."""

    script: list[int]
    encoding: Tensor
    plain: DecodingResult


@dataclass
class Bench:
    """One model, for both ways of decoding."""

    model: Whisper
    decoder: TextDecoder
    rules: Rules
    cases: dict[str, Case]

    def decode(self, case: Case, *drafts: list[int]) -> Decoded:
        from practice.recognition.whisper.greedy import decode

        return decode(self.decoder, self.decoder.look_up(case.encoding), self.rules, drafts)

    def is_tie(self, case: Case, ours: tuple[int, ...]) -> bool:
        """Whether the texts part where both tokens are as likely, but for the order of sums."""
        import torch

        theirs = case.plain.tokens
        eot = self.rules.eot
        a, b = [*ours, eot], [*theirs, eot]
        place = next(i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
        tokens = torch.tensor([[*self.rules.trunk, *theirs[:place]]])
        with torch.inference_mode():
            logits = self.model.decoder(tokens, case.encoding[None])[0, -1]
        return abs(float(logits[a[place]] - logits[b[place]])) < 1e-3


@pytest.fixture(scope="module")
def bench(whisper_model: Whisper) -> Bench:
    import torch
    import whisper
    from whisper.decoding import DecodingOptions, DecodingTask

    from practice.recognition.whisper.decoder import TextDecoder
    from practice.recognition.whisper.encoder import Encoder
    from practice.recognition.whisper.greedy import rules_of

    model = whisper_model
    options = DecodingOptions(fp16=False, **engine.SETTINGS)
    task = DecodingTask(model, options)
    encoder = Encoder(model)
    cases = {}
    with torch.inference_mode():
        for name, script in SCRIPTS.items():
            samples = audio.read(CLIPS / f"{name}.flac").samples
            speech = cut(samples, find_speech(samples))
            encoding = encoder.encode(speech, context_s(len(speech) / 16_000))
            # openai-whisper takes what has this length for encoded already.
            model.dims.n_audio_ctx = len(encoding)
            plain = whisper.decode(model, encoding[None], options)[0]
            model.dims.n_audio_ctx = 1500
            cases[name] = Case(task.tokenizer.encode(script), encoding, plain)
    return Bench(model, TextDecoder(model), rules_of(task), cases)


def check_same(bench: Bench, case: Case, found: Decoded) -> None:
    if list(found.tokens) != case.plain.tokens:
        # Both are as likely: which one it is depends on the order of this machine's sums.
        assert bench.is_tie(case, found.tokens)
        return
    assert found.avg_logprob == pytest.approx(case.plain.avg_logprob, abs=1e-3)
    assert found.no_speech_prob == pytest.approx(case.plain.no_speech_prob, abs=1e-3)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_as_a_draft_changes_nothing(bench: Bench, name: str) -> None:
    case = bench.cases[name]
    check_same(bench, case, bench.decode(case))
    check_same(bench, case, bench.decode(case, case.script))


def test_a_right_draft_saves_the_steps(bench: Bench) -> None:
    case = bench.cases["farewell"]
    assert bench.decode(case).passes == len(case.plain.tokens) + 1
    assert bench.decode(case, case.plain.tokens).passes == 1
    # What follows a departure is looked for in the draft again, in guesses that grow.
    wrong = case.plain.tokens.copy()
    wrong[2] = 100
    assert bench.decode(case, wrong).passes < len(wrong) / 2
    assert bench.decode(case, [100, 200], case.plain.tokens).passes < len(wrong) / 2


texts = st.text(st.sampled_from("请慢走欢迎下次光临您好坐谢，,。 1a👍\ufffd"), max_size=30)


@settings(
    max_examples=settings.default.max_examples // 5,  # each decodes up to three times
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_draft_changes_the_text(bench: Bench, data: st.DataObject) -> None:
    case = bench.cases[data.draw(st.sampled_from(sorted(SCRIPTS)))]
    vocabulary = len(bench.decoder.embedding)
    plain = case.plain.tokens
    at = st.integers(0, len(plain))
    nonsense = st.lists(st.integers(0, vocabulary - 1), max_size=300)
    spliced = st.builds(
        lambda i, put, j: plain[:i] + put + plain[j:],
        at,
        st.lists(st.integers(0, vocabulary - 1), max_size=4),
        at,
    )
    drafts = data.draw(st.lists(st.one_of(nonsense, spliced, st.just(case.script)), max_size=3))
    check_same(bench, case, bench.decode(case, *drafts))


@pytest.mark.slow
@settings(max_examples=50)
@given(st.lists(texts, min_size=1, max_size=8))
def test_every_character_gets_the_time_of_its_token(words: list[str]) -> None:
    from practice.recognition.whisper.timing import character_times_s

    text = "".join(words)
    raw = text.encode()
    # Cut anywhere, also within characters, as tokens of bytes are.
    cuts = sorted({0, len(raw), *range(0, len(raw), 2)})
    pieces = [raw[a:b] for a, b in itertools.pairwise(cuts)]
    starts = [float(i) for i in range(len(pieces) + 1)]
    times = list(character_times_s(pieces, starts, text))
    assert len(times) == len(text)
    assert times == sorted(times)
    for place, time_s in enumerate(times):
        begins = len(text[:place].encode())
        assert int(time_s) == begins // 2


@pytest.mark.slow
@settings(max_examples=50)
@given(st.lists(texts, min_size=1, max_size=8), st.integers(1, 7), st.data())
def test_every_character_is_as_sure_as_its_tokens(
    words: list[str], step: int, data: st.DataObject
) -> None:
    from practice.recognition.whisper.timing import character_logprobs

    text = "".join(words)
    raw = text.encode()
    cuts = sorted({0, len(raw), *range(0, len(raw), step)})
    pieces = [raw[a:b] for a, b in itertools.pairwise(cuts)]
    own = data.draw(st.lists(st.integers(-9, 0), min_size=len(pieces), max_size=len(pieces)))
    figures = [float(figure) for figure in own]
    # The end of the text has a figure too.
    found = list(character_logprobs(pieces, [*figures, -99.0], text))
    assert len(found) == len(text)
    for place, figure in enumerate(found):
        begins = len(text[:place].encode())
        ends = len(text[: place + 1].encode())
        theirs = [
            f
            for f, (a, b) in zip(figures, itertools.pairwise(cuts), strict=True)
            if a < ends and b > begins
        ]
        assert figure == sum(theirs)


@pytest.mark.slow
def test_a_course_is_found_through_what_is_loudest() -> None:
    import torch

    from practice.recognition.whisper.timing import token_times_s

    rng = np.random.default_rng(0)
    attention = torch.from_numpy(rng.standard_normal((2, 4, 500)).astype(np.float32))
    starts = [0, 40, 60, 120, 150]
    for token, (a, b) in enumerate(itertools.pairwise(starts)):
        attention[:, token, a:b] += 8.0
    assert token_times_s(attention, 3.0) == pytest.approx([0.0, 0.9, 1.3, 2.5], abs=0.05)
    # More tokens than frames: nobody says that.
    assert len(token_times_s(attention, 0.04)) == 4


def test_context_fits_the_speech() -> None:
    assert [context_s(s) for s in (0.5, 8.0, 8.1, 15.0, 27.9, 28.1)] == [10, 10, 11, 17, 30, 30]


def test_second_look_hears_with_the_full_context(whisper: Recognizer) -> None:
    samples = audio.read(CLIPS / "seat.flac").samples
    recognition = whisper.listen(samples, find_speech(samples), ["您好，请坐。"])
    second = recognition.second_look()
    assert second is not None
    assert "请坐" in second.transcript.text
    assert second.transcript != recognition.transcript
    assert second.compare([("请坐", "坐")]) != recognition.compare([("请坐", "坐")])
    assert second.second_look() is None
