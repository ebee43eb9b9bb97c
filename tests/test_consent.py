"""What a trainee is told before the first take, and what becomes of the answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from anchors import ASKED
from conftest import CLIPS, Golden, Start, finish
from in_process import Practice

from practice import scenarios as prompts
from practice.records.attempt import Trainee
from practice.scenarios.yaml_file import InvalidFileError
from practice.store import Filter, Store

FAREWELL = CLIPS / "farewell.flac"
RUN = ("run", "farewell", "--audio", str(FAREWELL))
AGREE = r"\[Y/n\]"


@pytest.fixture
def consent(practice: Practice) -> Path:
    """The file of the words; without it those that are built in."""
    path = practice.prompts / "rules" / "consent.txt"
    path.unlink()
    return path


def kept(practice: Practice) -> tuple[str | None, int]:
    store = Store(practice.recordings)
    found = store.consent(Trainee("王芳", "default")), len(store.latest(Filter()))
    store.close()
    return found


def test_a_first_run_asks_and_a_second_does_not(
    language: str, consent: Path, start: Start, practice: Practice, golden: Golden
) -> None:
    consent.write_text("录音只用于培训，\n一年后删除。\n\n（内部说明，不显示）\n", "utf-8")
    child = start(*RUN)
    child.expect("录音只用于培训，")
    child.expect("一年后删除。")
    child.expect("王芳.*" + AGREE)
    assert "内部说明" not in child.shown
    golden("consent-asked", child.screen())
    child.send("\r")
    assert finish(child) == 0
    assert kept(practice) == ("录音只用于培训，\n一年后删除。", 1)
    child = start(*RUN)
    assert finish(child) == 0
    assert "一年后删除" not in child.shown
    # Another trainee at the same machine is asked, and so is everybody when the words change.
    child = start(*RUN, "--trainee", "李雷")
    child.expect("李雷.*" + AGREE)
    child.sendline("n")
    assert finish(child) == 1
    consent.write_text("录音给总部听。", "utf-8")
    child = start(*RUN)
    child.expect("录音给总部听。")
    child.expect(AGREE)
    child.sendline("y")
    assert finish(child) == 0
    assert kept(practice) == ("录音给总部听。", 3)


def test_who_says_no_is_not_recorded(
    language: str, consent: Path, start: Start, practice: Practice, golden: Golden
) -> None:
    practice.env.pop("PRACTICE_TRAINEE")
    for args in (RUN, ("score", str(FAREWELL), "--scenario", "farewell")):
        # The name is not remembered either: the second time it is asked for anew.
        child = start(*args)
        child.expect(ASKED)
        child.sendline("王芳")
        child.expect(AGREE)
        child.sendline("n")
        assert finish(child) == 1
        golden("consent-refused", child.screen())
        assert kept(practice) == (None, 0)


def test_without_a_terminal_it_is_printed_and_nobody_agreed(
    language: str, consent: Path, practice: Practice, golden: Golden
) -> None:
    for _time in range(2):
        done = practice(*RUN, "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["passed"] is True
        golden("consent-printed", done.stderr)
        assert max(map(len, done.stderr.splitlines())) <= 80
    assert kept(practice) == (None, 2)


def test_who_reads_is_not_asked(
    consent: Path, start: Start, practice: Practice, tmp_path: Path
) -> None:
    consent.write_text("录音只用于培训。", "utf-8")
    row = {"file": str(FAREWELL), "script": "请慢走", "elements": [{"text": "请"}]}
    (tmp_path / "m.jsonl").write_text(json.dumps(row))
    for args in (["history"], ["rescore"], ["score", "--manifest", str(tmp_path / "m.jsonl")]):
        child = start(*args)
        assert finish(child) == 0
        assert "录音只用于培训" not in child.shown


def test_the_words_of_a_folder(consent: Path) -> None:
    folder = consent.parent.parent
    assert prompts.load_consent(folder) is None
    consent.write_text("")
    assert prompts.load_consent(folder) == ""
    consent.write_text("\n \n\n")
    assert prompts.load_consent(folder) == ""
    consent.write_bytes("\ufeff录音。\r\n只给培训师听。\r\n\r\n第二段".encode())
    assert prompts.load_consent(folder) == "录音。\n只给培训师听。"


@pytest.mark.slow
def test_check_names_what_is_wrong_with_the_words(
    language: str, consent: Path, practice: Practice, golden: Golden
) -> None:
    told = []

    def check(where: str) -> None:
        done = practice("check")
        assert done.returncode == 1
        assert where in "".join(done.stdout.split())
        with pytest.raises(InvalidFileError, match=where) as refused:
            prompts.load_consent(practice.prompts)
        practice(*RUN).refused(InvalidFileError, where)
        told.append(str(refused.value))

    consent.write_bytes("录音只用于培训".encode("gbk"))
    check("consent.txt:1:")
    consent.write_text("好\n录\x1b[31m音", "utf-8")
    check("consent.txt:2:")
    consent.unlink()
    consent.mkdir()
    check("consent.txt")
    consent.rmdir()
    consent.symlink_to("nowhere")
    check("consent.txt")
    consent.unlink()
    assert practice("check").returncode == 0
    golden("consent-faulty", "\n".join(told))


def test_a_shared_database_is_told(
    language: str, consent: Path, practice: Practice, postgres_database: str, golden: Golden
) -> None:
    done = practice(*RUN, "--database", postgres_database)
    assert done.returncode == 0
    golden("consent-shared-database", done.stderr)
