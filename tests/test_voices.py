"""Voices beside the scenarios: found, checked, recorded, and heard from the loudspeaker."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import CLIPS, Microphone, Practice, Start, begin, finish, heard, need, take
from hypothesis import given
from hypothesis import strategies as st

from practice import takes, voices
from practice.commands import voice as voice_command
from practice.core.speechcheck import RATE_HZ, Samples, dbfs
from practice.errors import AudioError, DeviceError, PracticeError
from practice.places import default_prompts
from practice.speech import audio, speaker
from practice.store import Store
from practice.voices import Role, Voice

FAREWELL = CLIPS / "farewell.flac"
TONE_HZ = 440


def tone(path: Path, seconds: float = 1.0) -> Path:
    time = np.arange(int(seconds * 44_100)) / 44_100
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * TONE_HZ * time), 44_100)
    return path


def loudest(samples: Samples) -> float:
    """The level of the loudest tenth of a second."""
    frames = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    return max((dbfs(frame) or -120.0 for frame in frames), default=-120.0)


@contextmanager
def listening(microphone: Microphone, path: Path) -> Iterator[None]:
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


@pytest.fixture
def prompts(practice: Practice) -> Path:
    return Path(practice.env["PRACTICE_PROMPTS"])


def with_sound(practice: Practice, microphone: Microphone) -> dict[str, str]:
    ours = ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")
    return practice.env | {k: microphone.env[k] for k in ours}


# ---- files -----------------------------------------------------------------


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


def test_a_folder_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    voice = Voice("a", 1, Role.CUSTOMER)
    (tmp_path / ".a.1.wav.part").mkdir()
    with pytest.raises(AudioError, match="Copy the scenarios to a folder of your own"):
        voices.part_of(tmp_path, voice)


def test_nothing_is_laid_beside_the_scenarios_of_an_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voice_command, "checkout", lambda: None)
    with pytest.raises(PracticeError, match="next update would replace"):
        voice_command.record.main(
            ["farewell", "--model", "--prompts", str(default_prompts())], standalone_mode=False
        )


def test_check_names_every_voice_that_is_wrong(practice: Practice, prompts: Path) -> None:
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
    done = practice("check", env=practice.env | {"COLUMNS": "80"})
    assert done.returncode == 1
    told = " ".join(line.strip() for line in done.stdout.splitlines())
    for name, what in (
        ("farewell.1.flac", "is never heard: farewell.1.wav stands before it"),
        ("farewell.1.model.wav", "the sound cannot be read"),
        ("greeting.1.wav", "the file is empty"),
        ("farewell.model.wav", "the voice belongs to no line"),
        ("farewell.2.wav", "line 2; the lines of farewell are 1 to 1"),
        ("farwell.1.wav", "there is no such scenario"),
        ("thanks.1.wav", "longer than a minute"),
        ("wait.1.wav", "there is no sound in the file"),
    ):
        assert f"{name}:1: " in told.replace("- ", "-")
        assert what in told
    assert "queue.9.wav" not in told


def test_voices_are_listed_and_removed(practice: Practice, prompts: Path) -> None:
    assert "No voices in" in practice("voice", "list").stdout
    assert practice.json("voice", "list") == []
    for name in ("farewell.1.wav", "farewell.1.mp3", "farewell.1.model.wav", "farewell.7.wav"):
        tone(prompts / name)
    (row,) = practice.json("voice", "list")
    assert row["scenario"] == "farewell"
    assert row["customer_voice"] == str(prompts / "farewell.1.wav")
    assert row["model_voice"] == str(prompts / "farewell.1.model.wav")
    (silent,) = practice.json("voice", "list", "sendoff")[:1]
    assert silent["customer_voice"] is silent["model_voice"] is None
    refused = practice("voice", "remove", "farewell")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    done = practice("voice", "remove", "farewell", "--line", "1", "--yes")
    assert done.stdout.splitlines() == ["Removed: farewell.1.wav", "Removed: farewell.1.mp3"]
    assert practice("voice", "remove", "farewell", "--yes").stdout == "Removed: farewell.7.wav\n"
    assert practice("voice", "remove", "farewell", "--yes").returncode == 1
    assert (prompts / "farewell.1.model.wav").exists()
    practice("voice", "remove", "farewell", "--model", "--yes")
    assert not voices.all_in(prompts)


# ---- the system's voice ----------------------------------------------------


def test_the_system_s_voice_says_chinese_words() -> None:
    need("espeak-ng")
    spoken = speaker.speak("你好，我想办一张新号卡。")
    # As Chinese; a voice that spells the pinyin out in English takes a fifth longer.
    assert 1 < len(spoken) / RATE_HZ < 4.4
    assert loudest(spoken) > -30


def test_a_system_without_a_voice_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPEAK_DATA_PATH", "/nonexistent")
    with pytest.raises(DeviceError, match="customers stay silent"):
        speaker.speak("你好")
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with pytest.raises(DeviceError, match="customers stay silent"):
        speaker.speak("你好")


# ---- heard -----------------------------------------------------------------


def test_customers_are_heard_before_a_take_and_not_in_it(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone, tmp_path: Path
) -> None:
    need("espeak-ng")
    tone(prompts / "courtesy-response.2.wav", 50)
    (prompts / "courtesy-response.3.wav").write_text("no sound")
    tone(prompts / "courtesy-response.4.wav")
    with listening(microphone, tmp_path / "system.wav"):
        child = start("run", "courtesy-response", "--limit", "1")
        child.expect("Playing … any key stops it")
        child.expect("Enter or Space")
    assert loudest(audio.read(tmp_path / "system.wav").samples) > -30
    child.send("n")
    child.expect("Playing")
    child.send(" ")  # stops the customer, and begins nothing
    child.expect("Enter or Space", timeout=30)
    child.send("n")
    child.expect("no recording that can be read")
    child.expect("Enter or Space")
    assert "Playing" not in child.before
    with listening(microphone, tmp_path / "recorded.wav"):
        child.send("n")
        child.expect("Playing")
        child.expect("Enter or Space")
    assert loudest(audio.read(tmp_path / "recorded.wav").samples) > -20
    child.send("\r")
    child.expect("time is up")
    child.expect("NOT SCORED")
    child.expect("L: listen   R: again")
    child.send("l")
    child.expect("Playing")
    child.expect("L: listen   R: again")
    child.send("q")
    assert finish(child) == 0
    (made,) = practice.recordings.glob("takes/*/*.wav")
    assert loudest(audio.read(made).samples) < -80


def test_a_silent_run_plays_nothing(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone
) -> None:
    tone(prompts / "farewell.1.wav")
    tone(prompts / "farewell.1.model.wav")
    child = start("run", "farewell", "--silent")
    child.expect("Enter or Space")
    assert "Playing" not in child.before
    assert "L: listen" not in child.before
    child.send("q")
    assert finish(child) == 0


def test_a_machine_without_a_loudspeaker_practises_silently(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone
) -> None:
    microphone.unplug()
    modules = microphone.control("list", "short", "modules").splitlines()
    (sink,) = [m.split("\t")[0] for m in modules if "module-null-sink" in m]
    microphone.control("unload-module", sink)
    microphone.control("load-module", "module-null-source", "source_name=mic")
    tone(prompts / "reception.1.wav")
    tone(prompts / "reception.2.wav")
    tone(prompts / "reception.1.model.wav")
    child = start("run", "reception")
    child.expect("Playing")
    child.expect("No loudspeaker was found|The loudspeaker .* cannot be used")
    child.expect("Enter or Space")
    child.send("n")
    child.expect("Enter or Space")  # it was told once
    assert "oudspeaker" not in child.before
    child.send("q")
    assert finish(child) == 0
    done = practice("listen", "reception", env=with_sound(practice, microphone))
    assert done.returncode == 1
    # What else is there is the sound system's own.
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "oudspeaker" in told


def test_a_model_reading_is_recorded_judged_and_heard(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone, tmp_path: Path
) -> None:
    env = with_sound(practice, microphone)
    nothing = practice("listen", "farewell", env=env)
    assert nothing.returncode == 1
    assert "voice record farewell --model" in nothing.stderr
    child = start("voice", "record", "farewell", "--model")
    begin(child)
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect("Missing: 请")
    child.expect("Enter: keep")
    assert not voices.all_in(prompts)
    child.send("r")
    child.expect("speak now")
    microphone.speak(FAREWELL)
    child.expect("No courtesy is missing")
    child.expect("Enter: keep")
    child.send("\r")
    child.expect("Kept: ")
    assert finish(child) == 0
    model = prompts / "farewell.1.model.wav"
    assert not list(prompts.glob(".*"))
    with wave.open(str(model)) as wav:
        assert wav.getframerate() > 16_000
    # Without the silence in which the recorder waited.
    assert len(audio.read(model).samples) <= len(audio.read(FAREWELL).samples) + 0.6 * RATE_HZ
    with listening(microphone, tmp_path / "heard.wav"):
        done = practice("listen", "farewell", env=env)
    assert done.returncode == 0, done.stderr
    assert "The model reading" in done.stdout
    assert "Your newest take" not in done.stdout
    assert loudest(audio.read(tmp_path / "heard.wav").samples) > -40


def test_silence_is_no_voice_and_nothing_is_replaced_unasked(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone
) -> None:
    there = tone(prompts / "courtesy-response.2.wav")
    before = there.read_bytes()
    child = start("voice", "record", "courtesy-response", "--line", "2")
    child.expect("There is a voice already: courtesy-response.2.wav")
    child.expect("R: replace")
    child.send("\r")  # is no answer
    child.send("r")
    child.expect("speak now")
    child.send("\r")
    child.expect("No speech was found|too short")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    assert there.read_bytes() == before
    assert not list(prompts.glob(".*"))


def test_the_trainee_compares_with_the_model(
    start: Start, practice: Practice, prompts: Path, microphone: Microphone
) -> None:
    tone(prompts / "farewell.1.model.wav")
    made = take(group="default", scenario="farewell")
    Store(practice.recordings).add(made, heard("请慢走"))
    takes.keep_copy(practice.recordings, made.audio or "", FAREWELL)
    child = start("run", "farewell")
    child.expect("L: listen   Enter or Space")
    child.send("l")
    child.expect("Playing")
    child.expect("L: listen")
    child.send("q")
    assert finish(child) == 0
    child = start("listen", "farewell")
    child.expect("The model reading")
    child.expect("Playing")
    child.expect("Your newest take")
    child.expect("Playing")
    child.send(" ")
    child.expect("M: model   Y: yours   Enter: finish")
    child.send("y")
    child.expect("Playing")
    child.send(" ")
    child.expect("M: model")
    child.send("\r")
    assert finish(child) == 0


def test_whoever_has_no_terminal_is_told_so(practice: Practice, prompts: Path) -> None:
    done = practice("voice", "record", "farewell", "--model")
    assert done.returncode == 1
    assert "farewell.1.model.wav" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not voices.all_in(prompts)
    nobody = practice("voice", "record", "farewell")
    assert nobody.returncode == 1
    assert "No line of farewell has words of the customer" in nobody.stderr
