"""A scenario in the terminal: its lines with marked elements, and the flow between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from math import prod

from rich.console import Console

from practice.i18n import gettext as _
from practice.i18n import is_chinese
from practice.output.layout import say
from practice.output.wording import kind_name, scenario_kind_name
from practice.records.kinds import CHINESE, Kind
from practice.records.scenario import Element, Line, Scenario, Wording


def print_scenario(console: Console, scenario: Scenario) -> None:
    """Print a scenario with all its requirements."""
    say(console, f"{scenario.title} ({scenario.id})", "bold")
    for text in _headings(scenario):
        say(console, text, indent=2)
    if scenario.is_conversation:
        console.print()
        say(console, _("Flow of the conversation, by line number:"))
        for text in outline(scenario):
            say(console, f"  {text}", indent=len(text) - len(text.lstrip()) + 4)
    for number, line in enumerate(scenario.lines, 1):
        _print_line(console, number, line)
    console.print()
    legend = _("【words|kind】 marks a courtesy. In a/b, either counts; {/a} is optional.")
    say(console, legend, "dim")
    if not is_chinese():
        used = {e.kind for line in scenario.lines for w in line.wordings for e in w.elements}
        kinds = [f"{CHINESE[kind]} {kind_name(kind)}" for kind in Kind if kind in used]
        say(console, _(", ").join(kinds), "dim")


def outline(scenario: Scenario) -> list[str]:
    """Return the flow of a scenario as an indented tree of line numbers.

    Where paths join, the part after the join is written once; later occurrences end in “…”.
    """
    seen: set[int] = set()

    def way(number: int | None, before: str, depth: int) -> Iterator[str]:
        text = "  " * depth + before
        while number is not None:
            known, ways = number in seen, scenario.exits[number - 1]
            seen.add(number)
            if known:
                yield f"{text}{number} …"
                return
            if len(ways) > 1:
                yield f"{text}{number}"
                for branch in ways:
                    yield from way(branch.then, f"{branch.when} → ", depth + 1)
                return
            text, number = f"{text}{number} → ", ways[0].then
        yield text + _("end")

    return list(way(1, "", 0))


def marked(wordings: Sequence[Wording]) -> list[str]:
    """Format wordings in the trainers' notation and merge those that differ in a few words.

    ``【您好/早上好|问候】`` and ``{过户/入网}`` mean any one of the alternatives.
    """
    sentences: dict[tuple[tuple[str, Kind | None], ...], list[Wording]] = {}
    for wording in wordings:
        names = tuple((element.name, element.kind) for element in wording.elements)
        sentences.setdefault(names, []).append(wording)
    found: list[str] = []
    for alike in sentences.values():
        pieces = _pieces(alike)
        # Merge only if every combination is a wording: sentences written one by one may be
        # similar by chance.
        if prod(map(len, pieces)) == len({wording.script for wording in alike}):
            found.append(_join(pieces, alike[0].elements))
        else:
            found += [_join(_pieces([wording]), wording.elements) for wording in alike]
    return list(dict.fromkeys(found))


def _pieces(alike: Sequence[Wording]) -> list[list[str]]:
    """Split wordings that have the same elements; return the alternatives for each piece.

    Pieces between elements take turns with elements, and come first and last.
    """
    split = []
    for wording in alike:
        edges = [edge for element in wording.elements for edge in (element.start, element.end)]
        split.append([wording.script[a:b] for a, b in pairwise((0, *edges, len(wording.script)))])
    return [list(dict.fromkeys(piece)) for piece in zip(*split, strict=True)]


def _join(pieces: Sequence[Sequence[str]], elements: Sequence[Element]) -> str:
    return "".join(
        _courtesy(choices, elements[place // 2]) if place % 2 else _between(choices)
        for place, choices in enumerate(pieces)
    )


def _courtesy(choices: Sequence[str], element: Element) -> str:
    marks = [CHINESE[element.kind]] if element.kind else []
    marks += ["关键"] if element.critical else []
    marks += [] if element.required else ["可选"]
    return "【" + "|".join(("/".join(choices), *marks)) + "】"


def _between(choices: Sequence[str]) -> str:
    """Format the text between elements; if slots make it vary, list only the differences."""
    if len(choices) == 1:
        return choices[0]
    head = _alike(choices)
    rest = [choice[head:] for choice in choices]
    tail = _alike([choice[::-1] for choice in rest])
    values = "/".join(choice[: len(choice) - tail] for choice in rest)
    return f"{choices[0][:head]}{{{values}}}{rest[0][len(rest[0]) - tail :]}"


def _alike(texts: Sequence[str]) -> int:
    """Return the length of the common prefix of all texts."""
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False))
    return sum(1 for _column in columns)


def _headings(scenario: Scenario) -> Iterator[str]:
    yield _("When: {when}").format(when=scenario.when)
    yield _("Kind: {kind}").format(kind=scenario_kind_name(scenario.kind))
    if scenario.role:
        yield _("Role: {role}").format(role=scenario.role)
    origin = (
        _("part of the standard") if scenario.origin == "standard" else _("added to the standard")
    )
    if scenario.source:
        yield _("Source: {source}").format(source=f"{scenario.source} · {origin}")
    if scenario.covers:
        yield _("Covers: {rows}").format(rows=_(", ").join(scenario.covers))
    if scenario.address:
        yield _("Address the customer as: {forms}").format(forms=_(", ").join(scenario.address))


def _print_line(console: Console, number: int, line: Line) -> None:
    console.print()
    if line.instead_of:
        say(console, f"{number}. " + _("Do not say: {phrase}").format(phrase=line.instead_of))
    else:
        say(console, f"{number}. " + _("Situation: {cue}").format(cue=line.cue), indent=3)
    if line.customer:
        text = _("Customer: “{words}”").format(words=line.customer)
        say(console, f"   {text}", indent=3)
    if line.body:
        say(console, "   " + _("Posture:"), "dim")
        for item in line.body_items:
            say(console, f"   · {item}", "dim", indent=5)
    say(console, "   " + _("Say: {script}").format(script=line.script), "bold cyan", indent=3)
    first, *others = marked(line.wordings)
    say(console, f"   {first}", indent=3)
    if others:
        say(console, "   " + _("Also accepted:"), "dim")
        for sentence in others:
            say(console, f"   {sentence}", "dim", indent=3)
