"""Rules for all scenarios: banned phrases, the service standard, thresholds, consent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from practice.errors import PromptError, system_reason
from practice.files import atomic_write
from practice.i18n import gettext as _
from practice.mandarin.normalization import normalize
from practice.records.scenario import BannedPhrase, Severity, StandardRow
from practice.scenarios.markup import MarkupError, parse_script
from practice.scenarios.scenario import banned_in, markup_message, silent_parts
from practice.scenarios.yaml_file import (
    InvalidFileError,
    Model,
    Problem,
    Text,
    line_of,
    parse,
    parse_text,
    read_text,
    validate,
)
from practice.scoring.decision import LIMITS, THRESHOLDS, Thresholds
from practice.text import is_visible

RULES = "rules"
BANNED_FILE = Path(RULES) / "banned.yaml"
STANDARD_FILE = Path(RULES) / "standard.yaml"
THRESHOLDS_FILE = Path(RULES) / "thresholds.yaml"
CONSENT_FILE = Path(RULES) / "consent.txt"

_T = TypeVar("_T")

_SEVERITIES = {
    "severe": Severity.SEVERE,
    "严重": Severity.SEVERE,
    "minor": Severity.MINOR,
    "一般": Severity.MINOR,
}


class _BannedFile(Model):
    phrase: Text
    instead: Text
    why: str = ""
    unless: tuple[Text, ...] = ()
    severity: str = "minor"
    also: tuple[Text, ...] = ()


class _BannedList(Model):
    parts: ClassVar[tuple[type[Model], ...]] = (_BannedFile,)

    banned: tuple[_BannedFile, ...]


class _RowFile(Model):
    id: Text
    section: Text
    title: Text
    words: str = ""


class _StandardFile(Model):
    parts: ClassVar[tuple[type[Model], ...]] = (_RowFile,)

    rows: tuple[_RowFile, ...]


_Nats = Annotated[float, Field(allow_inf_nan=False)]


class _ThresholdsFile(Model):
    heard: _Nats = THRESHOLDS.heard
    missed: _Nats = THRESHOLDS.missed
    pronoun_heard: _Nats = THRESHOLDS.pronoun_heard
    pronoun_missed: _Nats = THRESHOLDS.pronoun_missed
    hello_heard: _Nats = THRESHOLDS.hello_heard
    hello_missed: _Nats = THRESHOLDS.hello_missed


def _or_first_problem(read: Callable[[Path], _T], path: Path) -> _T:
    """Read a file, where one message is enough: the first of its mistakes as a PromptError."""
    try:
        return read(path)
    except InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_banned(folder: Path) -> tuple[BannedPhrase, ...]:
    """Load the banned phrases; none if the folder has no such file.

    Raises:
        PromptError: The file has mistakes. The message gives the first.
    """
    path = folder / BANNED_FILE
    if not path.is_file():
        return ()
    return _or_first_problem(read_banned, path)


def load_standard(folder: Path) -> tuple[StandardRow, ...]:
    """Load the rows of the standard; none if the folder has no such file.

    Raises:
        PromptError: The file has mistakes. The message gives the first.
    """
    path = folder / STANDARD_FILE
    if not path.is_file():
        return ()
    return _or_first_problem(read_standard, path)


def load_thresholds(folder: Path) -> Thresholds:
    """Load the thresholds of verdicts; the built-in ones if the folder has no such file.

    Raises:
        PromptError: The file has mistakes. The message gives the first.
    """
    path = folder / THRESHOLDS_FILE
    if not path.is_file():
        return THRESHOLDS
    return _or_first_problem(read_thresholds, path)


def load_consent(folder: Path) -> str | None:
    """Load the text that a trainee is asked to agree to: the first paragraph of its file.

    Returns:
        The text; empty if the file is empty, so that no consent is asked for; None without
        the file.

    Raises:
        PromptError: The file has mistakes. The message gives the first.
    """
    path = folder / CONSENT_FILE
    if not exists_or_broken_link(path):
        return None
    return _or_first_problem(read_consent, path)


def write_thresholds(folder: Path, limits: Thresholds, remark: str) -> Path:
    """Write the thresholds file of a folder, replacing an existing one.

    Args:
        folder: Folder of the scenarios.
        limits: Thresholds to write.
        remark: Text for comment lines at the top of the file.

    Returns:
        Path of the file.

    Raises:
        PromptError: The file cannot be written.
    """
    path = folder / THRESHOLDS_FILE
    lines = [f"# {line}" for line in remark.splitlines()]
    lines += [f"{name}: {getattr(limits, name)}" for name in _ThresholdsFile.model_fields]
    try:
        path.parent.mkdir(exist_ok=True)
        with atomic_write(path) as file:
            file.write(("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise PromptError(
            _(
                "{path} cannot be written: {why}. Copy the scenarios to a folder of your own and "
                "name it with --prompts."
            ).format(path=path, why=system_reason(error))
        ) from None
    return path


def read_banned(path: Path) -> tuple[BannedPhrase, ...]:
    """Read the banned phrases. Raises InvalidFileError with all mistakes."""
    return _banned(path, read_text(path)[1])


@lru_cache(maxsize=2)  # for reading a scenario, and for assessing attempts at it
def _banned(path: Path, content: str) -> tuple[BannedPhrase, ...]:
    tree = parse_text(path, content)
    file = validate(_BannedList, path, tree)
    problems: list[Problem] = []
    phrases = []
    seen: set[str] = set()
    for number, entry in enumerate(file.banned):
        if entry.severity not in _SEVERITIES:
            message = _("“{severity}” is not a severity. Write severe (严重) or minor (一般).")
            where = line_of(tree, ("banned", number, "severity"))
            problems.append(Problem(path, where, message.format(severity=entry.severity)))
        for key, text in [("phrase", entry.phrase), *(("also", text) for text in entry.also)]:
            where = line_of(tree, ("banned", number, key))
            if not normalize(text):
                message = _("“{text}” has only punctuation. Write the phrase in words.")
                problems.append(Problem(path, where, message.format(text=text)))
            elif normalize(text) in seen:
                message = _("the phrase “{text}” is listed twice. Remove one.")
                problems.append(Problem(path, where, message.format(text=text)))
            seen.add(normalize(text))
        where = line_of(tree, ("banned", number, "instead"))
        try:
            wordings = parse_script(entry.instead, {})
        except MarkupError as error:
            problems.append(Problem(path, where, markup_message(error)))
            continue
        problems += silent_parts(path, where, wordings)
        phrases.append(
            BannedPhrase(
                entry.phrase,
                wordings[0].script,
                entry.why,
                tuple(entry.unless),
                _SEVERITIES.get(entry.severity, Severity.MINOR),
                tuple(entry.also),
                wordings,
            )
        )
    if problems:
        raise InvalidFileError(problems)
    return tuple(phrases)


def banned_in_replacements(path: Path, phrases: tuple[BannedPhrase, ...]) -> Iterator[Problem]:
    """Yield the replacements (``instead``) that contain a banned phrase themselves."""
    _raw, tree = parse(path)
    for number, phrase in enumerate(phrases):
        where = line_of(tree, ("banned", number, "instead"))
        yield from banned_in(path, where, phrase.wordings, phrases)


def read_standard(path: Path) -> tuple[StandardRow, ...]:
    """Read the rows of the standard. Raises InvalidFileError with all mistakes."""
    _raw, tree = parse(path)
    file = validate(_StandardFile, path, tree)
    problems = []
    seen: set[str] = set()
    for number, row in enumerate(file.rows):
        if row.id in seen:
            message = _("the row “{id}” is listed twice. Remove one.")
            where = line_of(tree, ("rows", number, "id"))
            problems.append(Problem(path, where, message.format(id=row.id)))
        seen.add(row.id)
    if problems:
        raise InvalidFileError(problems)
    return tuple(StandardRow(r.id, r.section, r.title, r.words) for r in file.rows)


def read_thresholds(path: Path) -> Thresholds:
    """Read the thresholds of verdicts; a missing key has the built-in value.

    Raises:
        InvalidFileError: The file has mistakes; the error has all of them.
    """
    _raw, tree = parse(path)
    limits = replace(THRESHOLDS, **validate(_ThresholdsFile, path, tree).model_dump())
    problems = []
    for heard, missed in LIMITS.values():
        if getattr(limits, heard) <= getattr(limits, missed):
            message = _(
                "“{heard}” must be greater than “{missed}”, but {high} is not greater than "
                "{low}. Correct one of them."
            )
            named = max(line_of(tree, (name,)) for name in (heard, missed))
            text = message.format(
                heard=heard, missed=missed, high=getattr(limits, heard), low=getattr(limits, missed)
            )
            problems.append(Problem(path, named, text))
    if problems:
        raise InvalidFileError(problems)
    return limits


def read_consent(path: Path) -> str:
    """Read the first paragraph of a consent file.

    Raises:
        InvalidFileError: The file cannot be read, or has invisible characters.
    """
    _raw, text = read_text(path)
    lines = text.replace("\r\n", "\n").split("\n")
    problems = [
        Problem(path, number, _("this line contains an invisible character. Retype the line."))
        for number, line in enumerate(lines, 1)
        if not is_visible(line)
    ]
    if problems:
        raise InvalidFileError(problems)
    return re.split(r"\n\s*\n", "\n".join(lines).strip())[0]


def exists_or_broken_link(path: Path) -> bool:
    """Return True if a path exists. A broken link counts, so that it is reported."""
    return path.exists() or path.is_symlink()
