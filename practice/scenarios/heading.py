"""What a list says of a scenario, read without reading its lines."""

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

# The lines as they are usually written: items one below the other, down to the next key.
_LINES = re.compile(
    r"^(?:lines|台词): *\n(?: *(?:#.*)?\n)*"
    r"(?P<items>(?P<indent> *)- .*\n(?:(?:[ #]|- ).*\n|\n)*)",
    re.MULTILINE,
)
# Texts and lists that may go on over several lines without being indented.
_OPEN = re.compile(r"[\"']|[\[{][^\]}\n]*$", re.MULTILINE)
# It takes the place of the lines, so that what stands around them can be read alone.
_STAND_IN = "lines: [{cue: 有, script: 有}]"


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of a scenario; ``lines`` is their number."""

    id: str
    title: str
    when: str
    kind: ScenarioKind
    role: str
    source: str
    origin: str
    lines: int


def heading_of(scenario: Scenario) -> Heading:
    """The heading of a scenario that was read as a whole."""
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
    """Read the heading of a scenario. Raises InvalidFileError with the mistakes in it.

    Its lines are counted, and read only where they are written in an unusual way.
    ``banned`` is how many phrases there are to swap.
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
    """A scenario's text with a stand-in for its lines, and how many there are.

    The text stays as it is, and the number is 0, where the lines can't be told by their
    indentation alone. What follows keeps its place, so that mistakes name their line.
    """
    text = text.replace("\r\n", "\n")
    found = _LINES.search(text)
    if found is None or _OPEN.search(text):
        return text, 0
    items = re.findall(rf"^{found['indent']}- ", found["items"], re.MULTILINE)
    gap = "\n" * found[0].count("\n")
    return text[: found.start()] + _STAND_IN + gap + text[found.end() :], len(items)
