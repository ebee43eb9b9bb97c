"""Conversations, exam books and the standard's rows as trainers write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT, Golden
from in_process import Practice
from prompt_files import problems, write

from practice import scenarios as prompts
from practice.errors import PromptError
from practice.records.kinds import ScenarioKind
from practice.records.scenario import Branch, Severity

TALK = """\
title: 入网
when: 客户来办入网
kind: 对话
address: [先生]
lines:
  - name: papers
    cue: 一位先生坐下了。
    customer: 我想办一张卡。
    script: 【请|敬语】出示证件。
    branches:
      - when: 客户带了证件
        then: thanks
        weight: 3
      - when: 客户没有带
        then: refusal
  - name: refusal
    cue: 客户没有证件。
    script: 【很抱歉|道歉】，证件不全。
    then: end
  - name: thanks
    cue: 客户递来证件。
    script: 【谢谢|答谢】。
"""

MORE = "      - {when: 客户不耐烦, then: refusal}\n"


def test_a_conversation_knows_its_ways(tmp_path: Path) -> None:
    assert problems(tmp_path, TALK, "talk.yaml") == []
    talk = prompts.load(tmp_path, "talk")
    assert talk.is_conversation
    assert talk.kind is ScenarioKind.CONVERSATION
    assert talk.exits == (
        (Branch("客户带了证件", 3, 3.0), Branch("客户没有带", 2)),
        (Branch("", None),),
        (Branch("", None),),
    )
    assert talk.lines[0].customer == "我想办一张卡。"
    assert talk.address == ("先生",)


def test_lines_without_names_follow_each_other() -> None:
    reception = prompts.load(ROOT / "prompts", "reception")
    assert reception.exits == ((Branch("", 2),), (Branch("", None),))
    assert not reception.is_conversation


MISTAKES = {
    "branch-to-nowhere": (TALK.replace("then: refusal", "then: refsal"), [15]),
    "loop": (TALK.replace("then: end", "then: papers"), [19]),
    "line-without-way": (TALK.replace("then: refusal", "then: end"), [16]),
    "runs-on": (TALK.replace("    then: end\n", ""), [16]),
    "loop-of-one-line": (TALK.replace("then: thanks", "then: papers"), [12]),
    "name-twice": (TALK.replace("name: thanks", "name: papers"), [12, 20]),
    "name-is-end": (TALK.replace("name: thanks", "name: end"), [12, 20]),
    "weight-of-zero": (TALK.replace("weight: 3", "weight: 0"), [13]),
    "weight-misspelled": (TALK.replace("weight: 3", "wieght: 3"), [13]),
    "then-and-branches": (TALK.replace("    branches:", "    then: end\n    branches:"), [10]),
    "kind-unknown": (TALK.replace("对话", "谈话"), [3]),
    "address-in-latin": (TALK.replace("[先生]", "[x]"), [4]),
    "covers-no-row": (TALK + "covers: [papers]\n", [23]),
    "origin-unknown": (TALK + "origin: mine\n", [23]),
    "lines-and-swaps": (TALK + "swaps: all\n", [23, 23]),
    "ten-branches": (TALK.replace("    branches:\n", "    branches:\n" + 8 * MORE), [22]),
}
"""Conversations with a mistake, each with the lines that it is told of."""


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_of_a_conversation_are_named_with_their_line(tmp_path: Path, name: str) -> None:
    text, lines = MISTAKES[name]
    found = problems(tmp_path, text, "talk.yaml")
    assert [re.match(r"talk\.yaml:(\d+): .", f)[1] for f in found] == [*map(str, lines)], found


def test_mistakes_of_a_conversation_are_told_in_plain_words(
    language: str,
    practice: Practice,
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # how lines are wrapped must not hang on where the test runs
    for name, (text, _lines) in MISTAKES.items():
        write(tmp_path / "mistakes", text, f"{name}.yaml")
    done = practice("check", "--prompts", "mistakes")
    assert done.returncode == 1
    golden("check-mistakes-of-conversations", done.stdout + done.stderr)


def test_swaps_are_made_of_the_banned_phrases(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/banned.yaml").write_text(
        "banned:\n  - 禁语: 不知道\n    程度: 严重\n    还有: [我不清楚]\n"
        "    改说: 【对不起|道歉】，我帮【您|敬称】问一下。\n",
        "utf-8",
    )
    text = "title: 禁语改说\nwhen: 随时\nkind: 禁语\nswaps: all\n"
    assert problems(tmp_path, text, "swap.yaml") == []
    (line,) = prompts.load(tmp_path, "swap").lines
    assert line.instead_of == "不知道"
    assert line.script == "对不起，我帮您问一下。"
    assert [e.text for e in line.wordings[0].elements] == ["对不起", "您"]
    (phrase,) = prompts.load_banned(tmp_path)
    assert phrase.severity is Severity.SEVERE
    assert phrase.instead == "对不起，我帮您问一下。"
    (tmp_path / "rules/banned.yaml").unlink()
    (found,) = problems(tmp_path, text, "swap.yaml")
    assert found.startswith("swap.yaml:4: ")
    golden("check-no-phrases-to-swap", found)


def test_mistakes_of_banned_phrases(language: str, golden: Golden, tmp_path: Path) -> None:
    told = []
    for entry, line in (
        ("instead: 【对不起|道歉", 3),
        ("instead: 好的\n    severity: bad", 4),
        ("instead: 好的\n    also: [不知道]", 4),
    ):
        text = f"banned:\n  - phrase: 不知道\n    {entry}\n"
        (found,) = problems(tmp_path, text, "rules/banned.yaml")
        assert found.startswith(f"rules/banned.yaml:{line}: ")
        told.append(found)
    golden("check-mistakes-of-banned-phrases", "\n".join(told))


def test_exam_books(language: str, golden: Golden, tmp_path: Path) -> None:
    for scenario in ("farewell", "reception"):
        source = ROOT / "prompts" / f"{scenario}.yaml"
        text = re.sub("^covers:.*\n", "", source.read_text("utf-8"), flags=re.MULTILINE)
        (tmp_path / f"{scenario}.yaml").write_text(text, "utf-8")
    good = "title: 基础\npass: 85\nitems: [farewell, reception/2, reception]\n"
    assert problems(tmp_path, good, "books/basics.yaml") == []
    book = prompts.load_book(tmp_path, "basics")
    assert [(s.id, n) for s, n in book.items] == [
        ("farewell", 1),
        ("reception", 2),
        ("reception", 1),
    ]  # a line that is asked for twice is asked once
    assert book.pass_mark == 85
    with pytest.raises(PromptError, match="basic") as refused:
        prompts.load_book(tmp_path, "basic")
    told = [str(refused.value)]
    for item in ("farwell", "farewell/2", "farewell/"):
        (found,) = problems(tmp_path, good.replace("farewell", item), "books/basics.yaml")
        assert found.startswith("books/basics.yaml:3: ")
        told.append(found)
    golden("check-mistakes-of-exam-books", "\n".join(told))


def test_rows_of_the_standard(language: str, golden: Golden, tmp_path: Path) -> None:
    text = "rows:\n  - id: a\n    section: '2'\n    title: 送宾\n    words: 再见\n"
    assert problems(tmp_path, text, "rules/standard.yaml") == []
    (row,) = prompts.load_standard(tmp_path)
    assert (row.id, row.section, row.words) == ("a", "2", "再见")
    (found,) = problems(tmp_path, text + text.removeprefix("rows:\n"), "rules/standard.yaml")
    assert found.startswith("rules/standard.yaml:6: ")
    golden("check-row-twice", found)
