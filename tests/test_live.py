"""The main job as a trainee does it: a line is shown, spoken, judged and kept.

Six cases go end to end: a process, a real microphone stream, a real terminal, Whisper's weights.
"""

from __future__ import annotations

import json
import os
import re
import signal
import wave
from pathlib import Path

import numpy as np
import pexpect
import pytest
import soundfile
from anchors import AGAIN, ASKED, BROKEN_OFF, HEARD, PASSED, RECORDING, SPEAK
from conftest import (
    CLIPS,
    Golden,
    Installed,
    Start,
    VirtualMicrophone,
    begin,
    finish,
    heard,
    review,
    take,
)
from fake_sound import FakeSound
from in_process import Practice

from practice import scenarios as prompts
from practice.audio.clip import WavWriter
from practice.errors import AudioError, PracticeError
from practice.records.attempt import Take
from practice.records.review import Comment, Decision
from practice.store import Store
from practice.store import recordings as takes

FAREWELL = CLIPS / "farewell.flac"
WITHOUT_PLEASE = CLIPS / "farewell-without-please.flac"


def recorded(practice: Practice | Installed) -> list[Path]:
    return sorted(practice.recordings.glob("takes/*/*.wav"))


# ---- end to end ------------------------------------------------------------


def test_spoken_take_is_recorded_judged_and_kept(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    child = terminal("run", "farewell", "--json", out=out)
    child.expect("请慢走，欢迎下次光临")
    child.expect(SPEAK)
    # Nothing happens before a key is pressed.
    assert child.expect([RECORDING, pexpect.TIMEOUT], timeout=3) == 1
    child.send("\r")
    child.expect(RECORDING)
    virtual_microphone.speak(FAREWELL)
    child.expect(HEARD)
    child.expect(PASSED)  # by itself, after the speech has ended
    child.expect(AGAIN)
    # The attempt is stored before anything of it is shown.
    (attempt,) = installed.json("history")
    assert attempt["passed"] is True
    assert attempt["trainee"] == "王芳"
    assert attempt["transcript"].startswith("请慢走")
    assert [e["verdict"] for e in attempt["elements"]] == ["heard"] * 3
    assert attempt["overflows"] == 0
    child.send("\r")
    assert finish(child) == 0
    (path,) = recorded(installed)
    assert str(path) == str(installed.recordings / attempt["audio"])
    with wave.open(str(path)) as wav:
        assert wav.getframerate() > 16_000  # the device's own rate
        assert 4 < wav.getnframes() / wav.getframerate() < 10
    assert not list(installed.recordings.glob("pending/*"))
    # JSON lines go to stdout alone; all else was shown in the terminal.
    (line,) = out.read_text("utf-8").splitlines()
    assert json.loads(line) == attempt


def test_ctrl_c_while_recording_stops_and_keeps(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone
) -> None:
    child = terminal("run", "farewell")
    begin(child)
    speech = virtual_microphone.speak(FAREWELL)
    child.expect(HEARD)
    speech.wait()
    child.sendintr()
    child.expect(PASSED)
    assert finish(child) == 0
    assert len(installed.json("history")) == 1


def test_what_was_said_survives_kill(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone
) -> None:
    child = terminal("run", "farewell")
    begin(child)
    speech = virtual_microphone.speak(FAREWELL)
    speech.wait()
    child.kill(signal.SIGKILL)
    child.wait()
    (path,) = recorded(installed)
    with wave.open(str(path)) as wav:
        assert wav.getnframes() / wav.getframerate() > 3
    # The next start offers it; what is chosen is done.
    child = terminal("run", "farewell")
    child.expect(BROKEN_OFF)
    child.send("\r")
    child.expect(PASSED)
    child.expect(SPEAK)
    child.send("q")
    assert finish(child) == 0
    (attempt,) = installed.json("history")
    assert attempt["passed"] is True
    assert not list(installed.recordings.glob("pending/*"))  # so it is not offered again


def test_a_running_take_is_not_offered_to_another_run(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone
) -> None:
    first = terminal("run", "farewell")
    begin(first)
    second = terminal("run", "farewell")
    second.expect(SPEAK)
    assert not re.search(BROKEN_OFF, second.before)
    second.send("q")
    assert finish(second) == 0
    virtual_microphone.speak(FAREWELL)
    first.expect(PASSED)
    first.expect(AGAIN)
    first.send("q")
    assert finish(first) == 0
    assert len(installed.json("history")) == 1


def test_microphone_that_vanishes(
    terminal: Start, installed: Installed, virtual_microphone: VirtualMicrophone
) -> None:
    child = terminal("run", "farewell")
    begin(child)
    virtual_microphone.speak(FAREWELL)
    child.expect(HEARD)
    for module in ("module-remap-source", "module-null-sink"):
        virtual_microphone.control("unload-module", module)
    child.expect(AGAIN)
    child.send("q")
    assert finish(child) == 0
    (attempt,) = installed.json("history")
    assert (attempt["status"], attempt["reason"]) == ("unscored", "cut-off")
    assert all(e["verdict"] == "unscored" for e in attempt["elements"])
    (path,) = recorded(installed)
    with wave.open(str(path)) as wav:
        assert wav.getnframes() > 0


def test_full_disk_while_recording(terminal: Start, installed: Installed) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    installed.recordings.mkdir()
    mount = f"mount -t tmpfs -o size=300k tmpfs {installed.recordings}"
    if os.system(mount) != 0:
        pytest.skip("this machine mounts nothing")
    try:
        child = terminal("run", "farewell")
        child.expect(SPEAK)
        child.send("\r")
        assert finish(child) == 1
        (path,) = recorded(installed)
        told = child.before.splitlines()[-1]
        assert str(path) in told
        assert "--recordings" in told
        with wave.open(str(path)) as wav:
            assert wav.getnframes() > 48_000
    finally:
        os.system(f"umount {installed.recordings}")


# ---- takes, at the fakes ---------------------------------------------------


def test_a_line_is_shown_and_nothing_recorded_before_a_key(
    language: str, start: Start, practice: Practice, golden: Golden
) -> None:
    child = start("run", "farewell")
    child.expect(SPEAK)
    golden("live-cue", child.screen())
    child.send("xq")  # only the second is one of the keys
    assert finish(child) == 0
    assert recorded(practice) == []


@pytest.mark.slow
def test_a_take_said_well(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell")
    begin(child)
    microphone.speak(FAREWELL)
    child.expect(AGAIN)
    golden("live-passed", child.screen())
    child.send("\r")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert attempt["passed"] is True
    assert not list(practice.recordings.glob("pending/*"))
    assert child.stdout == ""


@pytest.mark.slow
def test_json_lines_go_to_stdout_alone(
    start: Start, practice: Practice, microphone: FakeSound
) -> None:
    child = start("run", "farewell", "--json")
    begin(child)
    microphone.speak(FAREWELL)
    child.expect(AGAIN)
    (line,) = child.stdout.splitlines()
    child.send("q")
    assert finish(child) == 0
    assert child.stdout.splitlines() == [line]
    assert [json.loads(line)] == practice.json("history")


@pytest.mark.slow
def test_again_then_better(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell")
    begin(child, " ")
    microphone.speak(WITHOUT_PLEASE)
    child.expect(AGAIN)
    golden("live-not-passed", child.screen())
    child.send("r")
    begin(child, " ")
    microphone.speak(FAREWELL)
    child.expect(AGAIN)
    golden("live-better", child.screen())
    child.send("q")
    assert finish(child) == 0
    first, second = practice.json("history")
    assert (first["take"], second["take"]) == (1, 2)
    assert first["session"] == second["session"]
    assert first["elements"][0]["verdict"] == "missed"
    assert (first["passed"], second["passed"]) == (False, True)


def test_escape_discards(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell", "--end-silence", "10")
    begin(child)
    microphone.speak(FAREWELL, after_s=0)
    child.expect(HEARD)
    child.send("\x1b")
    child.expect(AGAIN)
    golden("live-discarded", child.screen())
    child.send("q")
    assert finish(child) == 0
    assert recorded(practice) == []
    assert practice.json("history") == []


def test_silence_is_unscored(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell", "--limit", "2")
    begin(child)
    microphone.silence(2)
    child.expect(AGAIN)
    golden("live-silence", child.screen())
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert (attempt["status"], attempt["reason"]) == ("unscored", "no-speech")
    assert attempt["passed"] is None
    assert len(recorded(practice)) == 1


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_said(
    start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell", "--end-silence", "10")
    begin(child)
    microphone.speak(FAREWELL, after_s=0)
    child.expect(HEARD)
    child.sendintr()
    assert finish(child) == 0
    golden("live-interrupted", child.screen())
    (attempt,) = practice.json("history")
    assert attempt["status"] == "scored"


def test_ctrl_c_elsewhere_ends_with_130(start: Start, practice: Practice) -> None:
    child = start("run", "farewell")
    child.expect(SPEAK)
    child.sendintr()
    assert finish(child) == 130


@pytest.fixture
def interrupted(practice: Practice) -> Take:
    """A take that was recorded before its run ended without judging it."""
    (line,) = prompts.load(practice.prompts, "farewell").lines
    made = take(group="default", spec=line)
    samples, rate_hz = soundfile.read(FAREWELL)
    soundfile.write(takes.audio_path(practice.recordings, str(made.audio)), samples, rate_hz)
    with pytest.raises(KeyboardInterrupt), takes.pending(practice.recordings, made):
        raise KeyboardInterrupt
    return made


@pytest.mark.slow
def test_a_take_that_was_broken_off_is_offered_until_it_is_judged(
    language: str, interrupted: Take, start: Start, practice: Practice, golden: Golden
) -> None:
    for key, judged in (("l", []), ("\r", [interrupted.id])):
        child = start("run", "farewell")
        child.expect(BROKEN_OFF)
        golden("live-broken-off", child.screen())
        child.send(key)
        child.expect(SPEAK)
        child.send("q")
        assert finish(child) == 0
        assert [a["id"] for a in practice.json("history")] == judged
    golden("live-broken-off-judged", child.screen())
    child = start("run", "farewell")
    child.expect(SPEAK)
    assert not re.search(BROKEN_OFF, child.shown)


def test_a_take_that_was_broken_off_is_deleted(
    interrupted: Take, start: Start, practice: Practice
) -> None:
    child = start("run", "farewell")
    child.expect(BROKEN_OFF)
    child.send("d")
    child.expect(SPEAK)
    child.send("q")
    assert finish(child) == 0
    assert recorded(practice) == []
    assert takes.interrupted(practice.recordings) == []
    assert practice.json("history") == []


def test_a_full_disk_is_told(language: str, golden: Golden, tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.symlink_to("/dev/full")
    with pytest.raises(AudioError) as refused, WavWriter(path, 48_000) as wav:
        wav.write(np.zeros(1920, np.float32))
    golden("live-full-disk", str(refused.value))


# ---- microphones -----------------------------------------------------------


@pytest.mark.slow
def test_a_microphone_that_vanishes_is_told(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell", "--end-silence", "10")
    begin(child)
    microphone.speak(FAREWELL, after_s=0)
    child.expect(HEARD)
    microphone.unplug()
    child.expect(AGAIN)
    golden("live-microphone-lost", child.screen())
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert (attempt["status"], attempt["reason"]) == ("unscored", "cut-off")
    assert len(recorded(practice)) == 1


@pytest.mark.slow
def test_devices_are_listed_and_chosen(
    language: str, start: Start, practice: Practice, golden: Golden
) -> None:
    golden("devices", practice("devices").stdout)
    listed = practice.json("devices")
    assert [d["name"] for d in listed] == ["headset"]
    assert practice("doctor").returncode == 0
    for wanted in ("no such thing", "7"):
        nobody = start("run", "farewell", "--device", wanted)
        assert finish(nobody) == 1
        assert f"“{wanted}”" in nobody.shown
    golden("live-no-such-microphone", nobody.screen())
    for wanted in (str(listed[0]["index"]), "HEAD"):
        child = start("run", "farewell", "--device", wanted)
        child.expect("headset")
        child.expect(SPEAK)
        child.send("q")
        assert finish(child) == 0


def test_a_microphone_that_cannot_be_opened_leaves_nothing_behind(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "farewell")
    child.expect(SPEAK)
    microphone.refuses = True
    child.send("\r")
    assert finish(child) == 1
    golden("live-microphone-refuses", child.screen())
    assert not list(practice.recordings.glob("pending/*"))
    assert recorded(practice) == []


# ---- who speaks ------------------------------------------------------------


def test_name_and_consent_are_asked_once(
    language: str, start: Start, practice: Practice, golden: Golden
) -> None:
    env = {"PRACTICE_TRAINEE": "", "PRACTICE_PROMPTS": ""}
    child = start("run", "farewell", env=env)
    child.expect(ASKED)
    child.sendline("李雷")
    child.expect("李雷.*" + ASKED)
    child.send("\r")
    child.expect(SPEAK)
    golden("live-first-run", child.screen())
    child.send("q")
    assert finish(child) == 0
    child = start("run", "farewell", env=env)
    child.expect("李雷")
    assert "\n" not in child.before
    child.expect(SPEAK)
    child.send("q")
    assert finish(child) == 0


def test_what_the_trainer_sent_back_is_said_first(
    language: str, start: Start, practice: Practice, golden: Golden
) -> None:
    store = Store(practice.recordings)
    store.add(made := take(group="default"), heard("慢走"))
    words = (Comment("看着客户说"),)
    store.add_review(made.id, review(decision=Decision.REDO, comments=words))
    store.close()
    child = start("run", "farewell")
    child.expect("看着客户说")
    child.expect(SPEAK)
    golden("live-sent-back", child.screen())
    child.send("q")
    assert finish(child) == 0


def test_stdin_must_be_a_terminal(language: str, practice: Practice, golden: Golden) -> None:
    done = practice("run", "farewell")
    done.refused(PracticeError, "--audio")
    golden("live-no-terminal", done.stderr)
