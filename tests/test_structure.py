"""The directions in which modules may import, and what an installed wheel holds."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Golden

# Who may import what below `practice`; a package's name stands for its modules.
ALLOWED = {
    "catalogue": {"i18n"},
    "errors": {"i18n"},
    "i18n": set(),
    "places": set(),
    "visible": set(),
    "settings": {"errors", "i18n"},
    "core": {"core"},
    "prompts": {"prompts", "core", "errors", "i18n", "visible"},
    "takes": {"core", "errors", "i18n"},
    "speech": {"speech", "core", "errors", "i18n"},
    "store": {"store", "core", "errors", "i18n"},
    "drill": {"core"},
    "fonts": {"errors", "i18n"},
    "figures": {"places"},
    "progress": {"core", "figures", "fonts", "i18n", "report", "visible"},
    "picture": {"core", "errors", "figures", "fonts", "i18n", "report", "speech", "visible"},
    "assess": {"core", "speech"},
    "ahead": {"assess", "core", "errors", "speech"},
    "session": {"ahead", "assess", "core", "errors", "i18n", "speech", "store", "takes"},
    "voices": {"core", "errors", "i18n", "prompts", "speech"},
    "readings": {"assess", "core", "errors", "prompts", "speech", "voices"},
    "playback": {"core", "errors", "session", "speech", "voices"},
    "conversation": {"core", "errors", "i18n", "session"},
    "batch": {"assess", "core", "errors", "i18n", "session", "speech", "takes"},
    "pack": {"pack", "core", "errors", "i18n", "speech", "store", "takes", "visible"},
    "removal": {"core", "errors", "i18n", "settings", "store", "takes"},
    "report": {"report", "core", "drill", "errors", "i18n", "session", "speech", "visible"},
    "review": {
        "review", "core", "errors", "export", "i18n", "picture", "progress", "readings", "report",
        "speech", "store", "visible",
    },
    "export": {"export", "core", "errors", "i18n", "progress", "report", "speech", "store"},
    "commands": {
        "assess", "batch", "catalogue", "commands", "conversation", "core", "drill", "errors",
        "export", "i18n", "pack", "places", "picture", "playback", "progress", "prompts",
        "readings", "removal", "report", "review", "session", "settings", "speech", "store",
        "takes", "visible", "voices",
    },
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "practice":
                names |= {f"practice.{alias.name}" for alias in node.names}
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {m[1] for name in names if (m := re.match(r"practice\.(\w+)", name))}


def test_modules_import_in_one_direction() -> None:
    for path in (ROOT / "practice").rglob("*.py"):
        parts = path.relative_to(ROOT / "practice").with_suffix("").parts
        if parts == ("__init__",):
            continue
        excess = imported(path) - ALLOWED[parts[0]]
        assert not excess, f"{path.name} imports {excess}"


def test_core_does_no_input_or_output() -> None:
    for path in (ROOT / "practice" / "core").glob("*.py"):
        text = path.read_text("utf-8")
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not names & {"os", "sys", "pathlib", "time", "click", "rich", "logging"}, path
        assert "open(" not in text, path
        assert "print(" not in text, path


def test_only_align_imports_jiwer() -> None:
    users = [
        p.name for p in (ROOT / "practice").rglob("*.py") if "import jiwer" in p.read_text("utf-8")
    ]
    assert users == ["align.py"]


@pytest.mark.slow
def test_wheel_holds_what_it_needs_and_works_away_from_the_checkout(
    golden: Golden, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True
    )
    (wheel,) = tmp_path.glob("practice-*.whl")
    assert_holds_what_it_needs(wheel)

    home = tmp_path / "venv"
    # The libraries are those of this environment; only practice itself comes from the wheel.
    venv.create(home, with_pip=False)
    (site,) = home.glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    ours = next(p for p in sys.path if p.endswith("site-packages"))
    run = f"import sys; sys.path.append({ours!r}); import cli; sys.argv[0] = 'practice'; cli.main()"
    env = {"HOME": str(tmp_path), "PATH": "", "LC_ALL": "C.UTF-8"}

    def practice(*args: str) -> str:
        command = [str(home / "bin/python"), "-c", run, *args]
        done = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "farewell" in practice("list")
    history = practice("history")
    assert ".local/share/practice/recordings" in history
    golden("wheel-history", history)


def assert_holds_what_it_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "cli.py",
        "practice/py.typed",
        "practice/prompts_bundled/farewell.yaml",
        "practice/prompts_bundled/rules/banned.yaml",
        "practice/prompts_bundled/schema.json",
        "practice/prompts/templates/scenario.zh.yaml",
        "practice/prompts/templates/conversation.en.yaml",
        "practice/locale/zh/LC_MESSAGES/practice.mo",
        "practice/locale/zh/LC_MESSAGES/click.mo",
        "practice/store/migrations/versions/v0001_attempts.py",
        "practice/store/migrations/versions/v0002_reviews.py",
        "practice/store/migrations/versions/v0003_settings_observations.py",
        "practice/review/templates/attempt.html",
        "practice/review/static/review.js",
        "practice/export/templates/exam.html",
        "practice/export/templates/report.html",
        "practice/export/templates/report.css",
    } <= names
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if "dist-info" not in t} == {"cli.py", "practice"}
