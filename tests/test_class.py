"""The morning drill: trainees in turn at one machine, a row for each at the end."""

from __future__ import annotations

import re
from pathlib import Path

import pexpect
from conftest import CLIPS, Microphone, Practice, Start, begin
from rich.cells import cell_len


def test_a_class_takes_turns_and_ends_with_a_table(
    practice: Practice, start: Start, microphone: Microphone
) -> None:
    consent = Path(practice.env["PRACTICE_PROMPTS"]) / "rules" / "consent.txt"
    consent.write_text("录音只用于培训。", "utf-8")
    child = start("class", "farewell", "--group", "一厅")
    for name in ("王芳", "欧阳娜娜", "李雷", "韩梅梅", ""):
        child.expect("Name [0-9]")
        child.sendline(name)
    child.expect("王芳, it is your turn")
    child.expect("Q: end the class")
    child.send("\r")
    child.expect("do you agree")
    child.sendline("y")
    begin(child)
    microphone.speak(CLIPS / "farewell.flac")
    child.expect("PASSED")
    child.expect("Enter: finish")
    assert "again" not in child.before
    child.send("\r")
    child.expect("欧阳娜娜, it is your turn")
    child.expect("Q: end the class")
    child.send("\r")
    child.expect("do you agree")
    child.sendline("y")
    begin(child)
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect("NOT PASSED")
    child.expect("Enter: finish")
    child.send("\r")
    child.expect("李雷, it is your turn")
    child.expect("Q: end the class")
    child.send("n")
    child.expect("韩梅梅, it is your turn")
    child.expect("Q: end the class")
    child.send("\r")
    child.expect("do you agree")
    child.sendline("n")
    child.expect("trainee .*The group missed most: 请")
    table = re.sub(r"\x1b\[[0-9;]*m", "", child.after)
    child.expect(pexpect.EOF)
    rows = [line.split() for line in table.splitlines()]
    assert ["王芳", "1/1", "100", "-"] in rows
    assert ["欧阳娜娜", "0/1", "76", "请", "(polite", "word)"] in rows
    assert "Without a take: 李雷, 韩梅梅" in table
    assert max(map(cell_len, table.splitlines())) <= 80
    del practice.env["PRACTICE_TRAINEE"]  # which would show that trainee's alone
    kept = practice.json("history")
    assert [(take["trainee"], take["group"]) for take in kept] == [
        ("王芳", "一厅"),
        ("欧阳娜娜", "一厅"),
    ]
    assert {take["setting"]["mode"] for take in kept} == {"class"}
    assert len({take["session"] for take in kept}) == 2


def test_a_class_is_of_people_and_of_lines(practice: Practice) -> None:
    for args in (("farewell", "--trainees", "，、"), ("farewell", "--trainees", "王\x07芳")):
        assert practice("class", *args).returncode == 1
    assert "practice run onboarding" in practice("class", "onboarding").stderr
    assert "no terminal" in practice("class", "farewell", "--trainees", "王芳").stderr
    assert practice("class").returncode == 2
