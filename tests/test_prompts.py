"""Scenarios as trainers write them: what is accepted, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, Practice
from rich.cells import cell_len

from practice import prompts
from practice.errors import PromptError

GOOD = """\
title: 送别
when: 客户离开
lines:
  - cue: 客户起身。
    script: 【请|敬语】慢走。
"""


def problems(tmp_path: Path, text: str | bytes, name: str = "mine.yaml") -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(raw)
    _files, found = prompts.check(tmp_path)
    return [str(p).removeprefix(str(tmp_path) + "/") for p in found]


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
    assert scripts["sendoff", 1] == "欢迎下次光临，再见。"
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


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("title: 送别\n", ""), 1, "“title” (标题) is missing"),
        (GOOD.replace("when", "wen"), 2, "Did you mean “when”"),
        (GOOD.replace("【请|敬语】", "【请】"), 5, "no kind"),
        (GOOD.replace("敬语", "敬雨"), 5, "no kind of courtesy"),
        (GOOD.replace("】", ""), 5, "no partner"),
        (GOOD.replace("慢走", "{业务}"), 5, "has no values"),
        (GOOD.replace("【请|敬语】慢走。", "……"), 5, "no Chinese to say"),
        (GOOD.replace("请|", "！|"), 5, "nothing to say"),
        (GOOD.replace("    script: 【请|敬语】慢走。\n", ""), 4, "“script” (话术) is missing"),
        (GOOD.replace("客户起身。", ""), 4, "empty"),
        (GOOD + "    script: 再见\n", 6, "twice"),
        (GOOD + "extra: 1\n", 6, "unknown"),
        ("title: [\n", 2, "not valid YAML"),
        ("title: 送别: 客户\n", 1, "not expected here"),
        ("- a\n- b\n", 1, "list of keys"),
        ("", 1, "is empty"),
        (GOOD.replace("title: 送别", "title：送别"), 1, "full-width colon"),
        (GOOD.replace("  - cue", "\t- cue"), 4, "a tab"),
        (GOOD.replace("【请|敬语】", "［请|敬语］"), 5, "stands here"),
        (GOOD.replace("【请|敬语】", "【{业务}|敬语】"), 5, "slot inside"),
        (GOOD.replace("请|敬语", "请/！|敬语"), 5, "nothing to say"),
        (GOOD.replace("起身", "{没有}"), 4, "no values"),
        (GOOD + "slots:\n  业务: [过户]\n", 7, "not used"),
        (GOOD.replace("慢走", "{业务}") + "slots:\n  业务: [【过户|敬语】]\n", 7, "plain words"),
        (GOOD + "    also: [慢走]\n", 6, "not marked"),
        (GOOD + "readings:\n  慢走: màn\n", 7, "does not read"),
        (GOOD + "readings:\n  慢走: 慢 走\n", 7, "does not read"),
        (GOOD.replace("送别\n", "&a 送别\n") + "role: *a\n", 1, "not used here"),
        ("title: &a [*a]\n", 1, "not used here"),
        ("a: " + "[" * 5000, 1, "lists within lists"),
        (GOOD.replace("送别", "送\u202e别"), 1, "invisible"),
        (GOOD.split("lines", maxsplit=1)[0] + "lines: 再见\n", 3, "must be a list"),
        (GOOD.split("lines", maxsplit=1)[0] + "lines: []\n", 3, "empty"),
        (GOOD.replace("title: 送别", "title: [a]"), 1, "must be a text"),
        ("title: 送别\nwhen:客户离开\n", 2, "a colon and a space"),
        ('title: "送别\nwhen: 客户离开\n', 1, "quotation mark is not closed"),
        ('title: "送"别\nwhen: 客户离开\n', 1, "nothing after it"),
        ("title: @送别\n", 1, "cannot begin with this sign"),
        ("title: 送别\nwhen: [客户，离开\nrole: 甲\n", 2, "a list in [ ] is not closed"),
        (GOOD.replace("    script", "   script"), 5, "does not fit in"),
        (GOOD.replace("- cue", "-cue"), 4, "a space is missing"),
        (GOOD.replace("title: 送别", "title: 送\t别"), 1, "invisible"),
        (GOOD.replace("cue", "que"), 4, "Did you mean “cue”"),
        (GOOD.replace("cue", "情境"), 4, "Did you mean “情景”"),
        (GOOD.replace("慢走", "{业务}") + "slots:\n  业务: [过户，入网]\n", 7, "is one value"),
        (GOOD + "address: [先生、女士]\n", 6, "no form of address"),
        (GOOD.replace("慢走", "【女士|称呼】") + "address: [先生]\n", 5, "the script says “女士”"),
        (GOOD + "readings:\n  还您: huán nín\n", 7, "stands in no script"),
        (GOOD.encode("gbk"), 1, "not UTF-8"),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    found = problems(tmp_path, text)
    assert [f for f in found if f.startswith(f"mine.yaml:{line}: ") and words in f], found


def test_file_name_must_be_an_id(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GOOD, "My Scenario.yaml")
    assert "lower-case" in found


def test_a_text_below_its_key_may_begin_like_a_key(tmp_path: Path) -> None:
    text = GOOD.replace("客户起身。", ">-\n      情景：客户起身\n      -并且：走了")
    assert problems(tmp_path, text) == []
    (found,) = problems(tmp_path, text.replace("script: ", "script："))
    assert found.startswith("mine.yaml:7: a full-width colon")


def test_two_files_of_one_id(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("mine.yml", "sub/mine.yaml", "MINE.yaml"):
        (tmp_path / name).write_text(GOOD, "utf-8")
    found = problems(tmp_path, GOOD)
    for name in ("mine.yml", "sub/mine.yaml", "MINE.yaml"):
        assert f"{name}:1: a scenario of this id is there already: mine.yaml." in " ".join(found)
    assert not [f for f in found if f.startswith("mine.yaml")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("other.YAML", "Rename it to end in .yaml"),
        ("sub/other.yaml", "Move it to"),
        ("books/basics.yml", "Rename it to end in .yaml"),
        ("rules/baned.yaml", "rules/banned.yaml"),
    ],
)
def test_files_that_nobody_reads(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(GOOD, "utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "any.yaml").touch()
    (found,) = problems(tmp_path, GOOD)
    assert found.startswith(f"{name}:1: the file is not read")
    assert words in found


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


def test_banned_phrase_in_a_script_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/banned.yaml").write_text(
        "banned:\n  - phrase: 慢走\n    instead: 再见\n", "utf-8"
    )
    (found,) = problems(tmp_path, GOOD)
    assert "asks for the banned phrase “慢走”" in found


def test_a_scenario_with_a_mistake_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("敬语", "敬雨"), "utf-8")
    with pytest.raises(PromptError, match=r"mine\.yaml:5: "):
        prompts.load(tmp_path, "mine")


def test_unknown_scenario_suggests_the_nearest(practice: Practice) -> None:
    done = practice("run", "farwell")
    assert done.returncode == 1
    assert "Did you mean “farewell”?" in done.stderr
    done = practice("show", "xyz")
    assert "practice list" in done.stderr


def test_check_command(practice: Practice, tmp_path: Path) -> None:
    done = practice("check")
    assert done.returncode == 0
    assert "No mistake" in done.stdout
    (tmp_path / "p").mkdir()
    (tmp_path / "p/mine.yaml").write_text(GOOD.replace("敬语", "敬雨"), "utf-8")
    done = practice("check", "--prompts", tmp_path / "p")
    assert done.returncode == 1
    assert "mine.yaml:5:" in done.stdout
    done = practice("check", "--prompts", tmp_path / "none")
    assert done.returncode == 1
    assert "--prompts" in done.stderr


def test_check_shows_the_line_with_the_mistake_marked(bare_practice: Practice) -> None:
    folder = bare_practice.home / "p"
    folder.mkdir()
    before = 40 * "很"
    text = GOOD.replace("【请|敬语】", f">-\n      {before}，【请|敬雨】")
    (folder / "mine.yaml").write_text(text, "utf-8")
    (folder / "dir.yaml").mkdir()
    done = bare_practice("check", "--prompts", folder)
    assert done.returncode == 1
    assert "dir.yaml:1: this is a folder" in done.stdout.replace("\n  ", " ")
    shown, mark = done.stdout.splitlines()[-2:]
    assert shown == "  6 | …很很，【请|敬雨】慢走。"
    assert mark == "    | " + " " * cell_len("…很很，【请|") + "^^^^"
    assert all(cell_len(line) <= 80 for line in done.stdout.splitlines())


def test_list_and_show(practice: Practice) -> None:
    listed = practice("list")
    assert "farewell" in listed.stdout
    assert all(len(line) <= 80 for line in listed.stdout.splitlines())
    shown = practice("show", "greeting")
    assert "【您好/早上好" in shown.stdout
    assert practice.json("show", "greeting")[0]["id"] == "greeting"
