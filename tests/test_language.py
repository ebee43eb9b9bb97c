"""The language of the whole command: chosen, Click's own words included, and laid out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from babel.messages.pofile import read_po
from conftest import COMMAND, ROOT, Golden
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice, machine
from rich.cells import cell_len

import cli
from cli import lang_first
from practice import i18n
from practice.errors import PromptError
from practice.output.layout import wrap

CLICK_PO = ROOT / "practice" / "locale" / "zh" / "LC_MESSAGES" / "click.po"


# ---- which language --------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "env", "language"),
    [
        (["show"], {}, "en"),
        (["show"], {"LC_ALL": "zh_CN.UTF-8"}, "zh"),
        (["show"], {"LC_ALL": "fr_FR.UTF-8"}, "en"),
        # Who prefers English before Chinese gets it, although it has no catalogue.
        (["show"], {"LANGUAGE": "en_US:zh_CN"}, "en"),
        (["show"], {"LANGUAGE": "fr:zh_CN"}, "zh"),
        (["show"], {"PRACTICE_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
        (["show"], {"PRACTICE_LANG": "zh-CN"}, "zh"),
        (["show"], {"PRACTICE_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        (["--lang", "zh", "show"], {"PRACTICE_LANG": "en"}, "zh"),
        (["--lang=en", "show"], {"PRACTICE_LANG": "zh", "LANGUAGE": "zh"}, "en"),
        (["show", "--lang", "zh"], {}, "zh"),
        (["--lang", "zh", "show", "--lang", "en"], {"PRACTICE_LANG": "zh"}, "en"),
    ],
)
def test_option_before_variable_before_locale(
    practice: Practice,
    golden: Golden,
    args: list[str],
    env: dict[str, str],
    language: str,
) -> None:
    del practice.env["PRACTICE_LANG"]
    done = practice(*args, env=practice.env | env)
    assert done.returncode == 2
    i18n.settle(language)
    golden("usage-show", done.stderr)


def test_an_unknown_language_is_wrong_usage(
    language: str, practice: Practice, golden: Golden
) -> None:
    for args in (["--lang", "xx", "list"], ["list", "--lang=xx"]):
        done = practice(*args)
        assert (done.returncode, done.stdout) == (2, "")
        golden("usage-unknown-language", done.stderr)


def test_the_option_needs_its_value(language: str, practice: Practice, golden: Golden) -> None:
    for args in (["--lang"], ["list", "--lang"], ["--lang", "zh", "x", "--lang"]):
        done = practice(*args)
        assert (done.returncode, done.stdout) == (2, "")
        golden("usage-no-language", done.stderr)


def test_the_option_alone_shows_the_help(practice: Practice, golden: Golden) -> None:
    done = practice("--lang", "zh")
    assert done.returncode == 0
    assert done.stdout == practice("--help", "--lang", "zh").stdout
    i18n.settle("zh")
    golden("help/practice", done.stdout)


def test_what_follows_two_hyphens_is_no_option(practice: Practice) -> None:
    practice("show", "--", "--lang").refused(PromptError, "--lang")


WORDS = st.lists(st.sampled_from(["run", "farewell", "--json", "--audio", "a.wav", "-h", "王芳"]))


@given(WORDS, WORDS, st.booleans())
def test_the_option_may_stand_anywhere(before: list[str], after: list[str], joined: bool) -> None:
    option = ["--lang=zh"] if joined else ["--lang", "zh"]
    others = [*before, *after]
    assert lang_first([*before, *option, *after]) == ["--lang", "zh", *(others or ["--help"])]
    assert lang_first(others) == others
    assert lang_first([*before, "--", *option, *after]) == [*before, "--", *option, *after]


# ---- Click's words ---------------------------------------------------------


@cache
def words_of_click() -> dict[str, str]:
    """Those of Click's words that are other ones in Chinese, and without anything to fill in."""
    with CLICK_PO.open("rb") as file:
        words = {m.id: m.string for m in read_po(file) if isinstance(m.id, str)}
    words = {k: v for k, v in words.items() if k and k != v and not re.search(r"[{%]", k)}
    assert {"Usage:", "Options", "Show this message and exit.", "required"} <= set(words)
    return words


def test_wrong_usage_is_told_in_chinese(language: str, practice: Practice, golden: Golden) -> None:
    told = []
    for args in (
        ["run"],
        ["account", "add", "李"],
        ["nonsense"],
        ["run", "farewell", "--lime", "3"],
        ["run", "farewell", "--line", "0"],
        ["run", "farewell", "--line", "一"],
        ["account", "add", "李", "--role", "boss"],
        ["show", "farewell", "thanks"],
        ["history", "--last"],
        ["list", "--json=3"],
    ):
        done = practice(*args)
        assert (done.returncode, done.stdout) == (2, "")
        if language == "zh":
            assert not [word for word in words_of_click() if word in done.stderr]
        told.append(f"$ practice {' '.join(args)}\n{done.stderr}")
    golden("usage", "\n".join(told))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with one scenario, which is soon looked through."""
    (tmp_path / "small").mkdir()
    shutil.copy(ROOT / "prompts" / "schema.json", tmp_path / "small")
    (tmp_path / "small" / "mine.yaml").write_text(
        "title: 送别\nwhen: 客户离开\nlines:\n  - cue: 起身\n    script: 【请|敬语】慢走\n", "utf-8"
    )
    return tmp_path / "small"


def test_the_systems_reasons_are_told_in_chinese(
    language: str, practice: Practice, golden: Golden, small: Path, tmp_path: Path
) -> None:
    (tmp_path / "文件").touch()
    below = tmp_path / "文件" / "x"
    done = practice("doctor", "--recordings", below, "--prompts", small)
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if str(below) in line)
    golden("doctor-recordings-below-a-file", line)


def test_the_doctor_speaks_chinese_but_not_to_programs(
    language: str,
    practice: Practice,
    golden: Golden,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=58e9))
    done = practice("doctor", "--prompts", small)
    assert done.returncode == 0
    golden("doctor", done.stdout.replace(sys.version.split()[0], "3.11.0"))
    parts = practice.json("doctor", "--prompts", small)
    assert len(parts) == len(done.stdout.splitlines())
    assert {part["level"] for part in parts} <= {"OK", "WARN", "FAIL"}
    assert {"python", "microphone", "weights"} <= {part["part"] for part in parts}


def help_pages(practice: Practice) -> dict[str, str]:
    """Every command's help."""
    with machine(practice.env, practice.recognizer, practice.sound):
        group = cli.contents()
        paths: list[list[str]] = [[]]
        for name in cli.COMMANDS:
            command = group.get_command(click.Context(group), name)
            paths.append([name])
            if isinstance(command, click.Group):
                paths += [[name, below] for below in command.commands]
    return {" ".join(path): practice(*path, "--help").stdout for path in paths}


def test_help_of_every_command(language: str, practice: Practice, golden: Golden) -> None:
    for command, page in help_pages(practice).items():
        golden(f"help/{command.replace(' ', '-') or 'practice'}", page)


def test_help_has_no_english_of_clicks(practice: Practice) -> None:
    practice.env["PRACTICE_LANG"] = "zh"
    pages = help_pages(practice)
    assert {"", "run", "account add", "model install", "voice record"} <= pages.keys()
    for command, page in pages.items():
        assert words_of_click()["Show this message and exit."] in page
        found = [word for word in (*words_of_click(), "default:") if word in page]
        assert not found, f"{command}: {found}"


def test_help_fits_eighty_cells(language: str, practice: Practice) -> None:
    for command, page in help_pages(practice).items():
        for line in page.splitlines():
            assert cell_len(line) <= 80, f"{command}: {line}"
            assert not re.match(r"\s*[，。、！？：；”’）》】]", line), f"{command}: {line}"
            assert not re.search(r"[“‘（《【]$", line), f"{command}: {line}"
        assert page.count("[") == page.count("]")
        assert not re.search(r"\[(env|环境)[^\]]*\n", page), command


def test_help_on_the_command_line_is_that_page(practice: Practice) -> None:
    args = ["account", "add", "--help", "--lang", "zh"]
    done = subprocess.run(
        [COMMAND, *args], env=practice.env, capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout == practice(*args).stdout


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
    assert "(docs/zh/trainee.md)" in chinese
    chinese = chinese.replace("docs/zh/", "docs/")  # those pages are there in both
    for what in (
        r"(?m)^    \S.*$",  # commands on lines of their own
        r"`(\S[^`\n]*)`",  # and in the text
        r"\d[\d.]*\d|\d",  # figures
        r"\]\((?!README)([^)]+)\)",  # links
    ):
        assert sorted(re.findall(what, english)) == sorted(re.findall(what, chinese)), what
    assert "](README.zh.md)" in english
    assert "](README.md)" in chinese
