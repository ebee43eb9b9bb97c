"""What an installed wheel holds."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Golden


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
        "practice/scenarios/templates/scenario.zh.yaml",
        "practice/scenarios/templates/conversation.en.yaml",
        "practice/locale/zh/LC_MESSAGES/practice.mo",
        "practice/locale/zh/LC_MESSAGES/click.mo",
        "practice/store/migrations/versions/v0001_attempts.py",
        "practice/store/migrations/versions/v0002_reviews.py",
        "practice/store/migrations/versions/v0003_settings_observations.py",
        "practice/web/templates/attempt.html",
        "practice/web/static/review.js",
        "practice/output/export/templates/exam.html",
        "practice/output/export/templates/report.html",
        "practice/output/export/templates/report.css",
    } <= names
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if "dist-info" not in t} == {"cli.py", "practice"}
