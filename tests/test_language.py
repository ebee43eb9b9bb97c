"""The language of the whole command: chosen, Click's own words included, and laid out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from conftest import ROOT, Practice
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli import lang_first
from practice.report.wrap import wrap

CLICK_PO = ROOT / "practice" / "locale" / "zh" / "LC_MESSAGES" / "click.po"
CHINESE, ENGLISH = "缺少参数", "Missing argument"


# ---- which language --------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["show"], {}, ENGLISH),
        (["show"], {"LC_ALL": "zh_CN.UTF-8"}, CHINESE),
        (["show"], {"LC_ALL": "fr_FR.UTF-8"}, ENGLISH),
        # Who prefers English before Chinese gets it, although it has no catalogue.
        (["show"], {"LANGUAGE": "en_US:zh_CN"}, ENGLISH),
        (["show"], {"LANGUAGE": "fr:zh_CN"}, CHINESE),
        (["show"], {"PRACTICE_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, CHINESE),
        (["show"], {"PRACTICE_LANG": "zh-CN"}, CHINESE),
        (["show"], {"PRACTICE_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, ENGLISH),
        (["--lang", "zh", "show"], {"PRACTICE_LANG": "en"}, CHINESE),
        (["--lang=en", "show"], {"PRACTICE_LANG": "zh", "LANGUAGE": "zh"}, ENGLISH),
        (["show", "--lang", "zh"], {}, CHINESE),
        (["--lang", "zh", "show", "--lang", "en"], {"PRACTICE_LANG": "zh"}, ENGLISH),
    ],
)
def test_option_before_variable_before_locale(
    bare_practice: Practice, args: list[str], env: dict[str, str], said: str
) -> None:
    done = bare_practice(*args, env=bare_practice.env | env)
    assert done.returncode == 2
    assert f"{said} 'SCENARIO'" in done.stderr


@pytest.mark.parametrize("args", [["--lang", "xx", "list"], ["list", "--lang=xx"]])
def test_an_unknown_language_is_wrong_usage(bare_practice: Practice, args: list[str]) -> None:
    done = bare_practice(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "'xx' is not one of 'en', 'zh'" in done.stderr


@pytest.mark.parametrize("args", [["--lang"], ["list", "--lang"], ["--lang", "zh", "x", "--lang"]])
def test_the_option_needs_its_value(bare_practice: Practice, args: list[str]) -> None:
    done = bare_practice(*args)
    assert done.returncode == 2
    assert "Option '--lang' requires an argument." in done.stderr


def test_the_option_alone_shows_the_help(bare_practice: Practice) -> None:
    done = bare_practice("--lang", "zh")
    assert done.returncode == 0
    assert done.stdout == bare_practice("--help", "--lang", "zh").stdout
    assert "列出情景。" in done.stdout


def test_what_follows_two_hyphens_is_no_option(bare_practice: Practice) -> None:
    done = bare_practice("show", "--", "--lang")
    assert done.returncode == 1
    assert "“--lang”" in done.stderr


WORDS = st.lists(st.sampled_from(["run", "farewell", "--json", "--audio", "a.wav", "-h", "王芳"]))


@given(WORDS, WORDS, st.booleans())
def test_the_option_may_stand_anywhere(before: list[str], after: list[str], joined: bool) -> None:
    option = ["--lang=zh"] if joined else ["--lang", "zh"]
    others = [*before, *after]
    assert lang_first([*before, *option, *after]) == ["--lang", "zh", *(others or ["--help"])]
    assert lang_first(others) == others
    assert lang_first([*before, "--", *option, *after]) == [*before, "--", *option, *after]


# ---- Click's words ---------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["run"], "缺少参数 'SCENARIO'"),
        (["account", "add", "李"], "缺少选项 '--role'"),
        (["nonsense"], "没有命令 'nonsense'。"),
        (["run", "farewell", "--lime", "3"], "没有选项 '--lime'。 您要的是不是 '--limit'"),
        (["run", "farewell", "--line", "0"], "'--line' 的值无效：0 不在范围 x>=1 内。"),
        (["run", "farewell", "--line", "一"], "'--line' 的值无效：'一' 不是有效的数值"),
        (
            ["account", "add", "李", "--role", "boss"],
            "'--role' 的值无效：没有 'boss' 这一项，可选：'trainee'",
        ),
        (["show", "farewell", "thanks"], "多出的参数（thanks）"),
        (["history", "--last"], "选项 '--last' 需要带 1 个值。"),
        (["list", "--json=3"], "选项 '--json' 不带值。"),
    ],
)
def test_wrong_usage_is_told_in_chinese(
    bare_practice: Practice, args: list[str], said: str
) -> None:
    done = bare_practice("--lang", "zh", *args)
    assert done.returncode == 2
    assert f"错误：{said}" in done.stderr
    for english in ("Usage", "Try", "Error"):
        assert english not in done.stderr


def test_the_systems_reasons_are_told_in_chinese(bare_practice: Practice, tmp_path: Path) -> None:
    (tmp_path / "文件").touch()
    done = bare_practice("doctor", "--recordings", tmp_path / "文件" / "x", "--lang", "zh")
    assert done.returncode == 1
    assert "：这不是文件夹。" in done.stdout


def test_the_doctor_speaks_chinese_but_not_to_programs(bare_practice: Practice) -> None:
    lines = bare_practice("doctor", "--lang", "zh").stdout.splitlines()
    assert lines[0].startswith("正常  Python：")
    assert all(re.match(r"(正常|注意|故障)  \w+：", line) for line in lines)
    found = bare_practice("doctor", "--lang", "zh", "--json").stdout.splitlines()
    parts = [json.loads(line) for line in found]
    assert {part["level"] for part in parts} <= {"OK", "WARN", "FAIL"}
    assert {"python", "microphone", "weights"} <= {part["part"] for part in parts}


WALK = """
import json, sys
import click
import cli
from contextlib import redirect_stdout
from io import StringIO
from practice.i18n import settle

def pages(command, path):
    with redirect_stdout(StringIO()) as page:
        cli.contents().main([*path, "--help"], "practice", standalone_mode=False)
    yield " ".join(path), page.getvalue()
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from pages(command.get_command(None, name), [*path, name])

settle(sys.argv[1])
json.dump(dict(pages(cli.contents(), [])), sys.stdout)
"""


@cache
def help_pages(language: str) -> dict[str, str]:
    """Every command's help."""
    done = subprocess.run(
        [sys.executable, "-c", WALK, language],
        env={"COLUMNS": "80", "PATH": "", "HOME": "/nowhere", "PYTHONUTF8": "1"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    pages: dict[str, str] = json.loads(done.stdout)
    return pages


def test_help_has_no_english_of_clicks() -> None:
    with CLICK_PO.open("rb") as file:
        words = [m.id for m in read_po(file) if isinstance(m.id, str) and m.id != m.string]
    words = [word for word in words if word and not re.search(r"[{%]", word)] + ["default:"]
    assert {"Usage:", "Options", "Show this message and exit.", "required"} <= set(words)
    pages = help_pages("zh")
    assert {"", "run", "account add", "model install"} <= pages.keys()
    for command, page in pages.items():
        assert "显示本帮助后退出。" in page
        found = [word for word in words if word in page]
        assert not found, f"{command}: {found}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_fits_eighty_cells(language: str) -> None:
    for command, page in help_pages(language).items():
        for line in page.splitlines():
            assert cell_len(line) <= 80, f"{command}: {line}"
            assert not re.match(r"\s*[，。、！？：；”’）》】]", line), f"{command}: {line}"
            assert not re.search(r"[“‘（《【]$", line), f"{command}: {line}"
        assert page.count("[") == page.count("]")
        assert not re.search(r"\[(env|环境)[^\]]*\n", page), command


def test_help_on_the_command_line_is_that_page(bare_practice: Practice) -> None:
    done = bare_practice("account", "add", "--help", "--lang", "zh")
    assert done.stdout == help_pages("zh")["account add"]


# ---- laying out ------------------------------------------------------------


# Heaps of punctuation, which clings to its word, are no text.
HEAP = re.compile(r"[，。！？“”（）《》]{4}| {5}")
TEXT = (
    st.lists(
        st.sampled_from(
            [
                *"请慢走，欢迎下次光临。！？“”（）《》 ",
                " ",
                "practice",
                "`run`",
                " [env: A_B]",
                " [默认：1.5]",
            ]
        ),
        max_size=60,
    )
    .map("".join)
    .filter(lambda text: not HEAP.search(text))
)


@given(TEXT, st.integers(30, 80), st.integers(0, 8))
def test_wrapping_changes_nothing_but_lines(text: str, width: int, indent: int) -> None:
    wrapped = wrap(text, width, indent)
    assert re.sub(r"\s", "", wrapped) == re.sub(r"\s", "", text)
    for line in wrapped.split("\n"):
        # A single word may be longer than any line.
        assert cell_len(line) <= width or " " not in line.strip()
    for word in ("practice", "`run`", "[env: A_B]", "[默认：1.5]"):
        assert wrapped.count(word) == text.count(word)


# ---- the first page --------------------------------------------------------


def test_the_first_page_says_the_same_in_both_languages() -> None:
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
    assert "(docs/scenarios.zh.md)" in chinese
    chinese = chinese.replace("scenarios.zh.md", "scenarios.md")  # that page is there in both
    for what in (
        r"(?m)^    \S.*$",  # commands on lines of their own
        r"`(\S[^`\n]*)`",  # and in the text
        r"\d[\d.]*\d|\d",  # figures
        r"\]\((?!README)([^)]+)\)",  # links
    ):
        assert sorted(re.findall(what, english)) == sorted(re.findall(what, chinese)), what
    assert "](README.zh.md)" in english
    assert "](README.md)" in chinese
