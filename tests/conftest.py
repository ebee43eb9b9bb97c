"""What the tests use: a command in an empty home, fakes and the real thing, a store of attempts.

A test that asks for one of the SLOW fixtures (real weights, a browser, a server, a virtual
microphone, the installed command) is marked ``slow``, and so are one that takes most of a
second and all screens in Chinese; ``pytest -m "not slow"`` needs none, and draws fewer examples
for property tests.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock
from uuid import uuid4

import anchors
import hypothesis
import numpy as np
import onnxruntime
import pexpect
import pytest
import sqlalchemy as sa
from fake_sound import FakeSound
from in_process import Child, Practice
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug import security

from practice import i18n
from practice.recognition.recognizer import Recognizer
from practice.recognition.whisper import engine, weights
from practice.records.attempt import Assessment, Take, Trainee
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript
from practice.records.review import Review
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.score import VERSION, score_transcript
from practice.store import Filter, Store
from practice.store import recordings as takes
from practice.store.database import FILE, Database, now

if TYPE_CHECKING:
    from whisper.model import Whisper

ROOT = Path(__file__).parent.parent
CLIPS = Path(__file__).parent / "clips"
COMMAND = str(Path(sys.executable).parent / "practice")
SLOW = {"models", "whisper", "chromium", "virtual_microphone", "postgres", "installed"}

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("practice", hypothesis.settings(), deadline=None)
# Five times the examples, for once in a while: pytest --hypothesis-profile=thorough
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500)
# A quarter of them where only what is fast is asked for.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=25)
hypothesis.settings.load_profile("practice")

# What the tests read is English, whatever language this machine speaks.
i18n.settle("en")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported: it is there to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs weights, Debian's packages or a browser."""
    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    if config.getoption("--update-screens"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Leave environment and language as they were, whatever a test changed."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)
    i18n.settle()


class RememberedNetwork:
    """A network of onnxruntime that is loaded once, and answers once for the same input."""

    _load = staticmethod(cache(onnxruntime.InferenceSession))
    _answers: ClassVar[dict[bytes, Any]] = {}

    def __init__(self, path: str, *_options: Any, **_more: Any) -> None:
        self._path = path
        self._network = self._load(path, providers=("CPUExecutionProvider",))

    def run(self, outputs: list[str] | None, inputs: dict[str, Any]) -> Any:
        """Answer from memory where it can."""
        key = hashlib.blake2b(self._path.encode())
        for name, value in inputs.items():
            key.update(name.encode())
            key.update(np.ascontiguousarray(value))
        digest = key.digest()
        if digest not in self._answers:
            self._answers[digest] = self._network.run(outputs, inputs)
        return self._answers[digest]


@pytest.fixture(autouse=True, scope="session")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Do once what is the same in every test: networks on the same samples, tables, SQL.

    Passwords are hashed quickly; what is slow to guess is hashed where the command is installed.
    """
    empty = tmp_path_factory.mktemp("empty")
    Store(empty).close()
    migrate, connect = Database._migrate, Database._connect
    compiled: dict[Any, Any] = {}
    quick_hash = partial(security.generate_password_hash, method="pbkdf2:sha256:1")

    def migrate_a_copy(database: Database) -> None:
        place = Path(database.place)
        if not database.is_shared and place.parent.is_dir() and not place.exists():
            whole = place.with_name(f"{uuid4()}.part")
            with contextlib.suppress(OSError):  # another may have made it meanwhile
                shutil.copyfile(empty / FILE, whole)
                os.link(whole, place)
            whole.unlink(missing_ok=True)
        migrate(database)

    def connect_with_what_is_compiled(database: Database, url: str | None) -> sa.Engine:
        engine = connect(database, url)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with (
        mock.patch.object(onnxruntime, "InferenceSession", RememberedNetwork),
        mock.patch.object(security, "generate_password_hash", quick_hash),
        mock.patch.object(Database, "_migrate", migrate_a_copy),
        mock.patch.object(Database, "_connect", connect_with_what_is_compiled),
    ):
        before = _content(shipped_prompts())
        yield
        assert _content(shipped_prompts()) == before, "a test wrote into what all tests read"


@pytest.fixture(params=["en", pytest.param("zh", marks=pytest.mark.slow)])
def language(request: pytest.FixtureRequest) -> str:
    """Each language of the interface in turn; asked for before ``practice``."""
    i18n.settle(request.param)
    return str(request.param)


# ---- golden screens ---------------------------------------------------------------------

SCREENS = Path(__file__).parent / "screens"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the golden screens."""
    parser.addoption(
        "--update-screens",
        action="store_true",
        help="run only the tests of golden screens, and write tests/screens instead of comparing",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples are drawn; remove golden screens that are about to be written."""
    if config.option.markexpr == "not slow" and not config.getoption("--hypothesis-profile"):
        hypothesis.settings.load_profile("quick")
    is_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
        config.option.markexpr or config.option.keyword
    )
    if config.getoption("--update-screens") and is_all and not hasattr(config, "workerinput"):
        shutil.rmtree(SCREENS, ignore_errors=True)


@dataclass
class Golden:
    """Compares what a person sees with the file of that name in tests/screens."""

    folder: Path
    is_update: bool

    def __call__(self, name: str, text: str) -> None:
        """Compare; what differs from run to run (ids, times, folders) is replaced first."""
        text = text.replace(str(self.folder), "/folder").replace(str(ROOT), "/practice")
        for pattern, instead in _VARYING:
            text = re.sub(pattern, instead, text)
        text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
        path = SCREENS / i18n.language() / f"{name}.txt"
        if self.is_update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        else:
            assert path.is_file(), f"{path} is missing: pytest --update-screens"
            assert text == path.read_text("utf-8")


_VARYING = (
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "0" * 36),
    (r"20[0-9]{2}-[01][0-9]-[0-3][0-9]([T ]|\n *)[0-2][0-9]:[0-5][0-9]", r"2026-01-01\g<1>00:00"),
    (r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", "2026-01-01"),
    (r"\b[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]\b", "01-01 00:00"),  # in lists
    (r"takes/20[0-9]{2}-[01][0-9]", "takes/2026-01"),
    (r"\b[0-9a-f]{8}\b", "0" * 8),
    # How much a microphone delivered by the time that it was closed.
    (r"\b[0-9]+\.[0-9](?= s recorded;| 秒，正在识别)", "0.0"),
)


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    """Compare a screen with its golden file; `pytest --update-screens` writes the files."""
    return Golden(tmp_path, request.config.getoption("--update-screens"))


# ---- the command ------------------------------------------------------------------------


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@cache
def shipped_prompts() -> Path:
    """A copy of the scenarios that are shipped, without the question that a first run asks."""
    kept = tempfile.TemporaryDirectory(prefix="practice-")
    atexit.register(kept.cleanup)
    prompts = shutil.copytree(ROOT / "prompts", Path(kept.name) / "prompts")
    (prompts / "rules" / "consent.txt").touch()
    return prompts


def practice_in(folder: Path) -> Practice:
    """The command in an empty home below a folder, with the scenarios as they are shipped."""
    home = folder / "家"  # a path with Chinese in it, as on many a Windows PC
    home.mkdir()
    prompts = folder / "话术"
    prompts.symlink_to(shipped_prompts())
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PRACTICE_", "XDG_"))}
    env |= {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "COLUMNS": "80",
        "PRACTICE_LANG": i18n.language(),
        "PRACTICE_RECORDINGS": str(folder / "录音"),
        "PRACTICE_TRAINEE": "王芳",
        "PRACTICE_PROMPTS": str(prompts),
    }
    return Practice(home, env)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """The command in this process, in an empty home, with a recognizer that is faked."""
    practice = practice_in(tmp_path)
    yield practice
    practice.close()


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of three attempts, assessed once for all tests. Copy it, do not change it."""
    practice = practice_in(tmp_path_factory.mktemp("judged"))
    for scenario, clip in (
        ("farewell", "farewell-without-please.flac"),
        ("farewell", "farewell.flac"),
        ("reception", "seat.flac"),
    ):
        assert practice("run", scenario, "--audio", CLIPS / clip).returncode == 0
    return practice.recordings


@pytest.fixture
def three(practice: Practice, judged: Path) -> list[str]:
    """Ids of three attempts of 王芳: 请 left out, said well, another line that is said well."""
    shutil.copytree(judged, practice.recordings)
    store = Store(practice.recordings)
    ids = [a.take.id for a in reversed(store.latest(Filter()))]
    store.close()
    return ids


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper's base weights, unpacked once for all tests."""
    folder = tmp_path_factory.mktemp("models")
    weights.install(folder, "base", lambda *_: None)
    return folder


@pytest.fixture(scope="session")
def loaded(models: Path) -> tuple[Recognizer, Whisper]:
    """Whisper with its real weights, loaded once for all tests: ours, and the model in it."""
    import whisper as openai_whisper

    model, kept = weights.installed(models, "base"), []
    assert model is not None
    load = openai_whisper.load_model

    def keep(*args: Any, **options: Any) -> Whisper:
        kept.append(load(*args, **options))
        return kept[0]

    with mock.patch.object(openai_whisper, "load_model", keep):
        recognizer = engine.load(model)
    recognizer.use_threads(1)  # as below
    return recognizer, kept[0]


@pytest.fixture(scope="session")
def whisper(loaded: tuple[Recognizer, Whisper]) -> Recognizer:
    """Whisper with its real weights."""
    return loaded[0]


@pytest.fixture(scope="session")
def whisper_model(loaded: tuple[Recognizer, Whisper]) -> Whisper:
    """The same model as openai-whisper uses it, to hold ours against."""
    return loaded[1]


@pytest.fixture
def listening_practice(practice: Practice, whisper: Recognizer) -> Practice:
    """The command in this process with Whisper's real weights."""
    practice.recognizer = whisper
    return practice


@dataclass
class Installed:
    """The command as a user starts it: a process of its own, weights of its own."""

    practice: Practice

    @property
    def home(self) -> Path:
        return self.practice.home

    @property
    def env(self) -> dict[str, str]:
        return self.practice.env

    @property
    def recordings(self) -> Path:
        return self.practice.recordings

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
def installed(practice: Practice, models: Path) -> Installed:
    """The command as a process, in an empty home with the weights unpacked."""
    _ = practice.prompts  # a copy of its own
    place = practice.home / ".local/share/practice/models"
    place.mkdir(parents=True)
    for file in models.iterdir():
        os.link(file, place / file.name)
    # Tests run side by side: more threads than cores would only wait for each other.
    practice.env["OMP_NUM_THREADS"] = "1"
    return Installed(practice)


def heed_ctrl_c() -> None:
    """Let a new process end on Ctrl-C, which a shell has its background processes ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
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
    expect.set_options(timeout=30_000)  # on a busy machine
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
class VirtualMicrophone:
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
def virtual_microphone(tmp_path: Path) -> Iterator[VirtualMicrophone]:
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
        yield VirtualMicrophone(
            {k: v for k, v in env.items() if k != "HOME"} | {k: env[k] for k in ours}
        )
    finally:
        server.terminate()
        server.wait(10)


Start = Callable[..., Any]


@pytest.fixture
def start(practice: Practice) -> Start:
    """Start the command in this process, at a terminal and a microphone that are faked."""
    return practice.start


@pytest.fixture
def microphone(practice: Practice) -> FakeSound:
    """What the command hears and plays where ``start`` or ``practice`` runs it."""
    return practice.sound


@pytest.fixture
def terminal(installed: Installed, virtual_microphone: VirtualMicrophone) -> Start:
    """Start the installed command in a terminal of 80 columns, at the virtual microphone."""

    def start(
        *args: str, env: dict[str, str] | None = None, out: Path | None = None
    ) -> pexpect.spawn:
        whole = installed.env | {
            k: virtual_microphone.env[k] for k in ("XDG_RUNTIME_DIR", "ALSA_CONFIG_PATH")
        }
        command = [COMMAND, *args]
        if out is not None:  # where its standard output goes instead
            command = ["sh", "-c", f'exec "$0" "$@" > "{out}"', *command]
        child = pexpect.spawn(
            command[0],
            command[1:],
            env=whole | {"TERM": "xterm-256color"} | (env or {}),
            encoding="utf-8",
            dimensions=(24, 80),
            timeout=60,
            preexec_fn=heed_ctrl_c,
        )
        child.delaybeforesend = 0.1
        return child

    return start


def begin(child: Any, key: str = "\r") -> None:
    """Press the key that starts a take and wait until the microphone is heard."""
    child.expect(anchors.SPEAK)
    child.send(key)
    child.expect(anchors.RECORDING)


def finish(child: Any) -> int:
    child.expect(pexpect.EOF)
    if isinstance(child, Child):
        assert child.exitstatus is not None
        return child.exitstatus
    child.close()
    return child.exitstatus if child.exitstatus is not None else -child.signalstatus
