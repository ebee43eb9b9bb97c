"""Whisper's weights: unpacked whole or not at all, checked, and told when damaged.

Most tests unpack small weights, made here, that have the layout of the real ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import urllib.request
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import CLIPS, Golden
from in_process import Practice

from practice.audio import clip as audio
from practice.audio.voice_activity import find_speech
from practice.errors import WeightsError
from practice.mandarin.normalization import normalize
from practice.recognition.recognizer import Recognizer
from practice.recognition.whisper import weights
from practice.recognition.whisper.converter import read_ctranslate2

FAREWELL = CLIPS / "farewell.flac"

pytestmark = pytest.mark.slow  # imports torch

STATE, VOCABULARY = 64, 51_865
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
Arrays = dict[str, npt.NDArray[np.float16]]


def folder_of(practice: Practice) -> Path:
    return practice.home / ".local/share/practice/models"


# ---- small weights -----------------------------------------------------------------


def ctranslate2(arrays: Arrays, aliases: dict[str, str]) -> bytes:
    """A file as CTranslate2 writes it."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    raw = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        raw += text(name) + struct.pack("<B", array.ndim)
        raw += struct.pack(f"<{array.ndim}I", *array.shape)
        raw += struct.pack("<BI", 4, array.nbytes) + array.tobytes()
    raw += struct.pack("<I", len(aliases))
    return raw + b"".join(text(new) + text(old) for new, old in aliases.items())


def small_arrays() -> Arrays:
    """The variables of a Whisper with one layer and one head, by CTranslate2's names."""
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (STATE, 80, 3),
        "encoder/conv1/bias": (STATE,),
        "encoder/conv2/weight": (STATE, STATE, 3),
        "encoder/conv2/bias": (STATE,),
        "encoder/position_encodings/encodings": (1500, STATE),
        "decoder/position_encodings/encodings": (448, STATE),
        "decoder/embeddings/weight": (VOCABULARY, STATE),
    }
    # How many times as many values come out of each linear layer as go in; and go in.
    layers = {
        "self_attention/linear_0": (3, 1),
        "self_attention/linear_1": (1, 1),
        "attention/linear_0": (1, 1),
        "attention/linear_1": (2, 1),
        "attention/linear_2": (1, 1),
        "ffn/linear_0": (4, 1),
        "ffn/linear_1": (1, 4),
    }
    for side, (layer, (out, into)) in product(("encoder", "decoder"), layers.items()):
        if (side, layer.split("/")[0]) != ("encoder", "attention"):
            name = f"{side}/layer_0/{layer}"
            shapes[f"{name}/weight"] = (out * STATE, into * STATE)
            shapes[f"{name}/bias"] = (out * STATE,)
    for norm in (
        "encoder/layer_norm",
        "decoder/layer_norm",
        "encoder/layer_0/self_attention/layer_norm",
        "encoder/layer_0/ffn/layer_norm",
        "decoder/layer_0/self_attention/layer_norm",
        "decoder/layer_0/attention/layer_norm",
        "decoder/layer_0/ffn/layer_norm",
    ):
        shapes[f"{norm}/gamma"] = shapes[f"{norm}/beta"] = (STATE,)
    chance = np.random.default_rng(1)
    return {n: chance.normal(0, 0.02, shape).astype("<f2") for n, shape in shapes.items()}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with two packages that carry small weights, and the weights' checksum."""
    folder = tmp_path_factory.mktemp("packages")
    raw = ctranslate2(small_arrays(), {})
    for n, part in ((1, raw[:1_000_000]), (2, raw[1_000_000:])):
        data = folder / f"small_whisper_part{n}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{n}").write_bytes(part)
    return folder, hashlib.sha256(raw).hexdigest()


@pytest.fixture
def small(
    practice: Practice, packages: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Practice:
    """The command as on a new machine, where the data packages carry small weights."""
    folder, digest = packages
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(
        weights, "_PARTS", tuple((f"small_whisper_part{n}", f"model.bin.part{n}") for n in (1, 2))
    )
    monkeypatch.setattr(weights, "_JOINED_SHA256", digest)
    practice.recognizer = None
    return practice


def weights_level(practice: Practice) -> str:
    """What doctor says of the weights."""
    findings = practice("doctor", "--json").stdout.splitlines()
    (level,) = (f["level"] for f in map(json.loads, findings) if f["part"] == "weights")
    return str(level)


# ---- the real weights --------------------------------------------------------------


def test_first_run_unpacks_base_without_network(practice: Practice) -> None:
    practice.recognizer = None
    practice.env |= NO_NETWORK
    (attempt,) = practice.json("run", "farewell", "--audio", FAREWELL)
    assert attempt["passed"]
    folder = folder_of(practice)
    assert sorted(p.name for p in folder.iterdir()) == ["base.json", "base.pt"]
    assert practice.json("model", "list")[0]["name"] == "base"
    assert practice("model", "path").stdout.strip() == str(folder / "base.pt")


def test_weights_transcribe(whisper: Recognizer) -> None:
    samples = audio.read(CLIPS / "seat.flac").samples
    recognition = whisper.listen(samples, find_speech(samples)).second_look()
    assert recognition is not None
    heard = recognition.transcript
    assert "请坐" in normalize(heard.text)
    assert -1 < heard.avg_logprob < 0
    times = recognition.times_s()
    assert len(times) == len(heard.text)
    assert list(times) == sorted(times)
    logprobs = recognition.logprobs()
    assert len(logprobs) == len(heard.text)
    assert all(-20 < logprob <= 0 for logprob in logprobs)


def test_characters_are_timed_in_the_recording_not_in_what_was_cut(whisper: Recognizer) -> None:
    before = np.zeros(3 * 16_000, dtype=np.float32)
    first, second = (audio.read(CLIPS / name).samples for name in ("farewell.flac", "seat.flac"))
    samples = np.concatenate([before, first, before, second])
    recognition = whisper.listen(samples, spans := find_speech(samples))
    text, times = recognition.transcript.text, recognition.times_s()
    speech_begins, second_begins = spans[0][0], 6 + len(first) / 16_000
    assert times[text.index("慢")] == pytest.approx(speech_begins + 0.3, abs=0.4)
    assert times[text.index("临")] < second_begins < times[text.index("坐")]


def test_own_checkpoint_can_be_installed(practice: Practice, models: Path, tmp_path: Path) -> None:
    folder = folder_of(practice)
    folder.mkdir(parents=True)
    for file in models.iterdir():
        os.link(file, folder / file.name)
    practice.recognizer = None
    mine = tmp_path / "mine.pt"
    shutil.copy(models / "base.pt", mine)
    assert practice("model", "install", mine).returncode == 0
    (attempt,) = practice.json("run", "farewell", "--model", "mine", "--audio", FAREWELL)
    assert attempt["model"]["name"] == "mine"
    assert attempt["passed"]
    (anew,) = practice.json("rescore")
    assert (anew["id"], anew["model"]["name"], anew["passed"]) == (attempt["id"], "base", True)


# ---- installing --------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_damaged_weights_are_told(small: Practice, damage: str, golden: Golden) -> None:
    assert small("model", "install", "base").returncode == 0
    path = folder_of(small) / "base.pt"
    whole = path.read_bytes()
    half = len(whole) // 2
    cut, changed = whole[:half], whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
    path.write_bytes(cut if damage == "truncated" else changed)
    done = small("run", "farewell", "--audio", FAREWELL)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert str(path) in told
    assert "practice model install base" in told
    golden("weights-damaged", done.stderr)
    assert small.json("history") == []
    assert weights_level(small) == "FAIL"
    assert small("model", "install", "base").returncode == 0
    assert path.read_bytes() == whole
    assert weights_level(small) == "OK"


def test_weights_without_their_note_are_unpacked_again(small: Practice) -> None:
    assert small("model", "install", "base").returncode == 0
    (before,) = small.json("model", "list")
    (folder_of(small) / "base.json").write_text("{")
    assert small.json("model", "list") == []
    assert weights_level(small) == "WARN"
    assert small("model", "path").returncode == 0
    assert small.json("model", "list") == [before]


def test_weights_of_another_shape_are_told(small: Practice) -> None:
    done = small("run", "farewell", "--audio", FAREWELL)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert str(folder_of(small) / "base.pt") in told
    assert small.json("history") == []


def test_data_packages_that_are_not_whole_are_told(
    language: str, small: Practice, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = weights._PARTS
    monkeypatch.setattr(weights, "_PARTS", parts[:1])
    damaged = small("run", "farewell", "--audio", FAREWELL)
    damaged.refused(WeightsError, "small-whisper-part1")
    monkeypatch.setattr(weights, "_PARTS", (*parts, ("small_whisper_part3", "model.bin.part3")))
    missing = small("run", "farewell", "--audio", FAREWELL)
    missing.refused(WeightsError, "small-whisper-part3")
    golden("weights-packages", damaged.stderr + missing.stderr)
    assert list(folder_of(small).iterdir()) == []


def test_what_is_installed_is_listed(language: str, small: Practice, golden: Golden) -> None:
    told = [small("model", "list").stdout]
    told += [small("model", "install", "base").stdout, small("model", "list").stdout]
    golden("weights-installed", "\n".join(told))
    (listed,) = small.json("model", "list")
    assert small("model", "path").stdout == f"{listed['path']}\n"


def test_what_is_no_checkpoint_is_refused(
    language: str, small: Practice, golden: Golden, tmp_path: Path
) -> None:
    import torch
    import whisper

    bad, english, odd = (tmp_path / name for name in ("bad.pt", "english.pt", "an odd name.pt"))
    bad.write_bytes(b"nonsense" * 100)
    odd.touch()
    (tmp_path / "a").mkdir()
    state = {"decoder.token_embedding.weight": torch.zeros(1)}
    torch.save({"dims": {"n_vocab": 51_864}, "model_state_dict": state}, english)
    told = []
    for what in (bad, english, odd, tmp_path / "none.pt", tmp_path / "a", "nonsense", "base.en"):
        done = small("model", "install", what)
        done.refused(WeightsError, str(what))
        told.append(done.stderr)
    for name in ("small", "../base"):
        done = small("run", "farewell", "--model", name, "--audio", FAREWELL)
        done.refused(WeightsError, name)
        told.append(done.stderr)
    there_are = ", ".join(name for name in whisper.available_models() if ".en" not in name)
    golden("weights-refused", "".join(told).replace(there_are, "tiny, base, …"))
    assert list(folder_of(small).iterdir()) == []


def test_download_without_network_says_what_to_do(
    language: str, small: Practice, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies of before
    done = small("model", "install", "tiny", env=small.env | NO_NETWORK)
    done.refused(WeightsError, "tiny", "practice model install FILE.pt")
    golden("weights-no-network", done.stderr)
    assert list(folder_of(small).iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(
    language: str, small: Practice, golden: Golden
) -> None:
    folder = folder_of(small)
    folder.parent.mkdir(parents=True)
    folder.touch()
    done = small("run", "farewell", "--audio", FAREWELL)
    done.refused(WeightsError, str(folder))
    golden("weights-unwritable", done.stderr)


def test_reading_of_the_file_format() -> None:
    data = np.arange(6, dtype="<f2").reshape(2, 3)
    raw = ctranslate2({"a/weight": data}, {"b": "a/weight"})
    found = read_ctranslate2(raw)
    assert set(found) == {"a/weight", "b"}
    np.testing.assert_array_equal(found["b"], data)
    for cut in range(len(raw)):
        with pytest.raises(WeightsError):
            read_ctranslate2(raw[:cut])
    with pytest.raises(WeightsError):
        read_ctranslate2(b"\x07" + raw[1:])
