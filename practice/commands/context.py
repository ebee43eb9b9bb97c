"""Building blocks that the commands share: consoles, trainee, records, recognizer."""

from __future__ import annotations

import difflib
import getpass
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import click
from rich.console import Console

from practice import settings
from practice.errors import ConsentError, PracticeError, WeightsError
from practice.i18n import gettext as _
from practice.paths import models_dir, settings_file
from practice.records.attempt import DEFAULT_GROUP, Trainee
from practice.text import MAX_NAME, is_name, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from practice.assessment.pipeline import Assessor
    from practice.assessment.reference import ReferenceRecordings
    from practice.commands.options import Desk, Records
    from practice.delivery.comparison import Comparison, NotCompared
    from practice.output.comparison import Compare
    from practice.recognition.recognizer import Recognizer
    from practice.recognition.whisper.weights import Installed
    from practice.records.attempt import Attempt
    from practice.store import Store
    from practice.training.playback import Playback
    from practice.training.session import Session

_T = TypeVar("_T")


def console(*, for_programs: bool = False) -> Console:
    """Return the console for people.

    Args:
        for_programs: Stdout belongs to a program, so people read stderr.
    """
    return Console(stderr=for_programs, highlight=False, soft_wrap=False)


def emit_json(value: dict[str, Any] | list[Any]) -> None:
    """Print a JSON value as one line on stdout."""
    emit_line(json.dumps(value, ensure_ascii=False))


def emit_line(text: str) -> None:
    """Print a line for a program: in UTF-8, whatever the system's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def print_heading(attempt: Attempt) -> None:
    """Print an attempt's ID, time, trainee, scenario, script and recording."""
    from practice.output.wording import local_time, mode_name

    take = attempt.take
    what = f"{take.title}  {mode_name(take.setting)}".rstrip()
    click.echo(f"{take.id}  {local_time(take.created_at)}  {take.trainee.name}  {what}")
    click.echo(_("Say: {script}").format(script=take.spec.script))
    if take.audio:
        click.echo(_("Recording: {path}").format(path=take.audio))


def report_error(error: object) -> None:
    """Print an error that does not end the command, on one line of stderr."""
    click.echo(_("Error: {message}").format(message=one_line(str(error))), err=True)


@contextmanager
def progress(items: Iterable[_T], total: int) -> Iterator[Iterable[_T]]:
    """Show a progress bar and a rate on stderr, if stderr is a terminal.

    Args:
        items: Iterable, possibly without a length.
        total: Number of items.

    Yields:
        The items; iterating over them advances the bar.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from practice.output.rate import Rate

    shown = console(for_programs=True)
    with Progress(
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=shown,
        transient=True,
        disable=not shown.is_terminal,
    ) as bar:
        yield bar.track(items, total=total)


def is_interactive() -> bool:
    """Return whether there is a terminal: without one, no command prompts."""
    return sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())


def resolve_trainee(name: str | None, group: str | None) -> Trainee:
    """Determine who practices, and ask for a name if none is given or remembered.

    The answer is remembered on this machine. Without a terminal, `known_trainee` decides.

    Raises:
        PracticeError: A name is not valid.
    """
    known = known_trainee(name, group)
    if name is not None or not is_interactive() or settings.remembered(settings_file(), "trainee"):
        return known
    asked = ""
    while not asked.strip():
        asked = click.prompt(_("Your name (will be remembered on this machine)"), err=True)
    require_name(asked)
    settings.remember(settings_file(), trainee=asked.strip(), group=known.group)
    return Trainee(asked.strip(), known.group)


def known_trainee(name: str | None, group: str | None) -> Trainee:
    """Determine who practices without asking: as given, as remembered, or the system's user.

    Without ``group``, the remembered group or the default one is used.

    Raises:
        PracticeError: A name is not valid.
    """
    path = settings_file()
    for given in (name, group):
        if given is not None:
            require_name(given)
    group = group or settings.remembered(path, "group") or DEFAULT_GROUP
    if name is None:
        name = settings.remembered(path, "trainee") or getpass.getuser()
    return Trainee(name.strip(), group)


def require_consent(store: Store, trainee: Trainee, prompts_dir: Path) -> None:
    """Explain what is stored of a trainee, and ask for consent before the first attempt.

    The trainee is asked again when the text changes. Without a terminal, the text is printed
    and no consent is stored.

    Args:
        prompts_dir: Scenario folder, which may contain a consent text of its own.

    Raises:
        ConsentError: The trainee declined.
    """
    from practice.scenarios import load_consent

    words = load_consent(prompts_dir)
    if words is None:
        words = _consent_words(shared=store.database.is_shared)
    if not words or store.consent(trainee) == words:
        return
    from practice.output.layout import say

    shown = console(for_programs=True)
    for line in words.split("\n"):
        say(shown, line)
    if not is_interactive():
        return
    question = _("{name}, do you agree?").format(name=trainee.name)
    if not click.confirm(question, default=True, err=True):
        if settings.remembered(settings_file(), "trainee") == trainee.name:
            settings.forget(settings_file(), "trainee")
        raise ConsentError(_("Nothing was recorded. Start again if you agree."))
    store.agree(trainee, words)


def _consent_words(*, shared: bool) -> str:
    place = (
        _("They are stored in a database shared with your trainer")
        if shared
        else _("They stay on this machine, or in a copy for your trainer")
    )
    return _(
        "Your attempts are recorded: your voice, the transcript and the score are kept "
        "under your name. {place}; your trainer listens to the recordings. To have them "
        "removed, ask your trainer (`practice forget`)."
    ).format(place=place)


def require_name(name: str) -> str:
    """Return a name of a trainee or group without surrounding blanks.

    Raises:
        PracticeError: The name is blank, too long, or contains invisible characters.
    """
    if not is_name(name):
        raise PracticeError(
            _(
                "“{name}” is not a valid name. Use 1 to {most} characters for names of "
                "trainees and groups."
            ).format(name=name[:MAX_NAME], most=MAX_NAME)
        )
    return name.strip()


def install_model(name: str) -> Installed:
    """Install a model with a progress bar on stderr.

    Args:
        name: Name of a model, or path of a ``.pt`` file.

    Raises:
        WeightsError: The model cannot be installed.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from practice.recognition.whisper import weights

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    shown = console(for_programs=True)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task(_("Whisper model"), total=1)

        def progress(step: str, done: int, total: int) -> None:
            description = _("Whisper model: {step}").format(step=step)
            bar.update(task, description=description, completed=done, total=total)

        return weights.install(models_dir(), name, progress)


def require_model(name: str) -> Installed:
    """Return an installed model; install ``base`` if it is missing.

    Raises:
        WeightsError: There is no model of this name, or it is not installed.
    """
    from practice.recognition.whisper import weights

    model = weights.installed(models_dir(), name)
    if model is None and name == weights.DEFAULT_MODEL:
        return install_model(name)
    if model is None and not weights.is_model_name(name):
        raise WeightsError(
            _("“{name}” is not a model name. See `practice model list`.").format(name=name)
        )
    if model is None:
        raise WeightsError(
            _("The model {name} is not installed. Run: practice model install {name}").format(
                name=name
            )
        )
    return model


@contextmanager
def stepwise(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr, if stderr is a terminal.

    Yields:
        A function that advances the bar: call it with the steps done and their total number.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    shown = console(for_programs=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def open_session(desk: Desk, *, load_ahead: bool = False) -> Iterator[Session]:
    """Open a session of the desk's trainee; its attempts are stored in the desk's folder.

    Args:
        load_ahead: Load the recognizer in the background; see `judging`.

    Raises:
        ConsentError: The trainee declined.
    """
    from practice.training.session import Session

    store = open_swept_store(desk.records)
    trainee = resolve_trainee(desk.trainee, desk.group)
    with open_assessor(desk, load_ahead=load_ahead) as judge:
        # Last: a run that cannot start must not ask for consent.
        require_consent(store, trainee, desk.prompts_dir)
        yield Session(str(uuid4()), trainee, desk.records.folder, store, judge)


def open_store(records: Records) -> Store:
    """Open the records; create them if there are none."""
    from practice.store import Store

    return Store(records.folder, records.database)


def open_swept_store(records: Records) -> Store:
    """Open the records for new attempts. With a shared database, sweep the folder too."""
    from practice.store.retention import sweep

    store = open_store(records)
    if store.database.is_shared:
        # This machine may still have recordings of attempts that another machine removed.
        sweep(store)
    return store


def existing_store(records: Records, *, quiet: bool = False) -> Store | None:
    """Open the records if there are any; else print that there are none yet.

    Args:
        quiet: Print the message to stderr, because stdout belongs to a program.

    Returns:
        The records, or None if there are none yet.
    """
    from practice.store import Store

    if Store.exists(records.folder, records.database):
        return open_store(records)
    click.echo(_("There are no attempts in {folder} yet.").format(folder=records.folder), err=quiet)
    return None


def find_trainee(store: Store, name: str, group: str | None, home: str | None = None) -> Trainee:
    """Find a trainee with stored attempts by name.

    Args:
        group: The trainee's group; required if several groups have a trainee of this name.
        home: Group to prefer if several match: this machine's own, when its own trainee is
            meant.

    Raises:
        PracticeError: There is no such trainee, or several groups have one.
    """
    from practice.store.people import People

    halls = [g for g in People(store.database).groups_of(name) if group in (None, g)]
    if not halls:
        raise no_attempts(store, name)
    if len(halls) > 1 and home in halls:
        halls = [home]
    if len(halls) > 1:
        raise PracticeError(
            _("“{name}” is in several groups: {halls}. Choose one with --group.").format(
                name=name, halls=_(", ").join(halls)
            )
        )
    return Trainee(name, halls[0])


def no_attempts(store: Store, name: str) -> PracticeError:
    """Build the error that a trainee has no attempts; suggest a trainee of a similar name."""
    from practice.store.people import People

    near = difflib.get_close_matches(name, People(store.database).names(), n=1, cutoff=0.5)
    if near and near[0] != name:
        text = _("There are no attempts by “{name}”. Did you mean “{near}”?")
        return PracticeError(text.format(name=name, near=near[0]))
    text = _("There are no attempts by “{name}”. `practice history` shows who has practiced.")
    return PracticeError(text.format(name=name))


@contextmanager
def open_assessor(desk: Desk, *, load_ahead: bool = False) -> Iterator[Assessor]:
    """Build a judge for a desk's scenarios and model; see `judging`."""
    with build_assessor(desk.model_name, desk.prompts_dir, load_ahead=load_ahead) as judge:
        yield judge


@contextmanager
def build_assessor(
    model_name: str, prompts_dir: Path, *, load_ahead: bool = False
) -> Iterator[Assessor]:
    """Build a judge that loads its recognizer when a transcript is first needed.

    Args:
        load_ahead: Load and warm up the recognizer in the background from now on, while the
            trainee reads and speaks.

    Raises:
        WeightsError: The model is not installed.
        PromptError: A rules file of the scenario folder has mistakes.
    """
    from practice.assessment.pipeline import Assessor
    from practice.scenarios import load_banned, load_thresholds

    banned = load_banned(prompts_dir)
    thresholds = load_thresholds(prompts_dir)
    model = require_model(model_name)

    @cache
    def load() -> Recognizer:
        from practice.recognition.whisper import engine

        return engine.load(model)

    loading = Lock()

    def load_once() -> Recognizer:
        with loading:  # several jobs may need it at the same time
            return load()

    judge = Assessor(load_once, banned, thresholds)
    if not load_ahead:
        yield judge
        return

    def load_and_warm_up() -> Recognizer:
        from practice.recognition.cache import CachedRecognizer

        judge.warm_up()
        return CachedRecognizer(load())

    with ThreadPoolExecutor(1) as pool:
        yield replace(judge, recognizer=pool.submit(load_and_warm_up).result)


def reference_recordings(prompts_dir: Path, model_name: str) -> ReferenceRecordings:
    """Build the comparison with reference recordings.

    The recognizer is loaded when the first reference recording is needed.
    """
    from practice.assessment.reference import ReferenceRecordings

    @cache
    def judge() -> Assessor:
        with build_assessor(model_name, prompts_dir) as found:
            return found

    return ReferenceRecordings(prompts_dir, judge)


def compare_with_reference(store: Store, judge: Assessor, prompts_dir: Path) -> Compare:
    """Build a function that compares stored attempts with the reference recordings.

    Returns:
        A function that returns None if the attempt was not scored, its recording is missing,
        or its line has no reference recording.
    """
    from practice.assessment.reference import ReferenceRecordings

    readings = ReferenceRecordings(prompts_dir, lambda: judge)

    def compare(attempt: Attempt) -> Comparison | NotCompared | None:
        if readings.find(attempt) is None:  # saves reading the recording
            return None
        return readings.compare(attempt, store.recording(attempt.take))

    return compare


def playback(console: Console, prompts_dir: Path, recordings: Path) -> Playback:
    """Build the playback of voices and recordings; it prints its errors on ``console``."""
    from practice.output.layout import say
    from practice.training.playback import Playback

    def tell(error: PracticeError) -> None:
        say(console, str(error), "yellow")

    return Playback(prompts_dir, recordings, tell)
