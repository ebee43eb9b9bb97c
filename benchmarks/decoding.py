"""The script as a draft: whether the text stays that of plain greedy decoding, and what it saves.

    python benchmarks/decoding.py [--manifest FILE] [--every N]

Each clip (or one in N) is decoded by openai-whisper's own decode(), by ours without a draft,
and by ours with the clip's script for a draft, from the same encoding. Counted are texts
that differ in any token (a tie between two tokens may fall the other way where sums are
made in another order), and the largest difference of the mean log-probability and of the
probability of no speech. Then the product that ours is made of, for one and for eight
tokens, against the one that openai-whisper uses.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import contenders
import torch
import whisper
from whisper.decoding import DecodingOptions, DecodingTask

from practice.audio import clip as audio
from practice.audio.signal_check import cut
from practice.audio.voice_activity import find_speech
from practice.recognition.whisper.decoder import TextDecoder
from practice.recognition.whisper.encoder import FRAMES_PER_S, FULL_CONTEXT_S, Encoder, context_s
from practice.recognition.whisper.engine import SETTINGS
from practice.recognition.whisper.greedy import decode, rules_of
from practice.scoring.evidence import as_recognizer_writes

_T = TypeVar("_T")


def main() -> None:
    """Print the counts and ratios."""
    rows = contenders.rows_asked_for(__doc__)
    model = whisper.load_model(str(contenders.model().path), device="cpu")
    options = DecodingOptions(fp16=False, **SETTINGS)
    task = DecodingTask(model, options)
    encoder, decoder, rules = Encoder(model), TextDecoder(model), rules_of(task)
    spent: Counter[str] = Counter()
    passes: Counter[str] = Counter()
    different = decodings = 0
    logprob = no_speech = 0.0
    for row in rows:
        samples = audio.read(row.path).samples
        speech = cut(samples, find_speech(samples))
        draft = task.tokenizer.encode(as_recognizer_writes(row.line.script))
        for seconds in {context_s(len(speech) / 16_000), FULL_CONTEXT_S}:
            encoding = encoder.encode(speech, seconds)
            # openai-whisper takes what has this length for encoded already.
            model.dims.n_audio_ctx = len(encoding)
            theirs, spent_s = _timed(lambda e=encoding: whisper.decode(model, e[None], options)[0])
            model.dims.n_audio_ctx = FULL_CONTEXT_S * FRAMES_PER_S
            spent["openai-whisper decode()"] += spent_s
            passes["openai-whisper decode()"] += len(theirs.tokens) + 1
            sound = decoder.look_up(encoding)
            for name, drafts in {
                "ours without a draft": [],
                "ours with the script": [draft],
            }.items():
                found, spent_s = _timed(lambda d=drafts, s=sound: decode(decoder, s, rules, d))
                spent[name] += spent_s
                passes[name] += found.passes
                decodings += 1
                different += list(found.tokens) != theirs.tokens
                logprob = max(logprob, abs(found.avg_logprob - theirs.avg_logprob))
                no_speech = max(no_speech, abs(found.no_speech_prob - theirs.no_speech_prob))
    print(f"threads: {torch.get_num_threads()}; {decodings} decodings of {len(rows)} clips")
    print(f"texts that differ in any token: {different}")
    print(f"largest differences: mean log-probability {logprob:.1e}, no speech {no_speech:.1e}")
    base = spent["openai-whisper decode()"]
    for name in spent:
        clips = decodings / 2
        print(f"  {name:24} {passes[name] / clips:5.1f} passes, time {spent[name] / base:.2f}")
    _print_products(decoder)


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


@torch.inference_mode()
def _print_products(decoder: TextDecoder) -> None:
    print("all tokens' scores, against x @ weight.T")
    for rows in (1, 8):
        x = torch.randn(rows, decoder.embedding.shape[1])
        ours, theirs = [], []
        for _round in range(20):
            ours.append(_timed(lambda x=x: decoder.logits(x))[1])
            theirs.append(_timed(lambda x=x: x @ decoder.embedding.T)[1])
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"  {rows} tokens at a time: time {ratio:.2f}")


if __name__ == "__main__":
    main()
