"""Whisper's weights: unpacked whole or not at all, checked, and told when damaged."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import CLIPS, Practice

from practice.core.normalize import normalize
from practice.errors import WeightsError
from practice.speech import audio, weights
from practice.speech.transcribe import load
from practice.speech.vad import find_speech


def test_first_run_unpacks_base_without_network(bare_practice: Practice) -> None:
    env = bare_practice.env | {
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    (attempt,) = bare_practice.json("run", "farewell", "--audio", CLIPS / "farewell.flac", env=env)
    assert attempt["passed"]
    folder = bare_practice.home / ".local/share/practice/models"
    assert sorted(p.name for p in folder.iterdir()) == ["base.json", "base.pt"]
    assert bare_practice.json("model", "list")[0]["name"] == "base"
    assert bare_practice("model", "path").stdout.strip() == str(folder / "base.pt")


def test_weights_transcribe(models: Path) -> None:
    model = weights.installed(models, "base")
    assert model is not None
    samples = audio.read(CLIPS / "seat.flac").samples
    hearing = load(model).listen(samples, find_speech(samples)).second_look()
    assert hearing is not None
    heard = hearing.transcript
    assert "请坐" in normalize(heard.text)
    assert -1 < heard.avg_logprob < 0
    times = hearing.times_s()
    assert len(times) == len(heard.text)
    assert list(times) == sorted(times)
    logprobs = hearing.logprobs()
    assert len(logprobs) == len(heard.text)
    assert all(-20 < logprob <= 0 for logprob in logprobs)


def test_characters_are_timed_in_the_recording_not_in_what_was_cut(models: Path) -> None:
    model = weights.installed(models, "base")
    assert model is not None
    before = np.zeros(3 * 16_000, dtype=np.float32)
    first, second = (audio.read(CLIPS / name).samples for name in ("farewell.flac", "seat.flac"))
    samples = np.concatenate([before, first, before, second])
    hearing = load(model).listen(samples, spans := find_speech(samples))
    text, times = hearing.transcript.text, hearing.times_s()
    speech_begins, second_begins = spans[0][0], 6 + len(first) / 16_000
    assert times[text.index("慢")] == pytest.approx(speech_begins + 0.3, abs=0.4)
    assert times[text.index("临")] < second_begins < times[text.index("坐")]


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_damaged_weights_are_told(practice: Practice, damage: str) -> None:
    folder = practice.home / ".local/share/practice/models"
    path = folder / "base.pt"
    raw = bytearray(path.read_bytes())
    if damage == "changed":
        raw[len(raw) // 2] ^= 1
    else:
        del raw[len(raw) // 2 :]
    path.unlink()  # it is a link to the one that other tests use
    path.write_bytes(raw)
    done = practice("run", "farewell", "--audio", CLIPS / "farewell.flac")
    assert done.returncode == 1
    assert "practice model install base" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "FAIL  weights" in practice("doctor").stdout
    assert practice("model", "install", "base").returncode == 0
    assert practice("run", "farewell", "--audio", CLIPS / "farewell.flac").returncode == 0


def test_own_checkpoint_can_be_installed(practice: Practice, models: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pt"
    shutil.copy(models / "base.pt", mine)
    assert practice("model", "install", mine).returncode == 0
    (attempt,) = practice.json(
        "run", "farewell", "--model", "mine", "--audio", CLIPS / "farewell.flac"
    )
    assert attempt["model"]["name"] == "mine"
    done = practice("rescore")
    assert "0 judged anew" in done.stdout or "1 judged anew" in done.stdout


def test_what_is_no_checkpoint_is_refused(practice: Practice, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pt"
    bad.write_bytes(b"nonsense" * 100)
    for what, words in {
        bad: "not a Whisper checkpoint",
        tmp_path / "none.pt": "no file",
        "nonsense": "no model “nonsense”",
        "base.en": "no model “base.en”",
    }.items():
        done = practice("model", "install", what)
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    done = practice("run", "farewell", "--model", "small", "--audio", CLIPS / "farewell.flac")
    assert done.returncode == 1
    assert "practice model install small" in done.stderr


def test_download_without_network_says_what_to_do(practice: Practice) -> None:
    env = practice.env | {"https_proxy": "http://127.0.0.1:9"}
    done = practice("model", "install", "tiny", env=env)
    assert done.returncode == 1
    assert "practice model install FILE.pt" in done.stderr


def test_reading_of_the_file_format() -> None:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    data = np.arange(6, dtype="<f2").reshape(2, 3)
    raw = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, 1)
    raw += text("a/weight") + struct.pack("<BII", 2, 2, 3) + struct.pack("<BI", 4, 12)
    raw += data.tobytes() + struct.pack("<I", 1) + text("b") + text("a/weight")
    found = weights.read_ctranslate2(raw)
    assert set(found) == {"a/weight", "b"}
    np.testing.assert_array_equal(found["b"], data)
    for cut in range(len(raw)):
        with pytest.raises(WeightsError):
            weights.read_ctranslate2(raw[:cut])
    with pytest.raises(WeightsError):
        weights.read_ctranslate2(b"\x07" + raw[1:])
