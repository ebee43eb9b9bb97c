"""Exam books from ``books/``, and the rows of the standard that the scenarios cover."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from practice.i18n import gettext as _
from practice.records.scenario import Book, Scenario, StandardRow
from practice.scenarios.yaml_file import Model, Text, parse
from practice.scoring.score import PASS_MARK

BOOKS = "books"


class _BookFile(Model):
    title: Text
    items: Annotated[tuple[Text, ...], Field(min_length=1)]
    pass_: Annotated[float, Field(alias="pass", ge=0, le=100, allow_inf_nan=False)] = PASS_MARK


def book_files(folder: Path) -> list[Path]:
    """Return the files of a folder's exam books, sorted."""
    return sorted((folder / BOOKS).glob("*.yaml"))


def book_ids(folder: Path) -> list[str]:
    """Return the ids of a folder's exam books, sorted."""
    return [path.stem for path in book_files(folder)]


def read_book(path: Path, find: Callable[[str], Scenario | None]) -> Book:
    """Read an exam book.

    An item is a scenario's id, for all its lines, or ``id/LINE`` for one of them. A line that
    is named twice is asked for once.

    Args:
        path: File of the book.
        find: Returns the scenario of an id, or None if the book cannot ask for it.

    Raises:
        InvalidFileError: The file has mistakes; the error has all of them.
    """
    document = parse(path)
    file = document.fill(_BookFile)
    items: dict[str, tuple[Scenario, int]] = {}
    for place, item in enumerate(file.items):
        name, slash, line = item.partition("/")
        scenario = find(name)
        lines = range(1, len(scenario.lines) + 1) if scenario else range(0)
        if scenario is None:
            message = _(
                "there is no scenario “{id}”, or its file has mistakes. Correct the id or the file."
            )
            document.report(("items", place), message, id=name)
        elif scenario.is_conversation and not slash:
            message = _("“{id}” is a conversation. Name one of its lines, like {id}/1.")
            document.report(("items", place), message, id=name)
        elif slash and not (line.isdecimal() and int(line) in lines):
            message = _("{scenario} has no line {line}. Choose one from 1 to {n}.")
            document.report(("items", place), message, scenario=name, line=line, n=len(lines))
        else:
            for number in [int(line)] if slash else lines:
                items[f"{name}/{number}"] = (scenario, number)
    document.raise_problems()
    return Book(path.stem, file.title, tuple(items.values()), file.pass_)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row of the standard and the scenarios that practice it, if any."""

    row: StandardRow
    scenarios: tuple[Scenario, ...]


def cover(rows: Iterable[StandardRow], scenarios: Iterable[Scenario]) -> tuple[Coverage, ...]:
    """Return the coverage of each row, in the order given.

    The scenarios of a row are sorted by id, with conversations last.
    """
    ordered = sorted(scenarios, key=lambda s: (s.is_conversation, s.id))
    return tuple(Coverage(row, tuple(s for s in ordered if row.id in s.covers)) for row in rows)
