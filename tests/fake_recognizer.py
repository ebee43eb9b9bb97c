"""A recognizer without weights: it knows the clips of tests/clips, and answers by their texts.

It goes through the same protocol as Whisper's (practice/recognition/recognizer.py), so that all
that surrounds it is the real thing: files, voice activity, alignment, evidence, score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples, Spans, cut, uncut
from practice.audio.voice_activity import find_speech
from practice.mandarin.normalization import normalize
from practice.recognition.whisper import engine, weights
from practice.records.recognition import Transcript
from practice.scoring.evidence import TextPair

CLIPS = Path(__file__).parent / "clips"

TEXTS = {
    "farewell.flac": "请慢走，欢迎下次光临。",
    "farewell-without-please.flac": "慢走，欢迎下次光临。",
    "seat.flac": "您好，请坐。",
    "human.flac": "新闻上都在播呢",
    "onboarding/greet.ogg": "您好！请问需要办理什么业务？",
    "onboarding/need.ogg": "好的，先生，请问是您本人使用吗？",
    "onboarding/papers.ogg": "请您出示一下您的证件。",
    "onboarding/other-papers.ogg": "驾驶证、军警官证也可以，请问您携带了吗？",
    "onboarding/refusal.ogg": "很抱歉，先生，您的证件不全，按规定不能办理入网业务，"
    "请您下次备齐证件过来办理好吗？感谢您的配合！",
    "onboarding/take-papers.ogg": "谢谢您，请稍等。",
    "onboarding/service.ogg": "先生，您的资料核对好了，现在就为您办理。",
    "onboarding/more.ogg": "请问您还需要办理其他业务吗？",
    "onboarding/back.ogg": "这是您的身份证，请您收好，谢谢您的配合。",
}
"""What is said in each clip, word for word."""

NATS_PER_CHARACTER = 8.0
"""How much a wrong character costs a hypothesis: real weights give 5 to 15."""

_STEP = RATE_HZ // 50
_EDGES = (2, 6, 12, 20, 32, 50, 80)
"""Where bands begin and end, in bins of 50 Hz: what is left of speech in a telephone."""
_SAME_FROM = 0.8
"""Correlation of two patterns from which they are of one clip; tests/test_fakes.py holds it
against other speech and against the same in noise."""
_AS_LONG = 0.85
"""More of the same speech, or less, is another clip."""


class FakeRecognizer:
    """Recognizes the known clips, also softer, resampled, or in some noise; nothing else."""

    info = engine.info_of(weights.Installed("base", Path("base.pt"), "fa" * 32, "fake"))

    def use_threads(self, number: int) -> None:
        """It computes nothing that threads would help with."""

    def listen(
        self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()
    ) -> FakeRecognition:
        """Find the known clip that the speech within ``spans_s`` is most like."""
        pattern = _pattern(cut(samples, spans_s))
        likeness = {name: _likeness(pattern, known) for name, known in _known().items()}
        name = max(likeness, key=likeness.__getitem__)
        text = TEXTS[name] if likeness[name] >= _SAME_FROM else ""
        return FakeRecognition(text, spans_s)


@dataclass(frozen=True)
class FakeRecognition:
    """A clip whose words are known."""

    text: str
    spans_s: Spans

    @property
    def transcript(self) -> Transcript:
        """The words; what is unknown is taken for no speech."""
        if not self.text:
            return Transcript("", -2.0, 0.9, 0.0)
        return Transcript(self.text, -0.2, 0.01, 0.8)

    def times_s(self) -> tuple[float, ...]:
        """The characters, spread evenly over the speech."""
        length_s = len(cut(np.zeros(60 * RATE_HZ, np.float32), self.spans_s)) / RATE_HZ
        margin_s = min(0.3, length_s / 4)
        step_s = (length_s - 2 * margin_s) / max(1, len(self.text))
        return tuple(
            round(uncut(self.spans_s, margin_s + n * step_s), 2) for n in range(len(self.text))
        )

    def logprobs(self) -> tuple[float, ...]:
        """One for each character, all alike."""
        return (-0.1,) * len(self.text)

    def compare(self, pairs: Sequence[TextPair]) -> list[float]:
        """The text that is fewer characters off the truth is the likelier."""
        truth = normalize(self.text)

        def cost(hypothesis: str) -> float:
            return NATS_PER_CHARACTER * Levenshtein.distance(truth, normalize(hypothesis))

        return [cost(second) - cost(first) for first, second in pairs]

    def second_look(self) -> None:
        """There is no better way to hear it."""


@cache
def _known() -> dict[str, Samples]:
    found = {}
    for name in TEXTS:
        samples = audio.read(CLIPS / name).samples
        found[name] = _pattern(cut(samples, find_speech(samples)))
    return found


def _pattern(samples: Samples) -> Samples:
    """The loudness of a few bands in each fiftieth of a second, without that of the whole."""
    frames = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)
    bins = np.abs(np.fft.rfft(frames * np.hanning(_STEP)))
    bands = np.stack([np.sqrt(np.sum(bins[:, a:b] ** 2, axis=1)) for a, b in pairwise(_EDGES)])
    return (bands - bands.mean(axis=1, keepdims=True)).astype(np.float32)


def _likeness(one: Samples, other: Samples) -> float:
    """The highest correlation of two patterns over all shifts in time, up to 1."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    shorter, longer = sorted((one.shape[1], other.shape[1]))
    if not size or shorter < _AS_LONG * longer:
        return 0.0
    together = sum(np.correlate(a, b, "full") for a, b in zip(one, other, strict=True))
    return float(np.max(together)) / size
