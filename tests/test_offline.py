"""Nothing leaves the machine: no name is looked up, no address is tried, no file lies elsewhere.

The commands run as a user starts them, under a tracer that writes down their system calls.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import CLIPS, COMMAND, ROOT, Installed, heed_ctrl_c, need
from in_process import Practice

CALLS = (
    "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat"
)
_ADDRESS = re.compile(r"sin6?_addr=\w*\(?(?:AF_INET6, )?\"([^\"]+)\"|inet_addr\(\"([^\"]+)\"\)")
_PATHS = re.compile(r'"([^"]+)"')
_MAKES = re.compile(r"O_CREAT|^\d+ +(?:creat|mkdir|rename|link|symlink)")


@dataclass
class Trace:
    """Where a command turned to: addresses beyond this machine, and files that it made."""

    addresses: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)

    def read(self, log: Path, cwd: Path) -> None:
        for line in log.read_text("utf-8", "replace").splitlines():
            if "AF_INET" in line:
                found = {a or b for a, b in _ADDRESS.findall(line)} or {line}
                self.addresses |= {a for a in found if not a.startswith("127.") and a != "::1"}
            elif _MAKES.search(line) and " = -1 " not in line:
                # The new name is the last of a call that has two.
                path = _PATHS.findall(line)[-1].encode().decode("unicode_escape")
                self.files.add(cwd / path.encode("latin-1").decode())


@dataclass
class Tracer:
    """Runs the command in an empty home; ``trace`` has what it did."""

    installed: Installed
    folder: Path
    trace: Trace = field(default_factory=Trace)

    def command(self, *args: str | Path) -> list[str]:
        log = self.folder / "calls.txt"
        strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={CALLS}", "-o", str(log)]
        return [*strace, COMMAND, *map(str, args)]

    @property
    def options(self) -> dict[str, Any]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        env = self.installed.env | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
        return {"env": env, "cwd": self.folder, "stdin": subprocess.DEVNULL}

    def run(self, *args: str | Path) -> None:
        done = subprocess.run(
            self.command(*args), capture_output=True, text=True, check=False, **self.options
        )
        assert done.returncode == 0, done.stderr
        self.trace.read(self.folder / "calls.txt", self.folder)

    def nothing_left(self) -> None:
        """Assert that only this machine was asked, and only the program's own folders changed."""
        assert self.trace.addresses == set()
        home, env = self.installed.home, self.installed.env
        ours = [
            Path(env["PRACTICE_RECORDINGS"]),
            home / ".local/share/practice",
            home / ".config/practice",
            home / ".cache/practice",
            self.folder / "tmp",
            self.folder / "out",
            Path("/dev"),
        ]
        parents = {parent for folder in ours for parent in folder.parents}
        elsewhere = {
            file
            for file in self.trace.files - parents
            if not any(file.is_relative_to(folder) for folder in ours)
        }
        assert elsewhere == set()


@pytest.fixture
def tracer(installed: Installed, tmp_path: Path) -> Tracer:
    need("strace")
    (tmp_path / "out").mkdir()
    return Tracer(installed, tmp_path)


def test_the_tracer_sees_what_would_leave(tracer: Tracer) -> None:
    code = (
        "import socket, pathlib\n"
        "pathlib.Path('标记').touch(); pathlib.Path.home().joinpath('.x').mkdir()\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    )
    command = tracer.command()
    command[-1:] = [sys.executable, "-c", code]
    subprocess.run(command, check=True, **tracer.options)
    tracer.trace.read(tracer.folder / "calls.txt", tracer.folder)
    assert tracer.trace.addresses == {"192.0.2.1"}
    assert {tracer.folder / "标记", tracer.installed.home / ".x"} <= tracer.trace.files
    with pytest.raises(AssertionError):
        tracer.nothing_left()


def test_a_first_run_stays_on_this_machine(tracer: Tracer) -> None:
    shutil.rmtree(tracer.installed.home / ".local")  # so that the weights are unpacked, too
    tracer.run("run", "farewell", "--audio", CLIPS / "farewell.flac")
    tracer.nothing_left()
    assert tracer.installed.json("history")[0]["passed"]


def test_exports_and_pictures_stay_on_this_machine(
    tracer: Tracer, practice: Practice, three: list[str]
) -> None:
    out = tracer.folder / "out"
    for name in ("takes.csv", "takes.xlsx", "takes.json"):
        tracer.run("export", "--output", out / name)
    tracer.run("report", "王芳", "--output", out / "report.html")
    tracer.run("show-attempt", three[0], "--png", out / "take.png")
    tracer.run("bundle", "export", "-o", out / "takes.zip")
    tracer.nothing_left()
    assert len(list(out.iterdir())) == 6


def test_the_desk_stays_on_this_machine(
    tracer: Tracer, practice: Practice, three: list[str]
) -> None:
    command = tracer.command("review", "--no-browser", "--port", "0", "--as", "李老师")
    desk = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509
        **tracer.options,
    )
    try:
        assert desk.stdout is not None
        found = re.search(r"http://\S+/", desk.stdout.readline())
        assert found
        attempt = f"attempts/{three[0]}"
        for page in ("", attempt, f"{attempt}/audio", f"{attempt}/picture.svg", "people"):
            with urllib.request.urlopen(found[0] + page, timeout=60) as answer:
                assert answer.status == 200
    finally:
        # The command itself: its tracer would keep the signal.
        (served,) = Path(f"/proc/{desk.pid}/task/{desk.pid}/children").read_text().split()
        os.kill(int(served), signal.SIGINT)
        assert desk.wait(30) == 0
    tracer.trace.read(tracer.folder / "calls.txt", tracer.folder)
    tracer.nothing_left()


def test_the_privacy_page_names_every_folder() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    for folder in ("~/.local/share/practice", "~/.config/practice", "~/.cache/practice"):
        assert folder in text
