"""The morning drill: trainees in turn at one machine, a row for each at the end."""

from __future__ import annotations

import pytest
from anchors import ASKED
from conftest import CLIPS, Golden, Start, begin, finish
from fake_sound import FakeSound
from in_process import Practice
from rich.cells import cell_len

from practice.errors import PracticeError, PromptError

CLASS_KEYS = "Q: |Q："
"""The keys are offered with which a turn begins, or ends."""


@pytest.mark.slow
def test_a_class_takes_turns_and_ends_with_a_table(
    language: str, start: Start, practice: Practice, microphone: FakeSound, golden: Golden
) -> None:
    (practice.prompts / "rules" / "consent.txt").write_text("录音只用于培训。", "utf-8")
    child = start("class", "farewell", "--group", "一厅")
    for number, name in enumerate(("王芳", "欧阳娜娜", "李雷", "韩梅梅", ""), 1):
        child.expect(f"{number}.*{ASKED}")
        child.sendline(name)
    child.expect("王芳.*" + CLASS_KEYS)
    golden("class-turn", child.screen())
    child.send("\r")
    child.expect(r"\[Y/n\]")
    child.sendline("y")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("100.*" + CLASS_KEYS)
    golden("class-take", child.screen())  # it is not offered to say it again
    child.send("r\r")
    child.expect("欧阳娜娜.*" + CLASS_KEYS)
    child.send("\r")
    child.expect(r"\[Y/n\]")
    child.sendline("y")
    begin(child)
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect("100.*" + CLASS_KEYS)
    child.send("\r")
    child.expect("李雷.*" + CLASS_KEYS)
    child.send("n")
    child.expect("韩梅梅.*" + CLASS_KEYS)
    child.send("\r")
    child.expect(r"\[Y/n\]")
    child.sendline("n")
    assert finish(child) == 0
    golden("class-done", child.screen())
    assert max(map(cell_len, child.screen().splitlines())) <= 80
    rows = [line.split()[:3] for line in child.screen().splitlines()]
    assert ["王芳", "1/1", "100"] in rows
    assert ["欧阳娜娜", "0/1", "76"] in rows
    del practice.env["PRACTICE_TRAINEE"]  # which would show that trainee's alone
    kept = practice.json("history")
    assert [(take["trainee"], take["group"]) for take in kept] == [
        ("王芳", "一厅"),
        ("欧阳娜娜", "一厅"),
    ]
    assert {take["setting"]["mode"] for take in kept} == {"class"}
    assert len({take["session"] for take in kept}) == 2


def test_a_class_is_of_people_and_of_lines(
    language: str, practice: Practice, golden: Golden
) -> None:
    told = []
    for args, kind, data in (
        (["farewell", "--trainees", "，、"], PracticeError, "--trainees"),
        (["farewell", "--trainees", "王\x07芳"], PracticeError, ""),
        (["onboarding"], PromptError, "practice run onboarding"),
        (["farewell", "--trainees", "王芳"], PracticeError, ""),  # there is no terminal
    ):
        done = practice("class", *args)
        done.refused(kind, data)
        told.append(done.stderr)
    golden("class-refused", "".join(told))
    assert practice("class").returncode == 2
    assert not practice.recordings.exists()
