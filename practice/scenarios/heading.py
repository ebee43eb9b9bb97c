"""Headings of scenarios, for lists: read without parsing the lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from practice.records.kinds import ScenarioKind
from practice.records.scenario import Scenario
from practice.scenarios.problems import InvalidFileError
from practice.scenarios.scenario import heading_problems, kind_of, require_id
from practice.scenarios.shapes import ScenarioFile
from practice.scenarios.yaml_file import parse_text, read_text, validate

# The lines in their usual form: a block of items that ends at the next key.
_LINES = re.compile(
    r"^(?:lines|台词): *\n(?: *(?:#.*)?\n)*"
    r"(?P<items>(?P<indent> *)- .*\n(?:(?:[ #]|- ).*\n|\n)*)",
    re.MULTILINE,
)
# Quoted texts and lists in brackets may continue on lines that are not indented.
_OPEN = re.compile(r"[\"']|[\[{][^\]}\n]*$", re.MULTILINE)
# Placeholder for the lines, so that the rest of the file can be parsed without them.
_STAND_IN = "lines: [{cue: 有, script: 有}]"


@dataclass(frozen=True, slots=True)
class Heading:
    """The entry of a scenario in a list; ``lines`` is the number of its lines."""

    id: str
    title: str
    when: str
    kind: ScenarioKind
    role: str
    source: str
    origin: str
    lines: int


def heading_of(scenario: Scenario) -> Heading:
    """Return the heading of a loaded scenario."""
    return Heading(
        id=scenario.id,
        title=scenario.title,
        when=scenario.when,
        kind=scenario.kind,
        role=scenario.role,
        source=scenario.source,
        origin=scenario.origin,
        lines=len(scenario.lines),
    )


def read_heading(path: Path, banned: int) -> Heading:
    """Read the heading of a scenario.

    The lines are only counted; they are parsed if they are written in an unusual form.

    Args:
        path: File of the scenario.
        banned: Number of banned phrases, which is the number of lines with ``swaps``.

    Raises:
        InvalidFileError: The heading has mistakes.
    """
    _raw, text = read_text(path)
    without, lines = _set_lines_aside(text)
    tree = parse_text(path, without)
    require_id(path)
    file = validate(ScenarioFile, path, tree)
    problems = list(heading_problems(path, tree, file))
    if problems:
        raise InvalidFileError(problems)
    return Heading(
        id=path.stem,
        title=file.title,
        when=file.when,
        kind=kind_of(file),
        role=file.role,
        source=file.source,
        origin=file.origin,
        lines=banned if file.swaps else lines or len(file.lines),
    )


def _set_lines_aside(text: str) -> tuple[str, int]:
    """Replace the lines in a scenario's text by the placeholder, and count them.

    If indentation alone does not delimit them, the text is left as it is and the count is 0.
    Line numbers after the placeholder are preserved, for the places of mistakes.
    """
    text = text.replace("\r\n", "\n")
    found = _LINES.search(text)
    if found is None or _OPEN.search(text):
        return text, 0
    items = re.findall(rf"^{found['indent']}- ", found["items"], re.MULTILINE)
    gap = "\n" * found[0].count("\n")
    return text[: found.start()] + _STAND_IN + gap + text[found.end() :], len(items)
