"""Scenarios as trainers write them: what is accepted, and how mistakes are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT, Golden
from in_process import Practice
from prompt_files import problems, write
from rich.cells import cell_len

from practice import scenarios as prompts
from practice.errors import PromptError
from practice.records.kinds import CHINESE, Kind, parse_kind
from practice.scenarios.yaml_file import InvalidFileError

GOOD = """\
title: 送别
when: 客户离开
lines:
  - cue: 客户起身。
    script: 【请|敬语】慢走。
"""


def test_shipped_scenarios_have_no_mistake() -> None:
    files, found = prompts.check(ROOT / "prompts")
    assert found == []
    required = {
        "farewell", "sendoff", "reception", "greeting", "queue",
        "id-request", "id-missing", "wait", "consult", "thanks",
    }  # fmt: skip
    assert required <= set(prompts.scenario_ids(ROOT / "prompts"))
    assert files > len(required)


def test_required_wording_of_the_standard() -> None:
    scripts = {
        (s.id, n): line.script
        for s in prompts.load_all(ROOT / "prompts")[0]
        for n, line in enumerate(s.lines, 1)
    }
    assert scripts["farewell", 1] == "请慢走，欢迎下次光临。"
    assert scripts["sendoff", 1] == "谢谢您，欢迎下次光临，再见。"
    assert scripts["reception", 1] == "您好，请坐。"
    assert scripts["greeting", 1] == "您好！请问需要办理什么业务？"
    assert scripts["id-request", 1] == "请您出示一下您的证件。"
    assert scripts["id-request", 2] == "驾驶证、军警官证也可以，请问您携带了吗？"
    assert scripts["wait", 2] == "对不起，让您久等了。"
    assert scripts["id-missing", 1] == (
        "很抱歉，先生，您的证件不全，按规定不能办理过户业务，"
        "请您下次备齐证件过来办理好吗？感谢您的配合！"
    )


def test_chinese_keys_and_byte_order_mark(tmp_path: Path) -> None:
    text = "标题: 送别\n何时: 客户离开\n台词:\n  - 情景: 起身\n    话术: 【请|敬语】慢走\n"
    assert problems(tmp_path, b"\xef\xbb\xbf" + text.encode()) == []
    assert prompts.load(tmp_path, "mine").lines[0].script == "请慢走"


MISTAKES: dict[str, tuple[str | bytes, list[int]]] = {
    "no-title": (GOOD.replace("title: 送别\n", ""), [1]),
    "key-misspelled": (GOOD.replace("when", "wen"), [1, 2]),
    "element-without-kind": (GOOD.replace("【请|敬语】", "【请】"), [5]),
    "kind-misspelled": (GOOD.replace("敬语", "敬雨"), [5]),
    "bracket-not-closed": (GOOD.replace("】", ""), [5]),
    "slot-without-values": (GOOD.replace("慢走", "{业务}"), [5]),
    "script-of-signs": (GOOD.replace("【请|敬语】慢走。", "……"), [5]),
    "element-of-signs": (GOOD.replace("请|", "！|"), [5]),
    "no-script": (GOOD.replace("    script: 【请|敬语】慢走。\n", ""), [4]),
    "cue-empty": (GOOD.replace("客户起身。", ""), [4]),
    "key-twice": (GOOD + "    script: 再见\n", [6]),
    "key-unknown": (GOOD + "extra: 1\n", [6]),
    "no-yaml": ("title: [\n", [2]),
    "colon-in-text": ("title: 送别: 客户\n", [1]),
    "no-keys": ("- a\n- b\n", [1]),
    "nothing": ("", [1]),
    "wide-colon": (GOOD.replace("title: 送别", "title：送别"), [1]),
    "tab-before-line": (GOOD.replace("  - cue", "\t- cue"), [4]),
    "other-bracket": (GOOD.replace("【请|敬语】", "［请|敬语］"), [5]),
    "slot-in-element": (GOOD.replace("【请|敬语】", "【{业务}|敬语】"), [5]),
    "alternative-of-signs": (GOOD.replace("请|敬语", "请/！|敬语"), [5]),
    "slot-in-cue": (GOOD.replace("起身", "{没有}"), [4]),
    "slot-unused": (GOOD + "slots:\n  业务: [过户]\n", [7]),
    "slot-with-markup": (
        GOOD.replace("慢走", "{业务}") + "slots:\n  业务: [【过户|敬语】]\n",
        [7],
    ),
    "also-unmarked": (GOOD + "    also: [慢走]\n", [6]),
    "reading-too-short": (GOOD + "readings:\n  慢走: màn\n", [7]),
    "reading-in-characters": (GOOD + "readings:\n  慢走: 慢 走\n", [7]),
    "anchor": (GOOD.replace("送别\n", "&a 送别\n") + "role: *a\n", [1]),
    "anchor-in-itself": ("title: &a [*a]\n", [1]),
    "lists-within-lists": ("a: " + "[" * 5000, [1]),
    "invisible-character": (GOOD.replace("送别", "送\u202e别"), [1]),
    "lines-are-text": (GOOD.split("lines", maxsplit=1)[0] + "lines: 再见\n", [3]),
    "lines-empty": (GOOD.split("lines", maxsplit=1)[0] + "lines: []\n", [3]),
    "title-is-list": (GOOD.replace("title: 送别", "title: [a]"), [1]),
    "colon-without-space": ("title: 送别\nwhen:客户离开\n", [2]),
    "quotation-not-closed": ('title: "送别\nwhen: 客户离开\n', [1]),
    "quotation-too-short": ('title: "送"别\nwhen: 客户离开\n', [1]),
    "sign-before-text": ("title: @送别\n", [1]),
    "list-not-closed": ("title: 送别\nwhen: [客户，离开\nrole: 甲\n", [2]),
    "indented-less": (GOOD.replace("    script", "   script"), [5]),
    "hyphen-without-space": (GOOD.replace("- cue", "-cue"), [4]),
    "tab-in-text": (GOOD.replace("title: 送别", "title: 送\t别"), [1]),
    "cue-misspelled": (GOOD.replace("cue", "que"), [4, 4]),
    "chinese-key-misspelled": (GOOD.replace("cue", "情境"), [4, 4]),
    "wide-comma": (GOOD.replace("慢走", "{业务}") + "slots:\n  业务: [过户，入网]\n", [7]),
    "address-of-signs": (GOOD + "address: [先生、女士]\n", [6]),
    "address-of-others": (GOOD.replace("慢走", "【女士|称呼】") + "address: [先生]\n", [5]),
    "reading-unused": (GOOD + "readings:\n  还您: huán nín\n", [7]),
    "no-utf-8": (GOOD.encode("gbk"), [1]),
}
"""Files with a mistake, each with the lines that it is told of."""


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_with_their_line(tmp_path: Path, name: str) -> None:
    text, lines = MISTAKES[name]
    found = problems(tmp_path, text)
    assert [re.match(r"mine\.yaml:(\d+): .", f)[1] for f in found] == [*map(str, lines)], found


def test_mistakes_are_told_in_plain_words(
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
    golden("check-mistakes", done.stdout + done.stderr)
    assert all(cell_len(line) <= 80 for line in done.stdout.splitlines())


def test_file_name_must_be_an_id(language: str, golden: Golden, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GOOD, "My Scenario.yaml")
    assert found.startswith("My Scenario.yaml:1: ")
    golden("check-file-name", found)


def test_a_text_below_its_key_may_begin_like_a_key(tmp_path: Path) -> None:
    text = GOOD.replace("客户起身。", ">-\n      情景：客户起身\n      -并且：走了")
    assert problems(tmp_path, text) == []
    (found,) = problems(tmp_path, text.replace("script: ", "script："))
    (wide,) = problems(tmp_path, GOOD.replace("script: ", "script："))
    assert found == wide.replace("mine.yaml:5: ", "mine.yaml:7: ")


def test_two_files_of_one_id(language: str, golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("mine.yml", "sub/mine.yaml", "MINE.yaml"):
        (tmp_path / name).write_text(GOOD, "utf-8")
    found = problems(tmp_path, GOOD)
    places = [text.split(": ")[0] for text in found if "mine.yaml" in text.split(": ", 1)[1]]
    assert {"mine.yml:1", "sub/mine.yaml:1", "MINE.yaml:1"} == set(places)
    assert not [text for text in found if text.startswith("mine.yaml")]
    golden("check-one-id-twice", "\n".join(found))


def test_files_that_nobody_reads(language: str, golden: Golden, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "any.yaml").touch()
    told = []
    for name in ("other.YAML", "sub/other.yaml", "books/basics.yml", "rules/baned.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(GOOD, "utf-8")
        (found,) = problems(tmp_path, GOOD)
        assert found.startswith(f"{name}:1: ")
        told.append(found)
        path.unlink()
    golden("check-not-read", "\n".join(told))


def test_readings_of_a_script(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD + "readings:\n  慢走: màn zǒu\n") == []
    assert prompts.load(tmp_path, "mine").lines[0].readings == (("慢走", ("man4", "zou3")),)


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "dir.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "other.yml").write_text(GOOD, "utf-8")
    scenarios, found = prompts.load_all(tmp_path)
    assert [s.id for s in scenarios] == ["good"]
    assert len(found) == 2
    assert len(prompts.check(tmp_path)[1]) == 3


def test_banned_phrase_in_a_script_is_a_mistake(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    write(tmp_path / "rules", "banned:\n  - phrase: 慢走\n    instead: 再见\n", "banned.yaml")
    (found,) = problems(tmp_path, GOOD)
    assert found.startswith("mine.yaml:5: ")
    golden("check-banned-in-script", found)


def test_a_scenario_with_a_mistake_does_not_run(practice: Practice) -> None:
    write(practice.prompts, GOOD.replace("敬语", "敬雨"))
    with pytest.raises(InvalidFileError, match=r"mine\.yaml:5: "):
        prompts.load(practice.prompts, "mine")
    practice("run", "mine").refused(InvalidFileError, "mine.yaml:5: ")


def test_unknown_scenario_suggests_the_nearest(
    language: str, practice: Practice, golden: Golden
) -> None:
    near, far = practice("run", "farwell"), practice("show", "xyz")
    near.refused(PromptError, "farwell", "farewell")
    far.refused(PromptError, "xyz", "practice list")
    golden("show-no-scenario", near.stderr + far.stderr)


def test_check_command(language: str, practice: Practice, golden: Golden, tmp_path: Path) -> None:
    assert practice("check").returncode == 0
    write(tmp_path / "p", GOOD)
    good = practice("check", "--prompts", tmp_path / "p")
    assert (good.returncode, good.stderr) == (0, "")
    golden("check-good", good.stdout)
    write(tmp_path / "p", GOOD.replace("敬语", "敬雨"))
    done = practice("check", "--prompts", tmp_path / "p")
    assert done.returncode == 1
    assert "mine.yaml:5:" in done.stdout
    done = practice("check", "--prompts", tmp_path / "none")
    done.refused(PromptError, "none", "--prompts", "PRACTICE_PROMPTS")
    golden("check-no-folder", done.stderr)


def test_check_shows_the_line_with_the_mistake_marked(
    language: str,
    practice: Practice,
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # how lines are wrapped must not hang on where the test runs
    before = 40 * "很"
    write(tmp_path / "p", GOOD.replace("【请|敬语】", f">-\n      {before}，【请|敬雨】"))
    (tmp_path / "p" / "dir.yaml").mkdir()
    done = practice("check", "--prompts", "p")
    assert done.returncode == 1
    golden("check-marked", done.stdout + done.stderr)
    shown, mark = done.stdout.splitlines()[-2:]
    assert shown == "  6 | …很很，【请|敬雨】慢走。"
    assert mark == "    | " + " " * cell_len("…很很，【请|") + "^^^^"
    assert all(cell_len(line) <= 80 for line in done.stdout.splitlines())


def test_list_and_show(language: str, practice: Practice, golden: Golden) -> None:
    listed = practice("list")
    golden("list", listed.stdout)
    assert {line.split()[0] for line in listed.stdout.splitlines() if line} >= {
        *prompts.scenario_ids(practice.prompts)
    }
    assert all(cell_len(line) <= 80 for line in listed.stdout.splitlines())
    for scenario in ("farewell", "onboarding"):
        golden(f"show-{scenario}", practice("show", scenario).stdout)
    shown = practice("show", "greeting")
    assert "【您好/早上好" in shown.stdout
    assert practice.json("show", "greeting")[0]["id"] == "greeting"


def test_every_kind_has_a_chinese_name() -> None:
    assert {parse_kind(CHINESE[kind]) for kind in Kind} == set(Kind)
