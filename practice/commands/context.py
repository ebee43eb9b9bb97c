"""Building blocks that the commands share: consoles, trainee, records, recognizer."""

from __future__ import annotations

import difflib
import getpass
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import click
from rich.console import Console

from practice import settings
from practice.errors import ConsentError, PracticeError, PromptError, WeightsError
from practice.i18n import gettext as _
from practice.paths import checkout, default_prompts, models_dir, settings_file
from practice.records.attempt import DEFAULT_GROUP, Trainee
from practice.text import MAX_NAME, is_name, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, ProgressColumn

    from practice.assessment.pipeline import Assessor
    from practice.assessment.reference import ReferenceRecordings
    from practice.commands.options import PracticeOptions, Records
    from practice.delivery.comparison import Comparison, NotCompared
    from practice.output.comparison import Compare
    from practice.recognition.recognizer import Recognizer
    from practice.recognition.whisper.weights import Installed
    from practice.records.attempt import Attempt
    from practice.records.scenario import Scenario
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


def emit_json(*values: dict[str, Any]) -> None:
    """Print JSON objects on stdout, each on a line."""
    for value in values:
        emit_line(json.dumps(value, ensure_ascii=False))


def emit_line(text: str) -> None:
    """Print a line for a program: in UTF-8, whatever the system's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def report_error(error: object) -> None:
    """Print an error that does not end the command, on one line of stderr."""
    click.echo(_("Error: {message}").format(message=one_line(str(error))), err=True)


def _progress_bar(*columns: ProgressColumn) -> Progress:
    """Build a progress bar on stderr, which is shown if stderr is a terminal."""
    from rich.progress import Progress

    shown = console(for_programs=True)
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)


@contextmanager
def progress(items: Iterable[_T], total: int) -> Iterator[Iterable[_T]]:
    """Show a progress bar and a rate.

    Args:
        items: Iterable, possibly without a length.
        total: Number of items.

    Yields:
        The items; iterating over them advances the bar.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

    from practice.output.rate import Rate

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with _progress_bar(*columns) as bar:
        yield bar.track(items, total=total)


@contextmanager
def stepwise(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar for work whose number of steps is not known in advance.

    Yields:
        A function that advances the bar: call it with the steps done and their total number.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with _progress_bar(*columns) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def is_interactive() -> bool:
    """Return whether there is a terminal: without one, no command prompts."""
    return sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())


def confirm_removal(print_what: Callable[[], None]) -> bool:
    """Ask for confirmation of a removal.

    Args:
        print_what: Prints on stderr what would be removed.

    Raises:
        PracticeError: There is no terminal to ask in.
    """
    if not is_interactive():
        raise PracticeError(
            _("There is no terminal to ask in. Use --yes to remove without confirmation.")
        )
    print_what()
    if click.confirm(_("Remove permanently?"), default=False, err=True):
        return True
    click.echo(_("Nothing was removed."), err=True)
    return False


def ask_name(question: str) -> str:
    """Ask for a name until one is entered."""
    name = ""
    while not name.strip():
        name = click.prompt(question, err=True)
    return name


def resolve_trainee(name: str | None, group: str | None) -> Trainee:
    """Determine who practices, and ask for a name if none is given or remembered.

    The answer is remembered on this machine. Without a terminal, `known_trainee` decides.

    Raises:
        PracticeError: A name is not valid.
    """
    known = known_trainee(name, group)
    if name is not None or not is_interactive() or settings.remembered(settings_file(), "trainee"):
        return known
    asked = require_name(ask_name(_("Your name (will be remembered on this machine)")))
    settings.remember(settings_file(), trainee=asked, group=known.group)
    return Trainee(asked, known.group)


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
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn

    from practice.recognition.whisper import weights

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with _progress_bar(*columns) as bar:
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
    if model is not None:
        return model
    if name == weights.DEFAULT_MODEL:
        return install_model(name)
    text = (
        _("The model {name} is not installed. Run: practice model install {name}")
        if weights.is_model_name(name)
        else _("“{name}” is not a model name. See `practice model list`.")
    )
    raise WeightsError(text.format(name=name))


@contextmanager
def open_session(given: PracticeOptions, *, load_ahead: bool = False) -> Iterator[Session]:
    """Open a session of a trainee.

    Args:
        load_ahead: Load the recognizer in the background; see `loaded_ahead`.

    Raises:
        ConsentError: The trainee declined.
    """
    store = open_swept_store(given.records)
    trainee = resolve_trainee(given.trainee, given.group)
    assessor = build_assessor(given.model_name, given.prompts_dir)
    with loaded_ahead(assessor) if load_ahead else nullcontext(assessor) as ready:
        # Last: a run that cannot start must not ask for consent.
        yield new_session(store, ready, given.prompts_dir, trainee)


def new_session(store: Store, assessor: Assessor, prompts_dir: Path, trainee: Trainee) -> Session:
    """Begin a session of a trainee who consents.

    Raises:
        ConsentError: The trainee declined.
    """
    from practice.training.session import Session

    require_consent(store, trainee, prompts_dir)
    return Session(str(uuid4()), trainee, store.folder, store, assessor)


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


def find_store(records: Records) -> Store | None:
    """Open the records if there are any; create none."""
    from practice.store import Store

    return open_store(records) if Store.exists(records.folder, records.database) else None


def existing_store(records: Records, *, quiet: bool = False) -> Store:
    """Open the records; if there are none yet, print that and end the command.

    Args:
        quiet: Print the message to stderr, because stdout belongs to a program.
    """
    store = find_store(records)
    if store is None:
        text = _("There are no attempts in {folder} yet.")
        click.echo(text.format(folder=records.folder), err=quiet)
        raise click.exceptions.Exit(0)
    return store


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

    groups = [g for g in People(store.database).groups_of(name) if group in (None, g)]
    if not groups:
        raise no_attempts(store, name)
    if len(groups) > 1 and home in groups:
        groups = [home]
    if len(groups) > 1:
        raise PracticeError(
            _("“{name}” is in several groups: {halls}. Choose one with --group.").format(
                name=name, halls=_(", ").join(groups)
            )
        )
    return Trainee(name, groups[0])


def no_attempts(store: Store, name: str) -> PracticeError:
    """Build the error that a trainee has no attempts; suggest a trainee of a similar name."""
    from practice.store.people import People

    near = difflib.get_close_matches(name, People(store.database).names(), n=1, cutoff=0.5)
    if near and near[0] != name:
        text = _("There are no attempts by “{name}”. Did you mean “{near}”?")
        return PracticeError(text.format(name=name, near=near[0]))
    text = _("There are no attempts by “{name}”. `practice history` shows who has practiced.")
    return PracticeError(text.format(name=name))


def load_scenarios(prompts_dir: Path) -> list[Scenario]:
    """Load all scenarios of a folder; report files with mistakes and leave them out."""
    from practice.scenarios import load_all

    scenarios, problems = load_all(prompts_dir)
    for problem in problems:
        report_error(problem)
    return scenarios


def require_own_folder(prompts_dir: Path) -> None:
    """Refuse to write to the scenario folder of the installation: an update replaces it."""
    if checkout() is None and prompts_dir == default_prompts():
        raise PromptError(
            _(
                "The scenarios in {folder} belong to the installation. Copy them to a "
                "folder of your own and name it with --prompts."
            ).format(folder=prompts_dir)
        )


def build_assessor(model_name: str, prompts_dir: Path) -> Assessor:
    """Build an assessor that loads its recognizer when a transcript is first needed.

    Raises:
        WeightsError: The model is not installed.
        PromptError: A rules file of the scenario folder has mistakes.
    """
    from practice.assessment.pipeline import Assessor
    from practice.scenarios import load_banned, load_thresholds, load_words

    banned = load_banned(prompts_dir)
    thresholds = load_thresholds(prompts_dir)
    accepted = load_words(prompts_dir)
    model = require_model(model_name)
    loading = Lock()

    @cache
    def load() -> Recognizer:
        from practice.recognition.whisper import engine

        return engine.load(model)

    def load_once() -> Recognizer:
        with loading:  # several jobs may need it at the same time
            return load()

    return Assessor(load_once, banned, thresholds, accepted)


@contextmanager
def loaded_ahead(assessor: Assessor) -> Iterator[Assessor]:
    """Load and warm up the recognizer in the background, while the trainee reads and speaks.

    Yields:
        The assessor, with a cache of what is recognized during recordings.
    """

    def load_and_warm_up() -> Recognizer:
        from practice.recognition.cache import CachedRecognizer

        assessor.warm_up()
        return CachedRecognizer(assessor.recognizer())

    with ThreadPoolExecutor(1) as pool:
        yield replace(assessor, recognizer=pool.submit(load_and_warm_up).result)


def reference_recordings(prompts_dir: Path, model_name: str) -> ReferenceRecordings:
    """Build the comparison with reference recordings.

    The recognizer is loaded when the first reference recording is needed.
    """
    from practice.assessment.reference import ReferenceRecordings

    return ReferenceRecordings(prompts_dir, cache(lambda: build_assessor(model_name, prompts_dir)))


def compare_with_reference(store: Store, assessor: Assessor, prompts_dir: Path) -> Compare:
    """Build a function that compares stored attempts with the reference recordings.

    Returns:
        A function that returns None if the attempt was not scored, its recording is missing,
        or its line has no reference recording.
    """
    from practice.assessment.reference import ReferenceRecordings

    references = ReferenceRecordings(prompts_dir, lambda: assessor)

    def compare(attempt: Attempt) -> Comparison | NotCompared | None:
        if references.find(attempt) is None:  # saves reading the recording
            return None
        return references.compare(attempt, store.recording(attempt.take))

    return compare


def playback(console: Console, prompts_dir: Path, recordings: Path) -> Playback:
    """Build the playback of voices and recordings; it prints its errors on ``console``."""
    from practice.output.layout import say
    from practice.training.playback import Playback

    return Playback(prompts_dir, recordings, lambda error: say(console, str(error), "yellow"))
