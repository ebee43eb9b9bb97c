"""Folders of scenarios: loading their files, and checking all of them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.records.scenario import BannedPhrase, Book, Scenario
from practice.scenarios.books import BOOKS, book_files, book_ids, read_book
from practice.scenarios.rules import (
    BANNED_FILE,
    CONSENT_FILE,
    RULES,
    STANDARD_FILE,
    THRESHOLDS_FILE,
    WORDS_FILE,
    banned_in_replacements,
    exists_or_broken_link,
    load_banned,
    read_banned,
    read_consent,
    read_standard,
    read_thresholds,
    read_words,
)
from practice.scenarios.scenario import is_id, read_scenario
from practice.scenarios.yaml_file import InvalidFileError, Problem, parse

SUFFIX = ".yaml"
_RULES = (BANNED_FILE, STANDARD_FILE, WORDS_FILE, THRESHOLDS_FILE, CONSENT_FILE)
_T = TypeVar("_T")


def scenario_ids(folder: Path) -> list[str]:
    """Return the ids of all scenarios, sorted. Raises PromptError if there is no such folder."""
    return [path.stem for path in _files(folder)]


def load(folder: Path, scenario_id: str) -> Scenario:
    """Load one scenario by its id.

    Raises:
        PromptError: No scenario has that id (the message suggests the most similar one), or
            its file has mistakes (the message gives the first).
    """
    ids = scenario_ids(folder)
    if scenario_id not in ids:
        hint = _similar(scenario_id, ids) or _("`practice list` shows all scenarios.")
        raise PromptError(
            _("There is no scenario “{id}” in {folder}. {hint}").format(
                id=scenario_id, folder=folder, hint=hint
            )
        )
    return read_scenario(folder / f"{scenario_id}{SUFFIX}", load_banned(folder))


def load_book(folder: Path, book_id: str) -> Book:
    """Load an exam book with the scenarios that it asks for.

    Raises:
        PromptError: No book has that id, or a file has mistakes.
    """
    books = book_ids(folder)
    if book_id not in books:
        available = _("Available: {ids}.").format(ids=_(", ").join(books) or "-")
        raise PromptError(
            _("There is no exam book “{id}” in {folder}. {hint}").format(
                id=book_id, folder=folder / BOOKS, hint=_similar(book_id, books) or available
            )
        )
    ids = scenario_ids(folder)
    find = cache(lambda name: load(folder, name) if name in ids else None)
    return read_book(folder / BOOKS / f"{book_id}{SUFFIX}", find)


def _similar(wanted: str, ids: list[str]) -> str:
    """Return the question if the most similar id was meant; empty if none is similar."""
    near = difflib.get_close_matches(wanted, ids, n=1, cutoff=0.5)
    return _("Did you mean “{id}”?").format(id=near[0]) if near else ""


def load_all(folder: Path) -> tuple[list[Scenario], list[Problem]]:
    """Load all scenarios of a folder.

    Returns:
        The scenarios without mistakes, and the problems of the others.

    Raises:
        PromptError: There is no such folder.
    """
    problems: list[Problem] = []
    banned = _collect(problems, read_banned, folder / BANNED_FILE) or ()
    return _read_all(folder, banned, problems), problems


def check(folder: Path) -> tuple[int, list[Problem]]:
    """Check all files of a folder.

    Returns:
        The number of files read, and all problems, sorted by file and line.

    Raises:
        PromptError: There is no such folder.
    """
    problems: list[Problem] = []
    banned = _collect(problems, read_banned, folder / BANNED_FILE)
    if banned:
        problems += banned_in_replacements(folder / BANNED_FILE, banned)
    rows = _collect(problems, read_standard, folder / STANDARD_FILE)
    _collect(problems, read_words, folder / WORDS_FILE)
    _collect(problems, read_thresholds, folder / THRESHOLDS_FILE)
    _collect(problems, read_consent, folder / CONSENT_FILE)
    found = _read_all(folder, banned or (), problems, thorough=True)
    known = {row.id for row in rows or ()}
    for scenario in found:
        if not known.issuperset(scenario.covers):
            problems += _unknown_rows(folder / f"{scenario.id}{SUFFIX}", scenario, known)
    scenarios = {scenario.id: scenario for scenario in found}
    for path in book_files(folder):
        _collect(problems, lambda book: read_book(book, scenarios.get), path)
    rules = [folder / name for name in _RULES if exists_or_broken_link(folder / name)]
    files = [*rules, *_files(folder), *book_files(folder)]
    problems += _ignored(folder, files)
    return len(files), sorted(problems, key=lambda problem: (problem.path, problem.line))


def _collect(problems: list[Problem], read: Callable[[Path], _T], path: Path) -> _T | None:
    """Read a file if it exists, and append its mistakes to ``problems``."""
    if not exists_or_broken_link(path):
        return None
    try:
        return read(path)
    except InvalidFileError as invalid:
        problems += invalid.problems
        return None


def _read_all(
    folder: Path,
    banned: tuple[BannedPhrase, ...],
    problems: list[Problem],
    *,
    thorough: bool = False,
) -> list[Scenario]:
    found = [
        _collect(problems, lambda p: read_scenario(p, banned, thorough=thorough), path)
        for path in _files(folder)
    ]
    return [scenario for scenario in found if scenario is not None]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PromptError(
            _(
                "There is no scenario folder at {folder}. Set it with --prompts or "
                "PRACTICE_PROMPTS."
            ).format(folder=folder)
        )
    return sorted(folder.glob(f"*{SUFFIX}"))


def _unknown_rows(path: Path, scenario: Scenario, known: set[str]) -> list[Problem]:
    """Return a problem for each id in ``covers`` that is no row of the standard."""
    document = parse(path)
    for place, row in enumerate(scenario.covers):
        if row not in known:
            message = _("{file} has no row “{row}”. Correct the id here, or add the row there.")
            document.report(("covers", place), message, row=row, file=STANDARD_FILE)
    return document.problems


def _ignored(folder: Path, files: list[Path]) -> Iterator[Problem]:
    """Yield the YAML files that are not among those read, and scenario ids that occur twice."""
    scenarios: dict[str, Path] = {}
    for path in sorted(_files(folder), key=lambda path: not is_id(path.stem)):
        # Ignore case, as Windows does; the folder may be copied there.
        twin = scenarios.setdefault(path.stem.casefold(), path)
        if twin is not path:
            yield Problem(path, 1, _twice(twin, folder))
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in place.parts)
        if path in files or hidden or path.suffix.lower() not in (SUFFIX, ".yml"):
            continue
        if place.parts[0] == RULES:
            message = _("this file is ignored. Only these are read here: {files}.").format(
                files=_(", ").join(str(name) for name in _RULES)
            )
        elif path.stem.casefold() in scenarios and place.parts[0] != BOOKS:
            message = _twice(scenarios[path.stem.casefold()], folder)
        elif path.suffix != SUFFIX:
            message = _("this file is ignored. Rename it to end in .yaml.")
        else:
            message = _("this file is ignored. Move it to {folder}.").format(folder=folder)
        yield Problem(path, 1, message)


def _twice(other: Path, folder: Path) -> str:
    message = _("{file} has the same scenario id. Rename or remove one of the two.")
    return message.format(file=other.relative_to(folder))
