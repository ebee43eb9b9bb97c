"""Voices beside the scenarios: found, checked, recorded, and heard from the loudspeaker."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from anchors import AGAIN, KEEP, LISTEN, MISSING, PLAYING, RECORDING, REPLACE, SPEAK
from conftest import (
    CLIPS,
    ROOT,
    Golden,
    Installed,
    Start,
    VirtualMicrophone,
    begin,
    finish,
    heard,
    need,
    take,
    wait_until,
)
from fake_sound import FakeSound
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice

from practice import paths as places
from practice.audio import clip as audio
from practice.audio import system_voice as speaker
from practice.audio.signal_check import RATE_HZ, Samples, dbfs
from practice.errors import AudioError, DeviceError, PracticeError
from practice.scenarios import voices
from practice.scenarios.voices import Role, Voice
from practice.store import Store
from practice.store import recordings as takes

FAREWELL = CLIPS / "farewell.flac"
WITHOUT_PLEASE = CLIPS / "farewell-without-please.flac"
TONE_HZ = 440


def tone(path: Path, seconds: float = 1.0) -> Path:
    time = np.arange(int(seconds * 44_100)) / 44_100
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * TONE_HZ * time), 44_100)
    return path


def loudest(samples: Samples) -> float:
    """The level of the loudest tenth of a second."""
    frames = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    return max((dbfs(frame) or -120.0 for frame in frames), default=-120.0)


@pytest.fixture
def prompts(practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of scenarios, named by a short path, so that no line wraps by chance."""
    folder = practice.prompts
    monkeypatch.chdir(tmp_path)
    practice.env["PRACTICE_PROMPTS"] = folder.name
    return folder


# ---- files -----------------------------------------------------------------


@pytest.mark.slow
@given(
    st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True),
    st.integers(1, 10**6),
    st.sampled_from(Role),
    st.sampled_from([*voices.SUFFIXES, ".WAV"]),
)
def test_a_file_s_name_says_whose_voice_it_is(id_: str, line: int, role: Role, end: str) -> None:
    voice = Voice(id_, line, role)
    assert voices.named(Path(voice.stem + end)) == voice


def test_a_wav_is_heard_before_others(tmp_path: Path) -> None:
    for name in ("a.1.mp3", "a.1.flac", "a.1.WAV", "a.1.model.ogg", "a.wav", ".a.2.wav", "a.0.wav"):
        (tmp_path / name).touch()
    assert voices.all_in(tmp_path) == {
        Voice("a", 1, Role.CUSTOMER): tmp_path / "a.1.WAV",
        Voice("a", 1, Role.MODEL): tmp_path / "a.1.model.ogg",
    }


def test_a_kept_voice_takes_the_place_of_those_before(tmp_path: Path) -> None:
    scenario = tmp_path / "a.yaml"
    scenario.touch()
    scenario.chmod(0o644)
    voice = Voice("a", 1, Role.CUSTOMER)
    for name in ("a.1.WAV", "a.1.flac", "a.1.model.wav"):
        (tmp_path / name).touch()
    part = voices.part_of(tmp_path, voice)
    assert voices.all_in(tmp_path)[voice].name == "a.1.WAV"  # nothing is lost before
    tone(part.with_suffix(".wav")).replace(part)
    kept = voices.keep(tmp_path, voice, part)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["a.1.model.wav", "a.1.wav", "a.yaml"]
    assert kept.stat().st_mode & 0o777 == 0o644  # who reads the scenario hears it


def test_a_folder_that_cannot_be_written_is_told_in_a_line(
    language: str, tmp_path: Path, golden: Golden
) -> None:
    voice = Voice("a", 1, Role.CUSTOMER)
    (tmp_path / ".a.1.wav.part").mkdir()
    with pytest.raises(AudioError, match=rf"{tmp_path} .*--prompts") as refused:
        voices.part_of(tmp_path, voice)
    golden("voice-unwritable", str(refused.value))


def test_nothing_is_laid_beside_the_scenarios_of_an_installation(
    language: str,
    practice: Practice,
    tmp_path: Path,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / "site-packages" / "practice"
    monkeypatch.setattr(places, "_PACKAGE", package)
    shutil.copytree(ROOT / "prompts", places.default_prompts())
    practice.env["PRACTICE_PROMPTS"] = str(places.default_prompts())
    done = practice("voice", "record", "farewell", "--reference")
    done.refused(PracticeError, str(package), "--prompts")
    golden("voice-of-installation", done.stderr)


@pytest.mark.slow
def test_check_names_every_voice_that_is_wrong(
    language: str, practice: Practice, prompts: Path, golden: Golden
) -> None:
    tone(prompts / "farewell.1.wav")
    assert practice("check").returncode == 0
    tone(prompts / "farewell.1.flac")
    (prompts / "farewell.1.model.wav").write_text("请慢走")
    (prompts / "greeting.1.wav").touch()
    tone(prompts / "farewell.model.wav")
    tone(prompts / "farewell.2.wav")
    tone(prompts / "farwell.1.wav")
    tone(prompts / "thanks.1.wav", 61)
    soundfile.write(prompts / "wait.1.wav", np.zeros(8000), 8000)
    (prompts / "queue.yaml").write_text("title: x")
    tone(prompts / "queue.9.wav")  # nobody knows how many lines that file is to have
    done = practice("check")
    assert done.returncode == 1
    golden("check-voices", done.stdout)
    for name in (
        "farewell.1.flac",
        "farewell.1.model.wav",
        "greeting.1.wav",
        "farewell.model.wav",
        "farewell.2.wav",
        "farwell.1.wav",
        "thanks.1.wav",
        "wait.1.wav",
    ):
        assert f"话术/{name}:1: " in done.stdout
    assert "queue.9.wav" not in done.stdout


def test_voices_are_listed_and_removed(
    language: str, practice: Practice, prompts: Path, golden: Golden
) -> None:
    told = [practice("voice", "list").stdout]
    assert practice.json("voice", "list") == []
    for name in ("farewell.1.wav", "farewell.1.mp3", "farewell.1.model.wav", "farewell.7.wav"):
        tone(prompts / name)
    (row,) = practice.json("voice", "list")
    assert row["scenario"] == "farewell"
    assert row["customer_voice"] == str(practice.prompts / "farewell.1.wav")
    assert row["model_voice"] == str(practice.prompts / "farewell.1.model.wav")
    (silent,) = practice.json("voice", "list", "sendoff")[:1]
    assert silent["customer_voice"] is silent["model_voice"] is None
    told += [practice("voice", "list").stdout, practice("voice", "list", "sendoff").stdout]
    golden("voice-list", "\n".join(told))
    refused = practice("voice", "remove", "farewell")
    refused.refused(PracticeError, "--yes")
    done = practice("voice", "remove", "farewell", "--line", "1", "--yes")
    rest = practice("voice", "remove", "farewell", "--yes")
    nothing = practice("voice", "remove", "farewell", "--yes")
    nothing.refused(PracticeError, "farewell")
    golden("voice-remove", "\n".join(d.stdout + d.stderr for d in (refused, done, rest, nothing)))
    assert list(voices.all_in(prompts)) == [Voice("farewell", 1, Role.MODEL)]
    assert practice("voice", "remove", "farewell", "--reference", "--yes").returncode == 0
    assert not voices.all_in(prompts)


def test_it_asks_before_it_removes(
    start: Start, practice: Practice, prompts: Path, golden: Golden
) -> None:
    there = tone(prompts / "farewell.1.wav")
    for answer in ("n", "y"):
        child = start("voice", "remove", "farewell")
        child.expect(r"\[y/N\]")
        child.sendline(answer)
        assert finish(child) == 0
        golden(f"voice-remove-{answer}", child.screen())
        assert there.exists() == (answer == "n")


# ---- the system's voice ----------------------------------------------------


@pytest.mark.slow
def test_the_system_s_voice_says_chinese_words() -> None:
    need("espeak-ng")
    spoken = speaker.speak("你好，我想办一张新号卡。")
    # As Chinese; a voice that spells the pinyin out in English takes a fifth longer.
    assert 1 < len(spoken) / RATE_HZ < 4.4
    assert loudest(spoken) > -30


@pytest.mark.slow
def test_espeak_without_its_data_is_a_system_without_a_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("espeak-ng")
    # A folder that there is: in the place of one that there is not it takes its usual one.
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(tmp_path))
    with pytest.raises(DeviceError):
        speaker.speak("你好")


Engine = Callable[[str], None]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Put a script in the place of the process that speaks; ``$4`` is where the sound is to go."""

    def put(script: str) -> None:
        path = tmp_path / "engine"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return put


def test_what_the_engine_leaves_is_what_is_spoken(engine: Engine, tmp_path: Path) -> None:
    engine(f'cat >{tmp_path}/words; cp {FAREWELL} "$4"')
    np.testing.assert_array_equal(speaker.speak("你好"), audio.read(FAREWELL).samples)
    assert (tmp_path / "words").read_text("utf-8") == "你好"
    # An engine that ended well without a file is asked again.
    engine(f'echo >>{tmp_path}/times; [ $(wc -l <{tmp_path}/times) = 2 ] && cp {FAREWELL} "$4"; :')
    assert speaker.speak("你好").size


def test_a_system_without_a_voice_is_told_in_a_line(
    language: str, engine: Engine, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing.wav"
    soundfile.write(nothing, np.zeros(0), RATE_HZ)
    told = []
    for script in (
        f"echo >>{tmp_path}/no-voice; exit 3",
        f"echo >>{tmp_path}/failed; exit 1",
        f"echo >>{tmp_path}/no-file",
        'echo 请慢走 >"$4"',
        f'cp {nothing} "$4"',
    ):
        engine(script)
        with pytest.raises(DeviceError) as refused:
            speaker.speak("你好")
        told.append(str(refused.value))
    # Only what did not say that it failed is tried again.
    tries = [len((tmp_path / name).read_text()) for name in ("no-voice", "failed", "no-file")]
    assert tries == [1, 1, 3]
    engine("exec sleep 60")
    monkeypatch.setattr(speaker, "_LIMIT_S", 0.1)
    with pytest.raises(DeviceError) as refused:
        speaker.speak("你好")
    told.append(str(refused.value))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(DeviceError) as refused:
        speaker.speak("你好")
    told.append(str(refused.value))
    engine(f'cp {FAREWELL} "$4"')
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # as on a full disk
    with pytest.raises(DeviceError) as refused:
        speaker.speak("你好")
    golden("voice-of-no-system", "\n".join([*told, str(refused.value)]))


class Pyttsx3:
    """An engine of pyttsx3's, which has voices of some languages, and takes its time."""

    def __init__(self, *languages: str) -> None:
        self.set: dict[str, Any] = {}
        self._voices = [SimpleNamespace(id=name, languages=[name]) for name in languages]
        self._voices.insert(0, SimpleNamespace(id="nameless", languages=None))
        self._path = Path()

    def getProperty(self, name: str) -> Any:  # noqa: N802 - pyttsx3's own name
        return self._voices if name == "voices" else None

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        self.set[name] = value

    def save_to_file(self, words: str, path: str) -> None:
        self.set["words"], self._path = words, Path(path)

    def runAndWait(self) -> None:  # noqa: N802
        """End before the file is there, as espeak-ng's loop now and then does."""
        Timer(0.1, tone, [self._path]).start()


@pytest.mark.parametrize(
    ("languages", "chosen"),
    [
        (("en", "cmn", "cmn-latn-pinyin", "yue"), "cmn-latn-pinyin"),
        (("en-US", "zh-CN", "zh-HK"), "zh-CN"),
        (("zh_TW", "zh_CN"), "zh_CN"),
        (("yue", "cmn"), "cmn"),
        (("en", "yue", "zh-HK"), None),
        ((), None),
    ],
)
def test_the_voice_that_speaks_mandarin_is_chosen(
    languages: tuple[str, ...], chosen: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken, made = tmp_path / "spoken.wav", Pyttsx3(*languages)
    monkeypatch.setitem(sys.modules, "pyttsx3", SimpleNamespace(init=lambda: made))
    code = speaker._render("你好", str(spoken))
    assert (code == 0) == (chosen is not None)
    assert made.set.get("voice") == chosen
    if chosen:
        assert made.set["words"] == "你好"
        assert audio.read(spoken).duration_s == 1.0


# ---- heard -----------------------------------------------------------------


def seconds_of(played: Samples) -> float:
    """How long something was that was played, without the rest of its last block."""
    return len(played) / 48_000


@pytest.mark.slow
def test_customers_are_heard_before_a_take(
    start: Start,
    practice: Practice,
    prompts: Path,
    microphone: FakeSound,
    engine: Engine,
    golden: Golden,
) -> None:
    microphone.has_system_voice = True
    engine(f'cp {FAREWELL} "$4"')
    tone(prompts / "courtesy-response.2.wav", 50)
    (prompts / "courtesy-response.3.wav").write_text("no sound")
    tone(prompts / "courtesy-response.4.wav")
    child = start("run", "courtesy-response", "--limit", "1")
    child.expect(PLAYING)
    child.expect(SPEAK)
    golden("customer-heard", child.screen())
    assert seconds_of(microphone.played[-1]) == pytest.approx(4.15, abs=0.1)
    microphone.is_holding = True
    child.send("n")
    child.expect(PLAYING)
    wait_until(lambda: microphone.is_playing, "the customer's voice")
    child.send("  ")  # stops the customer, and begins nothing
    child.expect(SPEAK)
    microphone.is_holding = False
    child.send("n")
    child.expect(SPEAK)
    assert PLAYING not in child.before
    golden("customer-unreadable", child.screen())
    child.send("n")
    child.expect(PLAYING)
    child.expect(SPEAK)
    assert seconds_of(microphone.played[-1]) == pytest.approx(1.0, abs=0.1)
    assert loudest(microphone.played[-1]) > -20
    child.send("\r")
    child.expect(RECORDING)
    microphone.silence(2)
    child.expect(LISTEN)
    golden("take-of-silence", child.screen())
    child.send("l")
    child.expect(PLAYING)
    child.expect(LISTEN)
    child.send("q")
    assert finish(child) == 0
    assert len(microphone.played) == 4
    assert loudest(microphone.played[-1]) < -80
    (made,) = practice.recordings.glob("takes/*/*.wav")
    assert loudest(audio.read(made).samples) < -80


@pytest.mark.slow
def test_a_system_s_voice_that_fails_is_told_once(
    start: Start, prompts: Path, microphone: FakeSound, engine: Engine, golden: Golden
) -> None:
    microphone.has_system_voice = True
    engine("exit 1")
    child = start("run", "courtesy-response")
    child.expect(SPEAK)
    golden("customer-without-voice", child.screen())
    child.send("n")
    engine(f'cp {FAREWELL} "$4"')
    child.expect(SPEAK)
    child.send("q")
    assert finish(child) == 0
    assert microphone.played == []


def test_a_silent_run_plays_nothing(
    start: Start, practice: Practice, prompts: Path, microphone: FakeSound
) -> None:
    tone(prompts / "farewell.1.wav")
    tone(prompts / "farewell.1.model.wav")
    child = start("run", "farewell", "--no-playback")
    child.expect(SPEAK)
    assert LISTEN not in child.before
    child.send("q")
    assert finish(child) == 0
    assert microphone.played == []


@pytest.mark.parametrize("fault", ["missing", "refuses"])
def test_a_machine_without_a_loudspeaker_practises_silently(
    fault: str,
    start: Start,
    practice: Practice,
    prompts: Path,
    microphone: FakeSound,
    golden: Golden,
) -> None:
    microphone.has_loudspeaker = fault == "refuses"
    microphone.refuses = fault == "refuses"
    tone(prompts / "reception.1.wav")
    tone(prompts / "reception.2.wav")
    tone(prompts / "reception.1.model.wav")
    child = start("run", "reception")
    child.expect(SPEAK)
    golden(f"loudspeaker-{fault}", child.screen())
    child.send("n")
    child.expect(SPEAK)
    assert PLAYING not in child.before  # it was told once
    child.send("q")
    assert finish(child) == 0
    assert microphone.played == []
    done = practice("listen", "reception")
    done.refused(DeviceError)
    golden(f"listen-loudspeaker-{fault}", done.stderr)


def test_who_came_to_listen_is_told_at_once_where_nothing_can_be_heard(
    start: Start, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    tone(prompts / "reception.1.model.wav")
    microphone.refuses = True
    child = start("listen", "reception")
    child.expect("Q: ")
    golden("listen-refused", child.screen())
    child.send("q")
    assert finish(child) == 0
    microphone.has_loudspeaker = False
    child = start("listen", "reception")
    assert finish(child) == 1
    assert microphone.played == []


@pytest.mark.slow
def test_a_model_reading_is_recorded_judged_and_heard(
    start: Start, practice: Practice, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    nothing = practice("listen", "farewell")
    nothing.refused(PracticeError, "practice voice record farewell --reference")
    child = start("voice", "record", "farewell", "--reference")
    begin(child)
    microphone.speak(WITHOUT_PLEASE)
    child.expect(KEEP)
    golden("model-reading-with-a-fault", child.screen())
    assert not voices.all_in(prompts)
    child.send("r")
    child.expect(RECORDING)
    microphone.speak(FAREWELL)
    child.expect(KEEP)
    child.send("\r")
    assert finish(child) == 0
    golden("model-reading-kept", child.screen())
    model = prompts / "farewell.1.model.wav"
    assert not list(prompts.glob(".*"))
    with wave.open(str(model)) as wav:
        assert wav.getframerate() > 16_000
    # Without the silence in which the recorder waited.
    assert len(audio.read(model).samples) <= len(audio.read(FAREWELL).samples) + 0.6 * RATE_HZ
    done = practice("listen", "farewell")
    assert done.returncode == 0, done.stderr
    golden("listen-model", done.stdout)
    (played,) = microphone.played
    assert loudest(played) > -40


@pytest.mark.slow
def test_what_is_not_the_script_is_no_model(
    start: Start, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    child = start("voice", "record", "farewell", "--reference")
    begin(child)
    microphone.speak(CLIPS / "human.flac")
    child.expect(KEEP)
    golden("model-reading-off-script", child.screen())
    child.send("n")
    assert finish(child) == 0
    assert not voices.all_in(prompts)


@pytest.mark.slow
def test_a_customer_is_recorded_heard_again_and_discarded(
    start: Start, practice: Practice, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    child = start("voice", "record", "courtesy-response", "--line", "2")
    begin(child)
    child.send("\x1b")
    child.expect(AGAIN)
    golden("customer-discarded", child.screen())
    child.send("r")
    child.expect(RECORDING)
    microphone.speak(FAREWELL)
    child.expect(KEEP)
    child.send("l")
    child.expect(PLAYING)
    child.expect(KEEP)
    child.send("\r")
    assert finish(child) == 0
    kept = audio.read(prompts / "courtesy-response.2.wav")
    assert seconds_of(microphone.played[-1]) == pytest.approx(kept.duration_s, abs=0.1)
    assert loudest(kept.samples) > -40


def test_silence_is_no_voice_and_nothing_is_replaced_unasked(
    start: Start, practice: Practice, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    there = tone(prompts / "courtesy-response.2.wav")
    before = there.read_bytes()
    child = start("voice", "record", "courtesy-response", "--line", "2")
    child.expect(REPLACE)
    child.send("\r")  # is no answer
    child.send("r")
    child.expect(RECORDING)
    microphone.silence(3)
    child.expect(r" [12]\.\d s \[")
    child.send("\r")
    child.expect(AGAIN)
    golden("silence-is-no-voice", child.screen())
    child.send("q")
    assert finish(child) == 0
    assert there.read_bytes() == before
    assert not list(prompts.glob(".*"))


def test_the_trainee_compares_with_the_model(
    start: Start, practice: Practice, prompts: Path, microphone: FakeSound, golden: Golden
) -> None:
    tone(prompts / "farewell.1.model.wav")
    made = take(group="default", scenario="farewell")
    store = Store(practice.recordings)
    store.add(made, heard("请慢走"))
    store.close()
    takes.keep_copy(practice.recordings, made.audio or "", FAREWELL)
    child = start("run", "farewell")
    child.expect(f"{LISTEN}.*({SPEAK})")
    child.send("l")
    child.expect(PLAYING)
    child.expect(LISTEN)
    child.send("q")
    assert finish(child) == 0
    child = start("listen", "farewell")
    child.expect(PLAYING)
    child.expect(PLAYING)
    child.expect("Y: ")
    child.send("y")
    child.expect(PLAYING)
    child.expect("Y: ")
    child.send("r")
    child.expect(PLAYING)
    child.expect("Y: ")
    golden("listen-both", child.screen())
    child.send("\r")
    assert finish(child) == 0
    model, own = 1.0, 4.15
    assert [seconds_of(p) for p in microphone.played] == [
        pytest.approx(length, abs=0.1) for length in (model, model, own, own, model)
    ]


def test_whoever_has_no_terminal_is_told_so(
    language: str, practice: Practice, prompts: Path, golden: Golden
) -> None:
    done = practice("voice", "record", "farewell", "--reference")
    done.refused(PracticeError, "farewell.1.model.wav")
    assert not voices.all_in(prompts)
    nobody = practice("voice", "record", "farewell")
    nobody.refused(PracticeError, "farewell", "--line", "--reference")
    golden("voice-record-refused", done.stderr + nobody.stderr)


# ---- heard from a real loudspeaker ------------------------------------------------


@contextmanager
def listening(microphone: VirtualMicrophone, path: Path) -> Iterator[None]:
    """Record what the loudspeaker gives into a file meanwhile."""
    need("parecord")
    ear = subprocess.Popen(
        ["parecord", "--device=speaker.monitor", "--file-format=wav", str(path)],
        env=microphone.env,
    )
    try:
        yield
    finally:
        ear.terminate()
        ear.wait(10)


def test_customers_are_heard_before_a_take_and_not_in_it(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    need("espeak-ng")
    tone(installed.practice.prompts / "courtesy-response.2.wav")
    with listening(virtual_microphone, tmp_path / "system.wav"):
        child = terminal("run", "courtesy-response", "--limit", "1")
        child.expect(PLAYING)
        child.expect(SPEAK)
    assert loudest(audio.read(tmp_path / "system.wav").samples) > -30
    with listening(virtual_microphone, tmp_path / "recorded.wav"):
        child.send("n")
        child.expect(PLAYING)
        child.expect(SPEAK)
    assert loudest(audio.read(tmp_path / "recorded.wav").samples) > -20
    child.send("\r")
    child.expect(LISTEN)
    child.send("q")
    assert finish(child) == 0
    (made,) = installed.recordings.glob("takes/*/*.wav")
    assert loudest(audio.read(made).samples) < -80


def test_a_model_reading_is_recorded_by_a_real_microphone_and_heard(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    child = terminal("voice", "record", "farewell", "--reference")
    begin(child)
    virtual_microphone.speak(WITHOUT_PLEASE)
    child.expect(f"{MISSING}请")
    child.expect(KEEP)
    child.send("r")
    child.expect(RECORDING)
    virtual_microphone.speak(FAREWELL)
    child.expect(KEEP)
    child.send("\r")
    child.expect("farewell.1.model.wav")
    assert finish(child) == 0
    model = audio.read(installed.practice.prompts / "farewell.1.model.wav")
    assert model.duration_s <= audio.read(FAREWELL).duration_s + 0.6
    env = installed.env | {
        k: virtual_microphone.env[k] for k in ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")
    }
    with listening(virtual_microphone, tmp_path / "heard.wav"):
        done = installed("listen", "farewell", env=env)
    assert done.returncode == 0, done.stderr
    assert loudest(audio.read(tmp_path / "heard.wav").samples) > -40
