"""The catalogues have every message, with the same placeholders; what lacks is told."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from practice import catalogue

CHINESE = Path("practice", "locale", "zh", "LC_MESSAGES")


def test_every_message_is_translated_with_its_placeholders() -> None:
    found = list(catalogue.messages(ROOT))
    assert len(found) > 150
    assert {path.suffix for path, _line, _message in found} == {".py", ".html"}
    assert catalogue.check(ROOT) == (2, [])


def test_no_message_hides_where_extraction_does_not_look() -> None:
    for path in [ROOT / "cli.py", *(ROOT / "practice").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
                names = {function.id for function in calls if isinstance(function, ast.Name)}
                assert not names & {"_", "gettext", "ngettext"}, f"{path}:{node.lineno}"


HEADER = 'msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
GOOD = """msgid "It is {n}."
msgstr "是 {n}。"

msgid "one take"
msgid_plural "{n} takes"
msgstr[0] "{n} 次"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with a few messages, all translated."""
    (tmp_path / CHINESE).mkdir(parents=True)
    (tmp_path / "cli.py").write_text('_("It is {n}.")\n')
    (tmp_path / "practice" / "some.py").write_text(
        '\nngettext(\n    "one take",\n    "{n} takes",\n    n,\n)\n'
    )
    write(tmp_path, GOOD)
    return tmp_path


def write(checkout: Path, text: str, name: str = "practice") -> Path:
    path = checkout / CHINESE / f"{name}.po"
    path.write_text(HEADER + text, "utf-8")
    return path


def test_a_complete_catalogue(checkout: Path) -> None:
    assert catalogue.check(checkout) == (1, [])


def test_a_missing_message_is_told_with_its_place_in_the_source(checkout: Path) -> None:
    path = write(checkout, "")
    source = checkout / "practice" / "some.py"
    assert catalogue.check(checkout)[1] == [
        f"{source}:3: “one take” is missing in {path}.",
        f"{checkout / 'cli.py'}:1: “It is {{n}}.” is missing in {path}.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ('"是 {n}。"', '""', 4, "has no translation"),
        ('msgid "It', '#, fuzzy\nmsgid "It', 5, "has no translation"),
        ('"{n} 次"', '""', 7, "has no translation"),
        ("是 {n}", "是 {m}", 4, "has other placeholders"),
        ("是 {n}", "是 {n:.0f}", 4, "has other placeholders"),
        # The only form serves every number.
        ('"{n} 次"', '"一次"', 7, "has other placeholders"),
        ("msgid_plural", "plural", 8, "Not readable"),
    ],
)
def test_a_faulty_translation_is_told_with_its_line(
    checkout: Path, old: str, new: str, line: int, told: str
) -> None:
    assert old in GOOD
    path = write(checkout, GOOD.replace(old, new))
    (mistake,) = catalogue.check(checkout)[1]
    assert mistake.startswith(f"{path}:{line}: ")
    assert told in mistake


def test_a_catalogue_in_another_encoding_is_told(checkout: Path) -> None:
    path = write(checkout, GOOD)
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    (mistake,) = catalogue.check(checkout)[1]
    assert mistake.startswith(f"{path}:1: Not readable")


def test_clicks_catalogue_is_looked_at_as_well(checkout: Path) -> None:
    path = write(checkout, 'msgid "No {name!r}, %(prog)s"\nmsgstr "没有 {name!r}"\n', "click")
    files, (mistake,) = catalogue.check(checkout)
    assert files == 2
    assert mistake.startswith(f"{path}:4: ")


def test_practice_check_names_what_lacks_in_a_checkout(tmp_path: Path) -> None:
    for name in ("practice", "prompts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("cli.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    path = tmp_path / CHINESE / "practice.po"
    text = path.read_text("utf-8")
    path.write_text(text.replace('msgstr "列出情景。"', 'msgstr ""'), "utf-8")
    line = next(
        number
        for number, words in enumerate(text.splitlines(), 1)
        if words == 'msgid "List the scenarios."'
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("PRACTICE_")}

    def check(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: PLW1510 - the exit code is looked at
            [sys.executable, "-m", "cli", "--lang", "en", "check", *args],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    done = check()
    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert f"{path}:{line}: “List the scenarios.” has no translation." in told
    # A folder of one's own is looked at by itself.
    own = shutil.copytree(tmp_path / "prompts", tmp_path / "own")
    assert "no translation" not in check("--prompts", str(own)).stdout
