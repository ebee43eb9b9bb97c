"""Reading and checking of one scenario's file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from practice.i18n import gettext as _
from practice.mandarin.normalization import normal_form, normalize
from practice.mandarin.pinyin import parse_pinyin
from practice.records.delivery import DEFAULT_TARGETS, Targets, Volume
from practice.records.kinds import (
    CHINESE,
    CHINESE_SCENARIO_KINDS,
    Kind,
    ScenarioKind,
    parse_scenario_kind,
)
from practice.records.scenario import BannedPhrase, Branch, Element, Line, Scenario, Wording
from practice.scenarios.dialogue import read_exits
from practice.scenarios.markup import MAX_WORDINGS, MarkupError, parse_script
from practice.scenarios.shapes import (
    ALL_SWAPS,
    CHINESE_VOLUMES,
    ORIGINS,
    DeliveryFile,
    ScenarioFile,
)
from practice.scenarios.yaml_file import (
    InvalidFileError,
    Problem,
    key_name,
    line_of,
    parse,
    validate,
)
from practice.scoring.banned import banned_in_text

SLOWEST, FASTEST = 0.5, 10.0
"""Bounds of a target pace in characters a second. Speech does not go beyond them."""


def targets_of(file: ScenarioFile) -> list[Targets]:
    """Return the targets of each line.

    A line's own targets override the scenario's, which override the defaults.
    """
    usual = _over(DEFAULT_TARGETS, file.delivery)
    return [_over(usual, line.delivery) for line in file.lines]


def targets_of_swaps(file: ScenarioFile) -> Targets:
    """Return the targets of a scenario with ``swaps``, which has no lines of its own."""
    return _over(DEFAULT_TARGETS, file.delivery)


def target_problems(path: Path, tree: yaml.Node, file: ScenarioFile) -> Iterator[Problem]:
    """Yield the invalid targets of a scenario and of its lines."""
    yield from _problems(path, tree, (), file.delivery)
    for number, line in enumerate(file.lines):
        yield from _problems(path, tree, ("lines", number), line.delivery)


def volume_of(text: str) -> Volume | None:
    """Return the volume with an English or Chinese name, or None for any other text."""
    return CHINESE_VOLUMES.get(text) or (Volume(text) if text in set(Volume) else None)


def _over(targets: Targets, file: DeliveryFile) -> Targets:
    """Override targets with the ones that a file gives; skip an invalid pace."""
    if _is_pace(file.pace):
        targets = replace(targets, pace=(file.pace[0], file.pace[1]))
    if file.volume:
        targets = replace(targets, volume=volume_of(file.volume))
    if "may_fail" in file.model_fields_set:
        targets = replace(targets, may_fail=file.may_fail)
    return targets


def _is_pace(pace: tuple[float, ...]) -> bool:
    return len(pace) == 2 and SLOWEST <= pace[0] < pace[1] <= FASTEST


def _problems(
    path: Path, tree: yaml.Node, place: tuple[str | int, ...], file: DeliveryFile
) -> Iterator[Problem]:
    if "pace" in file.model_fields_set and not _is_pace(file.pace):
        message = _(
            "{key} must be a minimum and a maximum of characters a second, between {low:g} "
            "and {high:g}, like [3, 5]."
        ).format(key=key_name("pace"), low=SLOWEST, high=FASTEST)
        yield Problem(path, line_of(tree, (*place, "delivery", "pace")), message)
    if file.volume and volume_of(file.volume) is None:
        message = _("“{volume}” is not a volume. Write soft (轻柔) or clear (清晰).")
        where = line_of(tree, (*place, "delivery", "volume"))
        yield Problem(path, where, message.format(volume=file.volume))


_HAN = re.compile("[\u4e00-\u9fff]")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_scenario(
    path: Path, banned: Sequence[BannedPhrase] = (), *, thorough: bool = False
) -> Scenario:
    """Read a scenario.

    Args:
        path: File of the scenario; its stem is the scenario's id.
        banned: Banned phrases. With ``swaps``, the scenario has a line for each of them.
        thorough: Also report scripts that contain a banned phrase, texts that could never
            be recognized, forms of address that do not fit the customer, and unused
            readings. Takes longer.

    Raises:
        InvalidFileError: The file has mistakes; the error has all of them.
    """
    raw, tree = parse(path)
    require_id(path)
    file = validate(ScenarioFile, path, tree)
    slots = {name: tuple(values) for name, values in file.slots.items()}
    problems = [
        *_slot_problems(path, tree, file),
        *key_problems(path, tree, file),
        *target_problems(path, tree, file),
    ]
    targets = targets_of(file)
    readings = {phrase: parse_pinyin(pinyin) for phrase, pinyin in file.readings.items()}
    problems += list(_reading_problems(path, tree, file, readings))
    own = tuple((normalize(p), s) for p, s in readings.items() if s is not None)
    lines = []
    for number, entry in enumerate(file.lines):
        wordings: list[Wording] = []
        keys: list[tuple[str | int, ...]] = [("lines", number, "script")]
        keys += [("lines", number, "also", i) for i in range(len(entry.also))]
        for key, script in zip(keys, [entry.script, *entry.also], strict=True):
            where = line_of(tree, key)
            try:
                expanded = parse_script(script, slots)
            except MarkupError as error:
                problems.append(Problem(path, where, markup_message(error)))
                continue
            if thorough:
                problems += silent_parts(path, where, expanded)
                problems += banned_in(path, where, expanded, banned)
            if wordings and wordings[0].elements and not expanded[0].elements:
                message = _("this wording has no courtesies marked. Mark them with 【】.")
                problems.append(Problem(path, where, message))
            wordings += expanded
        if wordings:
            cue, customer = _fill(entry.cue, slots), _fill(entry.customer, slots)
            lines.append(
                Line(cue, tuple(wordings), entry.body, own, customer, targets=targets[number])
            )
            if thorough:
                problems += _strangers(path, line_of(tree, keys[0]), wordings, file.address)
    if thorough:
        problems += _unread(path, tree, file, lines)
    exits, mistakes = read_exits(path, tree, file.lines)
    problems += mistakes
    if file.swaps:
        lines = list(_swaps(banned, targets_of_swaps(file)))
        exits = tuple(
            (Branch("", n + 1 if n < len(lines) else None),) for n in range(1, len(lines) + 1)
        )
        raw += repr(banned).encode()
        if not lines:
            message = _(
                "{file} has no banned phrases to replace, or it has mistakes. Add phrases, or "
                "correct the file."
            )
            where = line_of(tree, ("swaps",))
            problems.append(Problem(path, where, message.format(file="rules/banned.yaml")))
    if problems:
        raise InvalidFileError(problems)
    return Scenario(
        id=path.stem,
        title=file.title,
        when=file.when,
        lines=tuple(lines),
        exits=exits,
        names=tuple(entry.name for entry in file.lines),
        kind=kind_of(file),
        role=file.role,
        source=file.source,
        origin=file.origin,
        address=tuple(file.address),
        covers=tuple(file.covers),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def is_id(text: str) -> bool:
    """Return True if a text can be a scenario's id."""
    return _ID.fullmatch(text) is not None


def require_id(path: Path) -> None:
    """Raise InvalidFileError if the name of a file is not a valid id."""
    if not is_id(path.stem):
        message = _(
            "the file name is the scenario's id. Use only lowercase letters and digits, "
            "with single hyphens between them, like id-missing.yaml."
        )
        raise InvalidFileError([Problem(path, 1, message)])


def _swaps(banned: Sequence[BannedPhrase], targets: Targets) -> Iterator[Line]:
    """Yield a line for each banned phrase, which is shown; the script is the better sentence."""
    for phrase in banned:
        cue = _("A customer is waiting for your answer.") + (
            f"（{phrase.why}）" if phrase.why else ""
        )
        yield Line(cue, phrase.wordings, instead_of=phrase.phrase, targets=targets)


def kind_of(file: ScenarioFile) -> ScenarioKind:
    """Return the kind that a scenario is listed under; ``OTHER`` for none or an unknown one."""
    return (
        (parse_scenario_kind(file.kind) or ScenarioKind.OTHER) if file.kind else ScenarioKind.OTHER
    )


def key_problems(path: Path, tree: yaml.Node, file: ScenarioFile) -> Iterator[Problem]:
    """Yield the mistakes in the keys outside the lines, except targets, slots and readings."""
    if file.kind and parse_scenario_kind(file.kind) is None:
        kinds = "、".join(CHINESE_SCENARIO_KINDS.values())
        message = _("“{kind}” is not a kind of scenario. Use one of: {kinds}.")
        where = line_of(tree, ("kind",))
        yield Problem(path, where, message.format(kind=file.kind, kinds=kinds))
    if file.origin not in ORIGINS:
        message = _("“{origin}” is not an origin. Write standard or extension.")
        yield Problem(path, line_of(tree, ("origin",)), message.format(origin=file.origin))
    if file.swaps and file.swaps != ALL_SWAPS:
        message = _("“{swaps}” is not a valid value here. Write “swaps: all”.")
        yield Problem(path, line_of(tree, ("swaps",)), message.format(swaps=file.swaps))
    if bool(file.swaps) is bool(file.lines):
        message = (
            _("a scenario can have “lines” or “swaps”, not both. Remove one.")
            if file.swaps
            else _("{key} is empty. Add a value, or remove the key.").format(key=key_name("lines"))
        )
        key = "swaps" if file.swaps else "lines"
        yield Problem(path, line_of(tree, (key,)), message)
    for number, form in enumerate(file.address):
        if not re.fullmatch(f"{_HAN.pattern}+", form):
            message = _(
                "“{form}” is not a form of address. Use Chinese characters only, like 先生."
            )
            yield Problem(path, line_of(tree, ("address", number)), message.format(form=form))


def banned_in(
    path: Path, line: int, wordings: Sequence[Wording], banned: Sequence[BannedPhrase]
) -> Iterator[Problem]:
    """Yield a problem for each banned phrase that a script contains, once per phrase.

    Args:
        path: File that the problems name.
        line: Line of the script in that file.
        wordings: Wordings of the script.
        banned: Phrases to look for.
    """
    found: dict[str, str] = {}
    for wording in wordings:
        for hit in banned_in_text(wording.script, tuple(banned)):
            found.setdefault(hit.phrase, wording.script)
    for phrase, script in found.items():
        message = _(
            "the script “{script}” contains the banned phrase “{phrase}”. Change the "
            "script, or edit {file}: remove the phrase, or list the proper wording under "
            "“unless”."
        )
        text = message.format(script=script, phrase=phrase, file="rules/banned.yaml")
        yield Problem(path, line, text)


def _strangers(
    path: Path, line: int, wordings: Sequence[Wording], address: Sequence[str]
) -> Iterator[Problem]:
    """Yield a problem if none of a script's forms of address fits the customer."""
    forms = {e.text for w in wordings for e in w.elements if e.kind is Kind.ADDRESS}
    if forms and address and not forms & set(address):
        message = _(
            "the scenario's form of address is “{forms}”, but the script says “{others}”. "
            "Change one."
        )
        yield Problem(
            path,
            line,
            message.format(forms="、".join(address), others="、".join(sorted(forms))),
        )


def _unread(
    path: Path, tree: yaml.Node, file: ScenarioFile, lines: Sequence[Line]
) -> Iterator[Problem]:
    """Yield the readings whose phrase is in no script."""
    scripts = [normalize(w.script) for line in lines for w in line.wordings]
    for phrase in file.readings:
        if not any(normalize(phrase) in script for script in scripts):
            message = _("“{phrase}” is not in any script. Correct it, or remove it.")
            where = line_of(tree, ("readings", phrase))
            yield Problem(path, where, message.format(phrase=phrase))


def _fill(text: str, slots: dict[str, tuple[str, ...]]) -> str:
    for name, values in slots.items():
        text = text.replace(f"{{{name}}}", values[0])
    return text


def _slot_problems(path: Path, tree: yaml.Node, file: ScenarioFile) -> Iterator[Problem]:
    """Yield slots without values in cues and customers' words, unused slots, and invalid values.

    ``parse_script`` reports slots without values in scripts.
    """
    scripts = [text for line in file.lines for text in (line.script, *line.also)]
    for number, line in enumerate(file.lines):
        for key in ("cue", "customer"):
            for name in re.findall(r"\{([^{}]*)\}", getattr(line, key)):
                if name not in file.slots:
                    message = _("the slot “{detail}” has no values. List them under “slots”.")
                    where = line_of(tree, ("lines", number, key))
                    yield Problem(path, where, message.format(detail=name))
    for name, values in file.slots.items():
        where = line_of(tree, ("slots", name))
        if not any(f"{{{name}}}" in script for script in scripts):
            message = _("the slot “{detail}” is not used in any script. Use it, or remove it.")
            yield Problem(path, where, message.format(detail=name))
        for value in values:
            if "，" in value:
                message = _("“{value}” counts as one value. Separate values with “,”, not “，”.")
                yield Problem(path, where, message.format(value=value))
            elif re.search(r"[【】{}|｜]", value) or not normal_form(value).text:
                message = _("“{value}” cannot be a slot value. Write plain words.")
                yield Problem(path, where, message.format(value=value))


def _reading_problems(
    path: Path, tree: yaml.Node, file: ScenarioFile, readings: dict[str, tuple[str, ...] | None]
) -> Iterator[Problem]:
    for phrase, syllables in readings.items():
        if syllables is None or len(syllables) != len(normalize(phrase)):
            message = _(
                "“{pinyin}” is not the reading of “{phrase}”. Write one syllable for each "
                "character, like “huán nín”."
            )
            where = line_of(tree, ("readings", phrase))
            yield Problem(path, where, message.format(pinyin=file.readings[phrase], phrase=phrase))


def silent_parts(path: Path, line: int, wordings: tuple[Wording, ...]) -> Iterator[Problem]:
    """Yield the first script or element that could never be recognized, if there is one.

    Such a script has no Chinese characters; such an element has only punctuation.

    Args:
        path: File that the problem names.
        line: Line of the script in that file.
        wordings: Wordings of the script.
    """
    for wording in wordings:
        if not _HAN.search(wording.script):
            message = _("the script “{script}” has no Chinese characters. Write the words to say.")
            yield Problem(path, line, message.format(script=wording.script))
            return
        for element in wording.elements:
            if _is_silent(element, wording):
                message = _("the courtesy “{text}” has only punctuation. Write the words to say.")
                yield Problem(path, line, message.format(text=element.text))
                return


def _is_silent(element: Element, wording: Wording) -> bool:
    start, end = normal_form(wording.script).span(element.start, element.end)
    return start == end


def markup_message(error: MarkupError) -> str:
    """Return the message for an error in a script's markup, with the correct form."""
    kinds = "、".join(CHINESE.values())
    text = {
        "bracket": _("“{detail}” has an unmatched bracket. Write a courtesy like 【请|敬语】."),
        "other-bracket": _(
            "“{detail}” is not allowed here. Write a courtesy like 【请|敬语】, a slot like "
            "{{业务}}."
        ),
        "slot-inside": _("“【{detail}】” contains a slot. Write the slot outside 【】."),
        "empty": _("“【{detail}】” contains an empty text. Write a courtesy like 【请|敬语】."),
        "no-kind": _("“【{detail}】” has no kind. Write 【{detail}|kind】 with one of: {kinds}."),
        "unknown-kind": _("“{detail}” is not a kind of courtesy. Use one of: {kinds}."),
        "flag": _(
            "“{detail}” is not allowed here. Only 可选 (optional) or 关键 (critical) can "
            "follow the kind."
        ),
        "both-flags": _(
            "“【{detail}】” cannot be both 可选 (optional) and 关键 (critical). Remove one."
        ),
        "unknown-slot": _("the slot “{detail}” has no values. List them under “slots”."),
        "too-many": _(
            "alternatives and slots make {detail} wordings, but at most {limit} are "
            "allowed. Split the line."
        ),
    }[error.code]
    return text.format(detail=error.detail, kinds=kinds, limit=MAX_WORDINGS)
