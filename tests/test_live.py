"""The main job as a trainee does it: a real microphone stream, a terminal, Whisper's weights."""

from __future__ import annotations

import json
import os
import signal
import wave
from pathlib import Path

import pexpect
import pytest
from conftest import (
    CLIPS,
    COMMAND,
    Microphone,
    Practice,
    Start,
    begin,
    finish,
    heard,
    review,
    take,
    wait_until,
)

from practice.core.models import Comment, Decision
from practice.store import Store


def takes(practice: Practice) -> list[Path]:
    return sorted(practice.recordings.glob("takes/*/*.wav"))


def test_spoken_take_is_recorded_judged_and_kept(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    child = start("run", "farewell")
    child.expect("请慢走，欢迎下次光临")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("I hear you")
    child.expect("recorded; listening")  # by itself, after the speech has ended
    child.expect("PASSED")
    child.expect("No courtesy is missing")
    child.expect("R: again")
    # The attempt is stored before anything of it is shown.
    (attempt,) = practice.json("history")
    assert attempt["passed"] is True
    assert attempt["trainee"] == "王芳"
    assert attempt["transcript"].startswith("请慢走")
    assert [e["verdict"] for e in attempt["elements"]] == ["heard"] * 3
    assert attempt["overflows"] == 0
    child.send("\r")
    assert finish(child) == 0
    (take,) = takes(practice)
    assert str(take) == str(practice.recordings / attempt["audio"])
    with wave.open(str(take)) as wav:
        assert wav.getframerate() > 16_000  # the device's own rate
        assert 4 < wav.getnframes() / wav.getframerate() < 10
    assert not list(practice.recordings.glob("pending/*"))


def test_again_then_better(start: Start, practice: Practice, microphone: Microphone) -> None:
    child = start("run", "farewell", "--json")
    begin(child, " ")
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect("NOT PASSED")
    child.expect("Missing: 请")
    child.expect("R: again")
    child.send("r")
    begin(child, " ")
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("since last time")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    first, second = practice.json("history")
    assert (first["take"], second["take"]) == (1, 2)
    assert first["session"] == second["session"]
    assert first["elements"][0]["verdict"] == "missed"


def test_escape_discards(start: Start, practice: Practice, microphone: Microphone) -> None:
    child = start("run", "farewell")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("I hear you")
    child.send("\x1b")
    child.expect("Discarded")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    assert takes(practice) == []
    assert practice.json("history") == []


def test_silence_is_unscored(start: Start, practice: Practice) -> None:
    child = start("run", "farewell", "--limit", "2")
    child.expect("Enter or Space")
    child.send("\r")
    child.expect("time is up")
    child.expect("NOT SCORED")
    child.expect("No speech was found")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert (attempt["status"], attempt["reason"]) == ("unscored", "no-speech")
    assert attempt["passed"] is None
    assert len(takes(practice)) == 1


def test_ctrl_c_while_recording_stops_and_keeps(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    child = start("run", "farewell")
    begin(child)
    speech = microphone.speak(CLIPS / "farewell.flac")
    child.expect("I hear you")
    speech.wait()
    child.sendintr()
    child.expect("PASSED")
    assert finish(child) == 0
    assert len(practice.json("history")) == 1


def test_ctrl_c_elsewhere_ends_with_130(start: Start, practice: Practice) -> None:
    child = start("run", "farewell")
    child.expect("Enter or Space")
    child.sendintr()
    assert finish(child) == 130


def test_what_was_said_survives_kill(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    child = start("run", "farewell")
    begin(child)
    speech = microphone.speak(CLIPS / "farewell.flac")
    speech.wait()
    child.kill(signal.SIGKILL)
    child.wait()
    (take,) = takes(practice)
    with wave.open(str(take)) as wav:
        assert wav.getnframes() / wav.getframerate() > 3
    # The next start offers it; what is chosen is done.
    child = start("run", "farewell")
    child.expect("broken off")
    child.expect("Enter: judge it")
    child.send("\r")
    child.expect("PASSED")
    child.expect("Enter or Space")
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert attempt["passed"] is True
    child = start("run", "farewell")
    child.expect("Enter or Space")
    assert "broken off" not in child.before
    child.send("q")
    assert finish(child) == 0


def test_a_running_take_is_not_offered_to_another_run(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    first = start("run", "farewell")
    begin(first)
    second = start("run", "farewell")
    second.expect("Enter or Space")
    assert "broken off" not in second.before
    second.send("\r")
    second.expect("speak now")  # PulseAudio gives the microphone to both
    microphone.speak(CLIPS / "farewell.flac")
    for child in (first, second):
        child.expect("PASSED")
        child.expect("R: again")
        child.send("q")
        assert finish(child) == 0
    assert len(practice.json("history")) == 2


def test_microphone_that_vanishes(start: Start, practice: Practice, microphone: Microphone) -> None:
    child = start("run", "farewell")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("I hear you")
    for sink in ("module-remap-source", "module-null-sink"):
        unload(microphone, sink)
    child.expect("NOT SCORED")
    child.expect("went away")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert attempt["reason"] == "cut-off"
    assert all(e["verdict"] == "unscored" for e in attempt["elements"])
    (take,) = takes(practice)
    with wave.open(str(take)) as wav:
        assert wav.getnframes() > 0


def unload(microphone: Microphone, module: str) -> None:
    for line in microphone.control("list", "short", "modules").splitlines():
        number, name, *_rest = line.split("\t")
        if name == module:
            microphone.control("unload-module", number)


def test_devices_are_listed_and_chosen(
    practice: Practice, microphone: Microphone, start: Start
) -> None:
    env = practice.env | {k: microphone.env[k] for k in ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")}
    listed = practice.json("devices", env=env)
    assert listed
    assert practice("doctor", env=env).returncode == 0
    nobody = start("run", "farewell", "--device", "no such thing")
    nobody.expect("There is no microphone “no such thing”")
    assert finish(nobody) == 1
    child = start("run", "farewell", "--device", str(listed[0]["index"]))
    child.expect(f"Microphone: {listed[0]['name']}")
    child.expect("Enter or Space")
    child.send("q")
    finish(child)


def test_name_and_consent_are_asked_once(start: Start, practice: Practice) -> None:
    env = {"PRACTICE_TRAINEE": "", "PRACTICE_PROMPTS": ""}
    child = start("run", "farewell", env=env)
    child.expect("Your name")
    child.sendline("李雷")
    child.expect("your voice, its text")
    child.expect("李雷, do you agree")
    child.send("\r")
    child.expect("Trainee: 李雷")
    child.expect("Enter or Space")
    child.send("q")
    assert finish(child) == 0
    child = start("run", "farewell", env=env)
    child.expect("Trainee: 李雷")
    child.expect("Enter or Space")
    child.send("q")
    finish(child)


def test_full_disk_while_recording(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    practice.recordings.mkdir()
    mount = f"mount -t tmpfs -o size=300k tmpfs {practice.recordings}"
    if os.system(mount) != 0:
        pytest.skip("this machine mounts nothing")
    try:
        child = start("run", "farewell")
        child.expect("Enter or Space")
        child.send("\r")
        child.expect("cannot be written")
        assert finish(child) == 1
        (take,) = takes(practice)
        with wave.open(str(take)) as wav:
            assert wav.getnframes() > 48_000
    finally:
        os.system(f"umount {practice.recordings}")


def test_a_microphone_that_cannot_be_opened_leaves_nothing_behind(
    start: Start, practice: Practice, microphone: Microphone
) -> None:
    child = start("run", "farewell")
    child.expect("Enter or Space")
    for module in ("module-remap-source", "module-null-sink", "module-native-protocol-unix"):
        unload(microphone, module)
    child.send("\r")
    child.expect("cannot be opened|went away")
    if child.after == "cannot be opened":
        assert finish(child) == 1
        assert not list(practice.recordings.glob("pending/*"))
        assert takes(practice) == []


def test_what_the_trainer_sent_back_is_said_first(start: Start, practice: Practice) -> None:
    store = Store(practice.recordings)
    store.add(made := take(group="default"), heard("慢走"))
    words = (Comment("看着客户说"),)
    store.add_review(made.id, review(decision=Decision.REDO, comments=words))
    child = start("run", "farewell")
    child.expect("李老师 asks you to say this again: 请慢走")
    child.expect("看着客户说")
    child.expect("Enter or Space")
    child.send("q")
    assert finish(child) == 0


def test_stdin_must_be_a_terminal(practice: Practice, microphone: Microphone) -> None:
    done = practice("run", "farewell")
    assert done.returncode == 1
    assert "no terminal" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_json_lines_go_to_stdout_alone(
    practice: Practice, microphone: Microphone, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    env = practice.env | {k: microphone.env[k] for k in ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")}
    child = pexpect.spawn(
        "sh",
        ["-c", f"{COMMAND} run farewell --json > {out}"],
        env=env | {"TERM": "xterm"},
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=60,
    )
    child.expect("Enter or Space")
    # Nothing happens before a key is pressed.
    assert child.expect(["REC", pexpect.TIMEOUT], timeout=3) == 1
    child.send("\r")
    child.expect("speak now")
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("R: again")
    child.send("q")
    child.expect(pexpect.EOF)
    (line,) = out.read_text("utf-8").splitlines()
    assert json.loads(line)["scenario"] == "farewell"
    wait_until(lambda: not child.isalive(), "the end", 10)
