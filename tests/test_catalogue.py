"""The catalogues have every message, with the same placeholders; what lacks is told."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Golden
from in_process import Practice

from practice import paths as places
from practice.commands import catalogue

CHINESE = Path("practice", "locale", "zh", "LC_MESSAGES")


def test_every_message_is_translated_with_its_placeholders() -> None:
    found = list(catalogue.messages(ROOT))
    assert len(found) > 150
    assert {path.suffix for path, _line, _message in found} == {".py", ".html"}
    assert catalogue.check(ROOT) == (2, [])


@pytest.mark.slow
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


def test_a_missing_message_is_told_with_its_place_in_the_source(
    language: str, golden: Golden, checkout: Path
) -> None:
    path = write(checkout, "")
    mistakes = catalogue.check(checkout)[1]
    assert [text.split(": ")[0] for text in mistakes] == [
        f"{checkout / 'practice' / 'some.py'}:3",
        f"{checkout / 'cli.py'}:1",
    ]
    assert "one take" in mistakes[0]
    assert "It is {n}." in mistakes[1]
    assert all(str(path) in text for text in mistakes)
    golden("check-catalogue-missing", "\n".join(mistakes))


def test_a_faulty_translation_is_told_with_its_line(
    language: str, golden: Golden, checkout: Path
) -> None:
    told = []
    for old, new, line in (
        ('"是 {n}。"', '""', 4),
        ('msgid "It', '#, fuzzy\nmsgid "It', 5),
        ('"{n} 次"', '""', 7),
        ("是 {n}", "是 {m}", 4),
        ("是 {n}", "是 {n:.0f}", 4),
        # The only form serves every number.
        ('"{n} 次"', '"一次"', 7),
        ("msgid_plural", "plural", 8),
    ):
        assert old in GOOD
        path = write(checkout, GOOD.replace(old, new))
        (mistake,) = catalogue.check(checkout)[1]
        assert mistake.startswith(f"{path}:{line}: ")
        told.append(mistake)
    golden("check-catalogue-faulty", "\n".join(told))


def test_a_catalogue_in_another_encoding_is_told(
    language: str, golden: Golden, checkout: Path
) -> None:
    path = write(checkout, GOOD)
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    (mistake,) = catalogue.check(checkout)[1]
    assert mistake.startswith(f"{path}:1: ")
    golden("check-catalogue-no-utf-8", mistake)


def test_clicks_catalogue_is_looked_at_as_well(checkout: Path) -> None:
    path = write(checkout, 'msgid "No {name!r}, %(prog)s"\nmsgstr "没有 {name!r}"\n', "click")
    files, (mistake,) = catalogue.check(checkout)
    assert files == 2
    assert mistake.startswith(f"{path}:4: ")
    assert "没有 {name!r}" in mistake


def test_practice_check_names_what_lacks_in_a_checkout(
    language: str,
    practice: Practice,
    golden: Golden,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (checkout / "pyproject.toml").touch()
    (checkout / "prompts").mkdir()
    (checkout / "prompts" / "mine.yaml").write_text(
        "title: 送别\nwhen: 客户离开\nlines:\n  - cue: 起身\n    script: 【请|敬语】慢走\n", "utf-8"
    )
    monkeypatch.chdir(checkout)  # how lines are wrapped must not hang on where the test runs
    monkeypatch.setattr(places, "_PACKAGE", Path("practice"))
    del practice.env["PRACTICE_PROMPTS"]
    assert practice("check").returncode == 0
    write(checkout, GOOD.replace('"是 {n}。"', '""'))
    done = practice("check")
    assert done.returncode == 1
    assert f"{CHINESE / 'practice.po'}:4: " in done.stdout
    golden("check-checkout", done.stdout + done.stderr)
    # A folder of one's own is looked at by itself.
    shutil.copytree("prompts", "own")
    assert practice("check", "--prompts", checkout / "own").returncode == 0
