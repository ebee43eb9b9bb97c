"""The command ``practice`` in this process: as fast as a function call, with fakes where asked.

``Practice`` runs a command to its end; ``Practice.start`` runs it in a thread, at a terminal
that a test types into and looks at, with pexpect's own words for it.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import queue
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType
from typing import Any
from unittest import mock

import pexpect
import pyte
from blessed.keyboard import Keystroke
from fake_recognizer import FakeRecognizer
from fake_sound import FakeSound

import cli
from practice import i18n
from practice.audio import system_voice as speaker
from practice.output import stage as live
from practice.recognition.recognizer import Recognizer
from practice.recognition.whisper import engine, weights

WITHIN_S = 30.0
"""How long a screen is waited for: far longer than it takes on a busy machine."""
COLUMNS, LINES = 80, 24
_SEQUENCES = {"\x1b": "KEY_ESCAPE", "\x7f": "KEY_BACKSPACE"}
_FAKE_MODEL = weights.Installed("base", Path("base.pt"), FakeRecognizer.info.sha256, "fake")
_SPEAK_WHEN_IMPORTED = (
    "practice.commands",
    "practice.web",
    "practice.output.export.tables",
)
_spoken: dict[str, dict[str, ModuleType]] = {}
"""What was imported in each language."""
_language_of_commands = ["en"]  # conftest's, before any of it was imported
_import = builtins.__import__


@contextmanager
def machine(env: dict[str, str], recognizer: Recognizer | None, sound: FakeSound) -> Iterator[None]:
    """This process as the command's own: its environment, its ears, and all of it put back."""
    before = dict(os.environ)
    mask = os.umask(0o022)
    with ExitStack() as stack:
        if recognizer is not None:
            stack.enter_context(mock.patch.object(engine, "load", return_value=recognizer))
            model = (
                _FAKE_MODEL
                if isinstance(recognizer, FakeRecognizer)
                else weights.Installed("base", Path("base.pt"), recognizer.info.sha256, "fake")
            )
            stack.enter_context(
                mock.patch.object(
                    weights, "installed", lambda _dir, name: model if name == "base" else None
                )
            )
            stack.enter_context(mock.patch.object(weights, "verify"))
        # Not mock.patch.dict, which forgets every module that is imported meanwhile.
        sys.modules["sounddevice"] = sound  # type: ignore[assignment]
        stack.callback(sys.modules.pop, "sounddevice")
        stack.enter_context(
            mock.patch.object(speaker, "is_installed", return_value=sound.has_system_voice)
        )
        if sound.is_missing:
            stack.enter_context(mock.patch.object(builtins, "__import__", _without_portaudio))
        try:
            os.environ.clear()
            os.environ.update(env)
            _speak_the_language()
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            os.umask(mask)
            i18n.settle()


def _without_portaudio(name: str, *more: Any) -> Any:
    """Import, but for the module that needs a library of the system."""
    if name == "sounddevice":
        raise OSError("PortAudio library not found")
    return _import(name, *more)


def _speak_the_language() -> None:
    """Import once for each language what puts text into it while it is imported.

    Those are the commands with their help, the desk's pages and the headings of tables.
    """
    i18n.settle()
    before, language = _language_of_commands[0], i18n.language()
    if language == before:
        return
    names = [n for n in sys.modules if n.startswith(_SPEAK_WHEN_IMPORTED)]
    _spoken[before] = {name: sys.modules.pop(name) for name in names}
    for name, module in _spoken.get(language, {}).items():
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        setattr(sys.modules[parent], child, module)
    _language_of_commands[0] = language


@dataclass
class Done(CompletedProcess[str]):
    """How a command ended; ``error`` is what it was refused with, before it became a line."""

    args: tuple[str | Path, ...]
    returncode: int
    stdout: str
    stderr: str
    error: BaseException | None = None

    def refused(self, kind: type[Exception], *data: str) -> None:
        """Assert that it ended with 1 and one line of that kind, in which the data is."""
        assert (self.returncode, type(self.error)) == (1, kind), self.stderr
        (line,) = self.stderr.splitlines()
        assert all(text in line for text in data), line


def _main(args: tuple[str, ...]) -> tuple[int, BaseException | None]:
    """Run the command; give its exit code, and the error that it made a line of."""
    whole, raised = cli.LazyGroup.main, []

    def main(*of: Any, **options: Any) -> Any:
        _speak_the_language()  # --lang has been read
        try:
            return whole(*of, prog_name="practice", **options)  # not pytest's own
        except Exception as error:
            raised.append(error)
            raise

    with (
        mock.patch.object(sys, "argv", ["practice", *args]),
        mock.patch.object(cli.LazyGroup, "main", main),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            return code, raised[-1] if raised else None
    return 0, None


class _Output(io.TextIOWrapper):
    """A standard stream in memory, which says whether it is a terminal."""

    def __init__(self, *, is_terminal: bool = False, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        self._is_terminal = is_terminal
        super().__init__(self.bytes, encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode("utf-8", "replace")


@dataclass
class Practice:
    """The command in an empty home, with recordings of its own.

    Without ``recognizer`` it is the real one, unpacked and loaded as a user's would be.
    """

    home: Path
    env: dict[str, str]
    recognizer: Recognizer | None = field(default_factory=FakeRecognizer)
    sound: FakeSound = field(default_factory=FakeSound)
    encoding: str = "utf-8"
    _started: list[Child] = field(default_factory=list)

    @property
    def recordings(self) -> Path:
        return Path(self.env["PRACTICE_RECORDINGS"])

    @property
    def prompts(self) -> Path:
        """The folder of scenarios; from now on a copy of its own, which may be changed."""
        folder = Path(self.env["PRACTICE_PROMPTS"])
        if folder.is_symlink():
            shipped = folder.readlink()
            folder.unlink()
            shutil.copytree(shipped, folder)
        return folder

    def __call__(
        self, *args: str | Path, env: dict[str, str] | None = None, input: str = ""
    ) -> Done:
        """Run a command to its end; nobody sits at a terminal. What is unexpected is raised."""
        env = env or self.env
        self._let_write(args)
        out, err = _Output(encoding=self.encoding), _Output(encoding=self.encoding)
        stdin = io.TextIOWrapper(io.BytesIO(input.encode()), encoding="utf-8")
        with (
            machine(env, self.recognizer, self.sound),
            mock.patch.multiple(sys, stdin=stdin, stdout=out, stderr=err),
        ):
            code, error = _main(tuple(map(str, args)))
        return Done(args, code, out.text, err.text, error)

    def json(self, *args: str | Path, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Run with --json and read the objects."""
        done = self(*args, "--json", env=env)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *args: str | Path, env: dict[str, str] | None = None) -> Child:
        """Run a command at a terminal of 80 × 24, in a thread, while the test types."""
        self._let_write(args)
        child = Child(self, tuple(map(str, args)), self.env | (env or {}))
        self._started.append(child)
        return child

    def _let_write(self, args: tuple[str | Path, ...]) -> None:
        """Give the commands that write into the folder of scenarios a copy of it."""
        if not {"new", "voice", "calibrate"}.isdisjoint(args):
            _ = self.prompts

    def close(self) -> None:
        """End what still runs."""
        for child in self._started:
            child.stop()


class Child:
    """A command at a terminal; ``expect`` and ``send`` are pexpect's."""

    def __init__(self, practice: Practice, args: tuple[str, ...], env: dict[str, str]) -> None:
        self.before: Any = ""
        self.after: Any = ""
        self.exitstatus: int | None = None
        self._fault: BaseException | None = None
        self._shown = ""
        self._seen = 0
        self._changed = threading.Condition()
        self._keys: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stdout = _Typed(self)
        self._stderr = _Typed(self)
        self._thread = threading.Thread(target=self._run, args=(practice, args, env), daemon=True)
        self._thread.start()

    # ---- what a test does

    def send(self, keys: str) -> None:
        """Press keys, one for each character."""
        for key in keys:
            self._keys.put(key)

    def sendline(self, text: str = "") -> None:
        """Type a line."""
        self.send(text + "\n")

    def sendintr(self) -> None:
        """Press Ctrl-C."""
        self._keys.put("\x03")

    def expect(self, what: Any) -> None:
        """Wait until a pattern is shown, or for the end where it is pexpect.EOF."""
        if what is pexpect.EOF:
            self._thread.join(WITHIN_S)
            assert not self._thread.is_alive(), f"still running:\n{self._shown[self._seen :]}"
            self.before, self._seen = self._shown[self._seen :], len(self._shown)
            if self._fault is not None:
                raise self._fault
            return
        until = time.monotonic() + WITHIN_S
        with self._changed:
            while not (found := re.compile(what, re.DOTALL).search(self._shown, self._seen)):
                is_over = not self._thread.is_alive()
                rest = until - time.monotonic()
                if self._fault is not None:
                    raise self._fault
                assert not is_over, f"ended without {what!r}:\n{self._shown[self._seen :]}"
                assert rest > 0, f"no {what!r} in:\n{self._shown[self._seen :]}"
                self._changed.wait(min(rest, 0.5))
        self.before, self.after = self._shown[self._seen : found.start()], found[0]
        self._seen = found.end()

    @property
    def stdout(self) -> str:
        """What was written to standard output for programs: lines of JSON."""
        return self._stdout.text

    @property
    def shown(self) -> str:
        """All that was shown so far, with the terminal's codes in it."""
        return self._shown

    def screen(self) -> str:
        """What is on the screen now, as a person sees it."""
        screen = pyte.Screen(COLUMNS, LINES)
        pyte.Stream(screen).feed(self._shown.replace("\n", "\r\n"))
        return "\n".join(line.rstrip() for line in screen.display).rstrip() + "\n"

    def stop(self) -> None:
        """Press Ctrl-C until it ends."""
        for _time in range(3):
            if self._thread.is_alive():
                self.sendintr()
                self._thread.join(WITHIN_S / 3)
        assert not self._thread.is_alive(), "a command does not end"

    # ---- what the command is given

    def show(self, text: str) -> None:
        with self._changed:
            self._shown += text
            self._changed.notify_all()

    def key(self, timeout: float | None = None) -> str:
        """The next key, or nothing where none is pressed in time."""
        try:
            key = self._keys.get(timeout=timeout) if timeout else self._next(timeout)
        except queue.Empty:
            return ""
        if key == "\x03":
            raise KeyboardInterrupt
        return key

    def _next(self, timeout: float | None) -> str:
        return self._keys.get() if timeout is None else self._keys.get_nowait()

    def _run(self, practice: Practice, args: tuple[str, ...], env: dict[str, str]) -> None:
        env = env | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        with (
            machine(env, practice.recognizer, practice.sound),
            mock.patch.object(live, "Terminal", return_value=_Keyboard(self)),
            mock.patch.object(live, "_SETTLE_S", 0.0),
            mock.patch.multiple(sys, stdin=_Lines(self), stdout=self._stdout, stderr=self._stderr),
            mock.patch("click.termui.hidden_prompt_func", side_effect=_Lines(self).hidden),
        ):
            try:
                self.exitstatus, _error = _main(args)
            except BaseException as fault:  # the test's own thread raises it
                self._fault = fault
        with self._changed:
            self._changed.notify_all()


class _Typed(_Output):
    """A terminal's output, shown to the child as it comes."""

    def __init__(self, child: Child) -> None:
        super().__init__(is_terminal=True)
        self._child = child

    def write(self, text: str) -> int:
        self._child.show(text)
        return len(text)


class _Lines(io.StringIO):
    """A terminal's input, a line at a time."""

    def __init__(self, child: Child) -> None:
        super().__init__()
        self._child = child

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int | None = -1, /) -> str:
        line = self.hidden()
        self._child.show(line)
        return line

    def hidden(self, _prompt: str = "") -> str:
        """A line that is not shown while it is typed."""
        line = ""
        while not line.endswith("\n"):
            line += self._child.key().replace("\r", "\n")
        return line


class _Keyboard:
    """blessed's terminal, as far as practice reads keys from it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.cbreak: Callable[[], Any] = nullcontext

    def inkey(self, timeout: float | None = None, **_more: float) -> Keystroke:
        key = self._child.key(timeout)
        name = _SEQUENCES.get(key)
        return Keystroke(key, code=1 if name else None, name=name)
