"""Conversion of CTranslate2's model files to openai-whisper's checkpoints."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from practice.errors import WeightsError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    import torch

Variables = dict[str, npt.NDArray[Any]]

_IN_LAYER = re.compile(r"layer_(?P<layer>[0-9]+)/")

_PARTS_OF_LAYER = {
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
}
"""openai-whisper's names of CTranslate2's parts of a layer, some of which are several in one."""

_LEAVES = {"gamma": "weight", "beta": "bias"}


def read_ctranslate2(buffer: bytes | mmap.mmap) -> Variables:
    """Read the variables of a CTranslate2 model file, version 6.

    Layout: u32 version, string spec, u32 revision, u32 count; per variable a string name, u8 rank,
    u32 dims, u8 type, u32 bytes, data; then aliases.

    Returns:
        The variables by name, as copies.

    Raises:
        WeightsError: The version or a type is another one, or the file ends early.
    """
    types: dict[int, str] = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
    place = 0

    def take(layout: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(layout, buffer, place)
        place += struct.calcsize(layout)
        return int(value)

    def text() -> str:
        nonlocal place
        length = take("<H")
        raw = buffer[place : place + length]
        place += length
        if len(raw) < length:
            raise ValueError("the file ends early")
        return raw.rstrip(b"\0").decode("ascii")

    variables: Variables = {}
    try:
        version = take("<I")
        if version != 6:
            raise ValueError(f"version {version}")
        text()
        take("<I")
        for _index in range(take("<I")):
            name = text()
            shape = [take("<I") for _axis in range(take("<B"))]
            kind = types[take("<B")]
            size = take("<I")
            data = np.frombuffer(buffer[place : place + size], dtype=kind)
            variables[name] = data.reshape(shape)
            place += size
        for _index in range(take("<I")):
            alias = text()
            variables[alias] = variables[text()]
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise WeightsError(
            _("This is not a CTranslate2 model of version 6 ({why}).").format(why=error)
        ) from None
    return variables


def save_checkpoint(variables: Variables, target: Path) -> None:
    """Write the variables of a CTranslate2 model as a checkpoint of openai-whisper."""
    import torch

    state = {name: torch.from_numpy(array.copy()) for name, array in _rename(variables)}
    dims = {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
        "n_audio_state": state["encoder.ln_post.weight"].shape[0],
        "n_audio_head": state["encoder.ln_post.weight"].shape[0] // 64,
        "n_audio_layer": _layers(state, "encoder"),
        "n_text_ctx": state["decoder.positional_embedding"].shape[0],
        "n_text_state": state["decoder.ln.weight"].shape[0],
        "n_text_head": state["decoder.ln.weight"].shape[0] // 64,
        "n_text_layer": _layers(state, "decoder"),
    }
    torch.save({"dims": dims, "model_state_dict": state}, target)


def _layers(state: dict[str, torch.Tensor], side: str) -> int:
    return len({name.split(".")[2] for name in state if name.startswith(f"{side}.blocks.")})


def _rename(variables: Variables) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Rename CTranslate2's variables to openai-whisper's, and split fused projections."""
    for name, array in variables.items():
        side, _slash, rest = name.partition("/")
        part, _slash, last = rest.rpartition("/")
        leaf = _LEAVES.get(last, last)
        if match := _IN_LAYER.match(rest):
            ours = _PARTS_OF_LAYER[part[match.end() :]]
            for our, piece in zip(ours, np.split(array, len(ours)), strict=True):
                # openai-whisper's key projection has no bias; CTranslate2 stores zeros for it.
                if not (our.endswith(".key") and leaf == "bias"):
                    yield f"{side}.blocks.{match['layer']}.{our}.{leaf}", piece
        elif rest.startswith("conv"):
            yield f"{side}.{rest.replace('/', '.')}", array
        elif rest == "position_encodings/encodings":
            yield f"{side}.positional_embedding", array
        elif rest == "embeddings/weight":
            yield f"{side}.token_embedding.weight", array
        elif part == "layer_norm":
            yield f"{side}.{'ln_post' if side == 'encoder' else 'ln'}.{leaf}", array
