"""What a trainee is told before the first take, and what becomes of the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pexpect
import pytest
from conftest import CLIPS, COMMAND, Practice

from practice import prompts
from practice.core.models import Trainee
from practice.errors import PromptError
from practice.store import Filter, Store

FAREWELL = CLIPS / "farewell.flac"
RUN = ("run", "farewell", "--audio", str(FAREWELL))


@pytest.fixture
def consent(bare_practice: Practice) -> Path:
    """The file of the words; without it those that are built in."""
    path = Path(bare_practice.env["PRACTICE_PROMPTS"]) / "rules" / "consent.txt"
    path.unlink()
    return path


def start(practice: Practice, *args: str) -> Any:
    return pexpect.spawn(
        COMMAND,
        list(args),
        env=practice.env | {"TERM": "xterm"},
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=60,
    )


def end(child: Any) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def kept(practice: Practice) -> tuple[str | None, int]:
    store = Store(practice.recordings)
    found = store.consent(Trainee("王芳", "default")), len(store.latest(Filter()))
    store.close()
    return found


def test_a_first_run_asks_and_a_second_does_not(consent: Path, practice: Practice) -> None:
    consent.write_text("录音只用于培训，\n一年后删除。\n\n（内部说明，不显示）\n", "utf-8")
    child = start(practice, *RUN)
    child.expect("录音只用于培训，")
    child.expect("一年后删除。")
    child.expect("王芳, do you agree")
    assert "内部说明" not in child.before
    child.send("\r")
    child.expect("PASSED")
    assert end(child) == 0
    assert kept(practice) == ("录音只用于培训，\n一年后删除。", 1)
    child = start(practice, *RUN)
    assert end(child) == 0
    assert "do you agree" not in child.before
    # Another trainee at the same machine is asked, and so is everybody when the words change.
    child = start(practice, *RUN, "--trainee", "李雷")
    child.expect("李雷, do you agree")
    child.sendline("n")
    assert end(child) == 1
    consent.write_text("录音给总部听。", "utf-8")
    child = start(practice, *RUN)
    child.expect("录音给总部听。")
    child.expect("do you agree")
    child.sendline("y")
    child.expect("PASSED")
    assert end(child) == 0
    assert kept(practice) == ("录音给总部听。", 3)


def test_who_says_no_is_not_recorded(consent: Path, bare_practice: Practice) -> None:
    bare_practice.env.pop("PRACTICE_TRAINEE")
    for args in (RUN, ("score", str(FAREWELL), "--scenario", "farewell")):
        child = start(bare_practice, *args)
        child.expect("Your name")
        child.sendline("王芳")
        child.expect("your voice, its text and its score")
        child.expect("do you agree")
        child.sendline("n")
        child.expect("Nothing was recorded")
        assert end(child) == 1
        assert kept(bare_practice) == (None, 0)
        # Nor is the name remembered: the next run asks for it anew.


def test_without_a_terminal_it_is_printed_and_nobody_agreed(
    consent: Path, practice: Practice
) -> None:
    for _time in range(2):
        done = practice(*RUN, "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["passed"] is True
        assert "your voice, its text and its score" in " ".join(done.stderr.split())
        assert "agree" not in done.stderr
        assert max(map(len, done.stderr.splitlines())) <= 80
    assert kept(practice) == (None, 2)


def test_who_reads_is_not_asked(consent: Path, practice: Practice, tmp_path: Path) -> None:
    row = {"file": str(FAREWELL), "script": "请慢走", "elements": [{"text": "请"}]}
    (tmp_path / "m.jsonl").write_text(json.dumps(row))
    for args in (["history"], ["rescore"], ["score", "--manifest", str(tmp_path / "m.jsonl")]):
        child = start(practice, *args)
        assert end(child) == 0
        assert "your voice" not in child.before


def test_the_words_of_a_folder(consent: Path, bare_practice: Practice) -> None:
    folder = consent.parent.parent
    assert prompts.load_consent(folder) is None
    consent.write_text("")
    assert prompts.load_consent(folder) == ""
    consent.write_text("\n \n\n")
    assert prompts.load_consent(folder) == ""
    consent.write_bytes("\ufeff录音。\r\n只给培训师听。\r\n\r\n第二段".encode())
    assert prompts.load_consent(folder) == "录音。\n只给培训师听。"


def test_check_names_what_is_wrong_with_the_words(consent: Path, bare_practice: Practice) -> None:
    def problem() -> str:
        done = bare_practice("check")
        assert done.returncode == 1
        with pytest.raises(PromptError):
            prompts.load_consent(consent.parent.parent)
        told = bare_practice(*RUN)
        assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
        return "".join(done.stdout.split())

    consent.write_bytes("录音只用于培训".encode("gbk"))
    assert "consent.txt:1:thefileisnotUTF-8" in problem()
    consent.write_text("好\n录\x1b[31m音", "utf-8")
    assert "consent.txt:2:" in problem()
    consent.unlink()
    consent.mkdir()
    assert "thisisafolder" in problem()
    consent.rmdir()
    consent.symlink_to("nowhere")
    assert "cannotberead" in problem()
    consent.unlink()
    assert bare_practice("check").returncode == 0


def test_a_shared_database_is_told(
    consent: Path, bare_practice: Practice, postgres_database: str
) -> None:
    done = bare_practice(*RUN[:3], str(consent), "--database", postgres_database)
    assert "in the database that your trainer's machine shares" in " ".join(done.stderr.split())
