"""The encoder in bf16 and int8 against float32: time, and whether the transcripts stay.

    python benchmarks/precision.py [--manifest FILE] [--every N]

bf16 are PyTorch's products of that type in the encoder's linear layers, int8 its dynamic
quantization of them (Whisper's own subclass of Linear is swapped for the plain one first,
which is all that it quantizes). The decoder stays as it is.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import contenders
import torch
import whisper
from torch import Tensor, nn
from whisper.decoding import DecodingOptions, DecodingTask

from practice.audio import clip as audio
from practice.audio.signal_check import cut
from practice.audio.voice_activity import find_speech
from practice.recognition.whisper.decoder import TextDecoder
from practice.recognition.whisper.encoder import Encoder, context_s
from practice.recognition.whisper.engine import SETTINGS
from practice.recognition.whisper.greedy import decode, rules_of
from practice.records.score import StrictCounts


def main() -> None:
    """Print a line for each precision."""
    rows = contenders.rows_asked_for(__doc__)
    model = whisper.load_model(str(contenders.model().path), device="cpu")
    task = DecodingTask(model, DecodingOptions(fp16=False, **SETTINGS))
    decoder, rules = TextDecoder(model), rules_of(task)
    encoders = {
        "float32": Encoder(model),
        "bf16": _encoder(model, _in_bf16),
        "int8": _encoder(model, _in_int8),
    }
    times: dict[str, list[float]] = {name: [] for name in encoders}
    errors: dict[str, dict[str, StrictCounts]] = {n: defaultdict(StrictCounts) for n in encoders}
    changed = dict.fromkeys(encoders, 0)
    for row in rows:
        samples = audio.read(row.path).samples
        speech = cut(samples, find_speech(samples))
        plain: tuple[int, ...] = ()
        for name, encoder in encoders.items():
            start = time.perf_counter()
            encoding = encoder.encode(speech, context_s(len(speech) / 16_000))
            times[name].append(time.perf_counter() - start)
            found = decode(decoder, decoder.look_up(encoding), rules, [plain])
            plain = plain or found.tokens
            changed[name] += found.tokens != plain
            text = task.tokenizer.decode(list(found.tokens))
            kind = "synthetic" if row.keys["kind"] == "synthetic" else "human"
            errors[name][kind] += contenders.error_counts(row, text)
    base = statistics.median(times["float32"])
    print(f"threads: {torch.get_num_threads()}; {len(rows)} clips")
    for name in encoders:
        rates = ", ".join(f"{k} CER {100 * (c.cer or 0):.1f} %" for k, c in errors[name].items())
        ratio = statistics.median(times[name]) / base
        print(f"{name:8} time {ratio:.2f}, transcripts changed {changed[name]}, {rates}")


def _encoder(model: whisper.Whisper, convert: Any) -> Encoder:
    converted = convert(copy.deepcopy(model.encoder))
    return Encoder(SimpleNamespace(encoder=converted, dims=model.dims))  # type: ignore[arg-type]


class _Bf16Linear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x.bfloat16(), self.weight, self.bias).float()


def _in_bf16(encoder: nn.Module) -> nn.Module:
    _swap(encoder, _Bf16Linear, torch.bfloat16)
    return encoder


def _in_int8(encoder: nn.Module) -> nn.Module:
    _swap(encoder, nn.Linear, torch.float32)
    quantised: nn.Module = torch.ao.quantization.quantize_dynamic(encoder, {nn.Linear})
    return quantised


def _swap(module: nn.Module, kind: type[nn.Linear], dtype: torch.dtype) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            has_bias = child.bias is not None
            linear = kind(child.in_features, child.out_features, bias=has_bias).to(dtype)
            linear.load_state_dict(child.state_dict())
            setattr(module, name, linear)
        else:
            _swap(child, kind, dtype)


if __name__ == "__main__":
    main()
