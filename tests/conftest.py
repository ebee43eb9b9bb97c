"""What the tests stand on: an empty home, the real command, a microphone that can be spoken to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pexpect
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from practice import i18n, takes
from practice.core.markup import parse_script
from practice.core.models import (
    Assessment,
    Line,
    ModelInfo,
    Review,
    SpeechCheck,
    Take,
    Trainee,
    Transcript,
)
from practice.core.scoring import VERSION, score_transcript
from practice.speech import weights
from practice.store.database import now

ROOT = Path(__file__).parent.parent
CLIPS = Path(__file__).parent / "clips"
COMMAND = str(Path(sys.executable).parent / "practice")

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("practice", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("practice")

# What the tests read is English, whatever language this machine speaks.
i18n.settle("en")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper's base weights, unpacked once for all tests."""
    folder = tmp_path_factory.mktemp("models")
    weights.install(folder, "base", lambda *_: None)
    return folder


@dataclass
class Practice:
    """The command in an empty home, with recordings of its own."""

    home: Path
    env: dict[str, str]

    @property
    def recordings(self) -> Path:
        return Path(self.env["PRACTICE_RECORDINGS"])

    def __call__(self, *args: str | Path, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        kwargs = {"stdin": subprocess.DEVNULL, "env": self.env, "timeout": 300} | kwargs
        command = [COMMAND, *map(str, args)]
        return subprocess.run(  # noqa: PLW1510 - the tests look at the exit code
            command, capture_output=True, text=True, encoding="utf-8", **kwargs
        )

    def json(self, *args: str | Path, **kwargs: Any) -> list[dict[str, Any]]:
        """Run with --json and read the objects."""
        done = self(*args, "--json", **kwargs)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def bare_practice(tmp_path: Path) -> Practice:
    """The command in a home without anything, not even unpacked weights."""
    home = tmp_path / "家"  # a path with Chinese in it, as on many a Windows PC
    home.mkdir()
    # The scenarios as they are shipped, without the question that a first run asks.
    prompts = tmp_path / "话术"
    shutil.copytree(ROOT / "prompts", prompts)
    (prompts / "rules" / "consent.txt").touch()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PRACTICE_", "XDG_"))}
    env |= {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "COLUMNS": "80",
        "PRACTICE_RECORDINGS": str(tmp_path / "录音"),
        "PRACTICE_TRAINEE": "王芳",
        "PRACTICE_PROMPTS": str(prompts),
    }
    return Practice(home, env)


@pytest.fixture
def practice(bare_practice: Practice, models: Path) -> Practice:
    """The command in an empty home, with the weights unpacked."""
    place = bare_practice.home / ".local/share/practice/models"
    place.mkdir(parents=True)
    for file in models.iterdir():
        os.link(file, place / file.name)
    return bare_practice


def need(*programs: str) -> None:
    """Ask for programs: where they are missing a person may skip, CI may not."""
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        message = f"{', '.join(missing)} not installed; sh .ci/test installs what is needed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def postgres_programs() -> Path | None:
    """Where Debian's package puts the server's programs, which are not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own; gives the address of its cluster."""
    programs = postgres_programs()
    if programs is None:
        message = "postgresql not installed; sh .ci/test installs what is needed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    # Not below pytest's folder: the server refuses to run as root, and its user may not
    # look into root's folders.
    with tempfile.TemporaryDirectory(prefix="practice-pg-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        data = home / "data"
        data.mkdir()
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            shutil.chown(home, "postgres")
            user = {"user": "postgres", "extra_groups": [], "cwd": folder}
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "practice", "-A", "trust", "-E", "UTF8"],
            check=True,
            **quiet,
            **user,
        )
        server = subprocess.Popen(
            [
                programs / "postgres",
                "-D",
                data,
                "-k",
                folder,
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
            ],
            **quiet,
            **user,
        )
        try:
            wait_until((home / ".s.PGSQL.5432").exists, "the database's start")
            yield f"postgresql+psycopg://practice@/{{name}}?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The address of an empty database."""
    name = f"test_{uuid4().hex}"
    cluster = sa.create_engine(postgres.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with cluster.connect() as db:
        db.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template0"))
    yield postgres.format(name=name)
    with cluster.connect() as db:
        db.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    cluster.dispose()


LINE = Line("客户离开", parse_script("【请|敬语】【慢走|送别】", {}))
MODEL = ModelInfo("base", "ab" * 32, {"language": "zh", "temperature": 0.0})
CHECK = SpeechCheck(2.0, 1.0, -3.0, -20.0, 30.0, 0.0, ((0.5, 1.5),))


Place = tuple[Path, str | None]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where records are: a folder, and the address of a database where it is a server's."""
    if request.param == "sqlite":
        return tmp_path, None
    return tmp_path, request.getfixturevalue("postgres_database")


def take(name: str = "王芳", group: str = "一厅", **changes: object) -> Take:
    take_id, created_at = str(uuid4()), now()
    made = Take(
        id=take_id,
        session=str(uuid4()),
        created_at=created_at,
        trainee=Trainee(name, group),
        scenario="farewell",
        title="送别",
        prompt_sha256="0" * 64,
        line=1,
        take=1,
        spec=LINE,
        audio=takes.audio_name(take_id, created_at, ".wav"),
        source="file",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def heard(text: str) -> Assessment:
    transcript = Transcript(text, -0.2, 0.01, 0.8)
    return Assessment(CHECK, transcript, None, score_transcript(LINE, text), MODEL, VERSION)


def review(**changes: object) -> Review:
    made = Review(str(uuid4()), now(), "李老师")
    return replace(made, **changes)  # type: ignore[arg-type]


CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, which asks nothing of the network by itself."""
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        yield browser
        browser.close()


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)


@dataclass
class Microphone:
    """A virtual microphone: PulseAudio's, fed by ``speak``, found through ALSA's default."""

    env: dict[str, str]

    def speak(self, path: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["paplay", "--device=speaker", str(path)], env=self.env)

    def control(self, *args: str) -> str:
        done = subprocess.run(
            ["pactl", *args], env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def unplug(self) -> None:
        """Take the microphone's module away, as pulling the plug does."""
        modules = self.control("list", "short", "modules").splitlines()
        number = next(m.split("\t")[0] for m in modules if "module-remap-source" in m)
        self.control("unload-module", number)


@pytest.fixture
def microphone(tmp_path: Path) -> Iterator[Microphone]:
    need("pulseaudio", "pactl", "paplay")
    runtime = tmp_path / "pulse"
    runtime.mkdir(mode=0o700)
    alsa = tmp_path / "asound.conf"
    alsa.write_text(
        "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n"
    )
    env = os.environ | {
        "XDG_RUNTIME_DIR": str(runtime),
        "HOME": str(runtime),
        "ALSA_CONFIG_PATH": str(alsa),
    }
    server = subprocess.Popen(
        [
            "pulseaudio",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "-n",
            "--load=module-native-protocol-unix auth-anonymous=1",
            "--load=module-null-sink sink_name=speaker rate=48000",
            "--load=module-remap-source source_name=mic master=speaker.monitor",
        ],
        env=env,
        stderr=subprocess.DEVNULL,
    )
    try:
        socket = runtime / "pulse" / "native"
        wait_until(socket.exists, "the sound server's start")
        ours = ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")
        yield Microphone({k: v for k, v in env.items() if k != "HOME"} | {k: env[k] for k in ours})
    finally:
        server.terminate()
        server.wait(10)


Start = Callable[..., pexpect.spawn]


@pytest.fixture
def start(practice: Practice, microphone: Microphone) -> Start:
    """Start the command in a terminal of 80 columns, with the virtual microphone."""

    def start(*args: str, env: dict[str, str] | None = None) -> pexpect.spawn:
        whole = practice.env | {
            k: microphone.env[k] for k in ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")
        }
        child = pexpect.spawn(
            COMMAND,
            list(args),
            env=whole | {"TERM": "xterm-256color"} | (env or {}),
            encoding="utf-8",
            dimensions=(24, 80),
            timeout=60,
            # Whoever started the tests may have had Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        child.delaybeforesend = 0.1
        return child

    return start


def begin(child: pexpect.spawn, key: str = "\r") -> None:
    """Press the key that starts a take and wait until the microphone is heard."""
    child.expect("Enter or Space")
    child.send(key)
    child.expect("speak now")


def finish(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.exitstatus is not None else -child.signalstatus
