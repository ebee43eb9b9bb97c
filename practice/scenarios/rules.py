"""Rules for all scenarios: banned phrases, the service standard, thresholds, consent."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from practice.errors import PromptError, system_reason
from practice.files import atomic_write
from practice.i18n import gettext as _
from practice.mandarin.normalization import normalize
from practice.records.kinds import CHINESE, parse_kind
from practice.records.scenario import AcceptedWords, BannedPhrase, Severity, StandardRow
from practice.scenarios.markup import MarkupError, parse_script
from practice.scenarios.scenario import check_banned, check_is_spoken, report_markup
from practice.scenarios.yaml_file import (
    Document,
    InvalidFileError,
    Model,
    Problem,
    Text,
    parse,
    read_text,
)
from practice.scoring.decision import LIMITS, THRESHOLDS, Thresholds
from practice.text import is_visible

RULES = "rules"
BANNED_FILE = Path(RULES) / "banned.yaml"
STANDARD_FILE = Path(RULES) / "standard.yaml"
THRESHOLDS_FILE = Path(RULES) / "thresholds.yaml"
WORDS_FILE = Path(RULES) / "words.yaml"
CONSENT_FILE = Path(RULES) / "consent.txt"

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
    customer: str = ""


class _WordsFile(Model):
    kind: Text
    words: tuple[Text, ...]
    unless: tuple[Text, ...] = ()


class _WordsList(Model):
    words: tuple[_WordsFile, ...]


class _BannedList(Model):
    banned: tuple[_BannedFile, ...]


class _RowFile(Model):
    id: Text
    section: Text
    title: Text
    words: str = ""


class _StandardFile(Model):
    rows: tuple[_RowFile, ...]


_Nats = Annotated[float, Field(allow_inf_nan=False)]


class _ThresholdsFile(Model):
    heard: _Nats = THRESHOLDS.heard
    missed: _Nats = THRESHOLDS.missed
    pronoun_heard: _Nats = THRESHOLDS.pronoun_heard
    pronoun_missed: _Nats = THRESHOLDS.pronoun_missed
    hello_heard: _Nats = THRESHOLDS.hello_heard
    hello_missed: _Nats = THRESHOLDS.hello_missed


def load_banned(folder: Path) -> tuple[BannedPhrase, ...]:
    """Load the banned phrases; none without the file. Raises InvalidFileError."""
    path = folder / BANNED_FILE
    return read_banned(path) if path.is_file() else ()


def load_words(folder: Path) -> tuple[AcceptedWords, ...]:
    """Load the accepted words of free lines; none without the file. Raises InvalidFileError."""
    path = folder / WORDS_FILE
    return read_words(path) if path.is_file() else ()


def load_standard(folder: Path) -> tuple[StandardRow, ...]:
    """Load the rows of the standard; none without the file. Raises InvalidFileError."""
    path = folder / STANDARD_FILE
    return read_standard(path) if path.is_file() else ()


def load_thresholds(folder: Path) -> Thresholds:
    """Load the thresholds of verdicts; the built-in ones without the file.

    Raises:
        InvalidFileError: The file has mistakes.
    """
    path = folder / THRESHOLDS_FILE
    return read_thresholds(path) if path.is_file() else THRESHOLDS


def load_consent(folder: Path) -> str | None:
    """Load the text that a trainee is asked to agree to: the first paragraph of its file.

    Returns:
        The text; empty if the file is empty, so that no consent is asked for; None without
        the file.

    Raises:
        InvalidFileError: The file has mistakes.
    """
    path = folder / CONSENT_FILE
    return read_consent(path) if exists_or_broken_link(path) else None


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
    return _banned(path, *read_text(path))


@lru_cache(maxsize=2)  # for reading a scenario, and for assessing attempts at it
def _banned(path: Path, raw: bytes, content: str) -> tuple[BannedPhrase, ...]:
    document = Document(path, raw, content)
    phrases = []
    seen: set[str] = set()
    for number, entry in enumerate(document.fill(_BannedList).banned):
        place = ("banned", number)
        if entry.severity not in _SEVERITIES:
            message = _("“{severity}” is not a severity. Write severe (严重) or minor (一般).")
            document.report((*place, "severity"), message, severity=entry.severity)
        for key, text in [("phrase", entry.phrase), *(("also", text) for text in entry.also)]:
            if not normalize(text):
                message = _("“{text}” has only punctuation. Write the phrase in words.")
                document.report((*place, key), message, text=text)
            elif normalize(text) in seen:
                message = _("the phrase “{text}” is listed twice. Remove one.")
                document.report((*place, key), message, text=text)
            seen.add(normalize(text))
        try:
            wordings = parse_script(entry.instead, {})
        except MarkupError as error:
            report_markup(document, (*place, "instead"), error)
            continue
        check_is_spoken(document, (*place, "instead"), wordings)
        phrases.append(
            BannedPhrase(
                entry.phrase,
                wordings[0].script,
                entry.why,
                entry.unless,
                _SEVERITIES.get(entry.severity, Severity.MINOR),
                entry.also,
                wordings,
                entry.customer,
            )
        )
    document.raise_problems()
    return tuple(phrases)


def banned_in_replacements(path: Path, phrases: tuple[BannedPhrase, ...]) -> list[Problem]:
    """Return the replacements (``instead``) that contain a banned phrase themselves."""
    document = parse(path)
    for number, phrase in enumerate(phrases):
        check_banned(document, ("banned", number, "instead"), phrase.wordings, phrases)
    return document.problems


def read_words(path: Path) -> tuple[AcceptedWords, ...]:
    """Read the accepted words of each kind. Raises InvalidFileError with all mistakes."""
    return _words(path, *read_text(path))


@lru_cache(maxsize=2)
def _words(path: Path, raw: bytes, content: str) -> tuple[AcceptedWords, ...]:
    document = Document(path, raw, content)
    groups = []
    for number, entry in enumerate(document.fill(_WordsList).words):
        kind = parse_kind(entry.kind)
        if kind is None:
            message = _("“{detail}” is not a kind of courtesy. Use one of: {kinds}.")
            kinds = "、".join(CHINESE.values())
            document.report(("words", number, "kind"), message, detail=entry.kind, kinds=kinds)
            continue
        for key, texts in (("words", entry.words), ("unless", entry.unless)):
            for place, text in enumerate(texts):
                if not normalize(text):
                    message = _("“{text}” has only punctuation. Write the phrase in words.")
                    document.report(("words", number, key, place), message, text=text)
        groups.append(AcceptedWords(kind, entry.words, entry.unless))
    document.raise_problems()
    return tuple(groups)


def read_standard(path: Path) -> tuple[StandardRow, ...]:
    """Read the rows of the standard. Raises InvalidFileError with all mistakes."""
    document = parse(path)
    rows: dict[str, StandardRow] = {}
    for number, row in enumerate(document.fill(_StandardFile).rows):
        if row.id in rows:
            message = _("the row “{id}” is listed twice. Remove one.")
            document.report(("rows", number, "id"), message, id=row.id)
        rows[row.id] = StandardRow(**row.model_dump())
    document.raise_problems()
    return tuple(rows.values())


def read_thresholds(path: Path) -> Thresholds:
    """Read the thresholds of verdicts; a missing key has the built-in value.

    Raises:
        InvalidFileError: The file has mistakes; the error has all of them.
    """
    document = parse(path)
    limits = replace(THRESHOLDS, **document.fill(_ThresholdsFile).model_dump())
    for family, (heard, missed) in LIMITS.items():
        high, low = limits.pair(family)
        if high <= low:
            message = _(
                "“{heard}” must be greater than “{missed}”, but {high} is not greater than "
                "{low}. Correct one of them."
            )
            later = max(heard, missed, key=lambda name: document.line_of((name,)))
            document.report((later,), message, heard=heard, missed=missed, high=high, low=low)
    document.raise_problems()
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
        raise InvalidFileError(*problems)
    return re.split(r"\n\s*\n", "\n".join(lines).strip())[0]


def exists_or_broken_link(path: Path) -> bool:
    """Return True if a path exists. A broken link counts, so that it is reported."""
    return path.exists() or path.is_symlink()
