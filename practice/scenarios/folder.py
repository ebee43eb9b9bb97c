"""A folder of scenarios: what is in it, and the mistakes in all its files."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.records.scenario import BannedPhrase, Book, Scenario, StandardRow
from practice.scenarios.books import BOOKS, book_files, book_ids, read_book, scenarios_of
from practice.scenarios.heading import Heading, heading_of, read_heading
from practice.scenarios.problems import InvalidFileError, Problem
from practice.scenarios.rules import (
    BANNED_FILE,
    CONSENT_FILE,
    RULES,
    STANDARD_FILE,
    THRESHOLDS_FILE,
    banned_in_better,
    is_there,
    load_banned,
    read_banned,
    read_consent,
    read_standard,
    read_thresholds,
)
from practice.scenarios.scenario import is_id, read_scenario
from practice.scenarios.yaml_file import line_of, parse

SUFFIX = ".yaml"
MANY = 200
"""From so many scenarios on, reading all of them for a list takes long enough to be felt."""

_T = TypeVar("_T")


def scenario_ids(folder: Path) -> list[str]:
    """The ids of all scenarios in a folder, sorted. Raises PromptError without a folder."""
    return [path.stem for path in _files(folder)]


def load(folder: Path, scenario_id: str) -> Scenario:
    """Load one scenario by its id.

    Raises PromptError when there is none of that id (naming the nearest) or when its
    file has mistakes (naming the first).
    """
    ids = scenario_ids(folder)
    if scenario_id not in ids:
        near = difflib.get_close_matches(scenario_id, ids, n=1, cutoff=0.5)
        hint = (
            _("Did you mean “{id}”?").format(id=near[0])
            if near
            else _("`practice list` shows all scenarios.")
        )
        raise PromptError(
            _("There is no scenario “{id}” in {folder}. {hint}").format(
                id=scenario_id, folder=folder, hint=hint
            )
        )
    try:
        return read_scenario(folder / f"{scenario_id}{SUFFIX}", load_banned(folder))
    except InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_book(folder: Path, book_id: str) -> Book:
    """Load an exam book with the scenarios that it asks for.

    Raises PromptError when there is none of that id, or when a file has mistakes.
    """
    ids = book_ids(folder)
    if book_id not in ids:
        near = difflib.get_close_matches(book_id, ids, n=1, cutoff=0.5)
        hint = (
            _("Did you mean “{id}”?").format(id=near[0])
            if near
            else _("Available: {ids}.").format(ids=_(", ").join(ids) or "-")
        )
        raise PromptError(
            _("There is no exam book “{id}” in {folder}. {hint}").format(
                id=book_id, folder=folder / BOOKS, hint=hint
            )
        )
    path = folder / BOOKS / f"{book_id}.yaml"
    try:
        wanted = scenarios_of(path) & set(scenario_ids(folder))
        return read_book(path, {name: load(folder, name) for name in sorted(wanted)})
    except InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_all(folder: Path) -> tuple[list[Scenario], list[Problem]]:
    """Load every scenario of a folder; those with mistakes are left out and told."""
    problems: list[Problem] = []
    banned = _tell(problems, read_banned, folder / BANNED_FILE) or ()
    return _read_all(folder, banned, problems), problems


def load_headings(folder: Path) -> tuple[list[Heading], list[Problem]]:
    """Load what a list says of every scenario of a folder.

    Those with mistakes are left out and told. Of very many scenarios only what stands above
    the lines is read, and only mistakes in that are told; ``check`` tells all.
    """
    files = _files(folder)
    if len(files) < MANY:
        scenarios, problems = load_all(folder)
        return [heading_of(scenario) for scenario in scenarios], problems
    problems = []
    banned = len(_tell(problems, read_banned, folder / BANNED_FILE) or ())
    headings = []
    for path in files:
        try:
            headings.append(read_heading(path, banned))
        except InvalidFileError as invalid:
            problems += invalid.problems
    return headings, problems


def check(folder: Path) -> tuple[int, list[Problem]]:
    """Check every file of a folder: how many were read, and all the mistakes in them."""
    problems: list[Problem] = []
    files = [folder / name for name in _RULES if is_there(folder / name)]
    banned = _tell(problems, read_banned, folder / BANNED_FILE) or ()
    if banned:
        problems += banned_in_better(folder / BANNED_FILE, banned)
    rows = _tell(problems, read_standard, folder / STANDARD_FILE)
    for name, read in ((THRESHOLDS_FILE, read_thresholds), (CONSENT_FILE, read_consent)):
        _tell(problems, read, folder / name)
    found = _read_all(folder, banned, problems, thorough=True)
    scenarios = {scenario.id: scenario for scenario in found}
    problems += _unknown_rows(folder, found, rows)
    for path in book_files(folder):
        _tell(problems, lambda book: read_book(book, scenarios), path)
    problems += _never_read(folder)
    files += [*_files(folder), *book_files(folder)]
    return len(files), sorted(problems, key=lambda problem: (problem.path, problem.line))


_RULES = (BANNED_FILE, STANDARD_FILE, THRESHOLDS_FILE, CONSENT_FILE)


def _tell(problems: list[Problem], read: Callable[[Path], _T], path: Path) -> _T | None:
    """Read a file where there is one; its mistakes join the others."""
    if not is_there(path):
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
    scenarios = []
    for path in _files(folder):
        scenario = _tell(problems, lambda p: read_scenario(p, banned, thorough=thorough), path)
        if scenario is not None:
            scenarios.append(scenario)
    return scenarios


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PromptError(
            _(
                "There is no scenario folder at {folder}. Set it with --prompts or "
                "PRACTICE_PROMPTS."
            ).format(folder=folder)
        )
    return sorted(folder.glob(f"*{SUFFIX}"))


def _unknown_rows(
    folder: Path, scenarios: list[Scenario], rows: tuple[StandardRow, ...] | None
) -> Iterator[Problem]:
    """Scenarios that say they cover what is no row of the standard."""
    known = {row.id for row in rows or ()}
    for scenario in scenarios:
        for place, row in enumerate(scenario.covers):
            if row not in known:
                path = folder / f"{scenario.id}{SUFFIX}"
                message = _(
                    "{file} has no row “{row}”. Correct the id here, or add the row there."
                ).format(row=row, file=STANDARD_FILE)
                yield Problem(path, line_of(parse(path)[1], ("covers", place)), message)


def _never_read(folder: Path) -> Iterator[Problem]:
    """Files that nobody reads though a trainer means them to be, and ids that are there twice."""
    scenarios: dict[str, Path] = {}
    for path in sorted(_files(folder), key=lambda path: not is_id(path.stem)):
        # Letters of either case are the same on Windows, where the folder may be next.
        twin = scenarios.setdefault(path.stem.casefold(), path)
        if twin is not path:
            yield Problem(path, 1, _twice(twin, folder))
    rules = [folder / name for name in _RULES]
    read = {*scenarios.values(), *_files(folder), *book_files(folder), *rules}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in place.parts)
        if path in read or hidden or path.suffix.lower() not in (SUFFIX, ".yml"):
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
