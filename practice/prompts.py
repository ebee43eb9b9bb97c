"""Scenarios from a folder of YAML files, checked so that each mistake names its line.

One file is one scenario; its name is the scenario's id. Words never to be said are in
``rules/banned.yaml`` of the same folder, and limits that `practice calibrate` proposed in
``rules/thresholds.yaml``. The page for authors is docs/scenarios.md.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from practice.core.kinds import CHINESE
from practice.core.markup import MAX_WORDINGS, MarkupError, parse_script
from practice.core.models import BannedPhrase, Element, Line, Scenario, Wording
from practice.core.normalize import normal_form, normalize
from practice.core.sounds import parse_pinyin
from practice.core.verdicts import LIMITS, THRESHOLDS, Thresholds
from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.visible import is_visible

SUFFIX = ".yaml"
BANNED_FILE = Path("rules") / "banned.yaml"
THRESHOLDS_FILE = Path("rules") / "thresholds.yaml"
CONSENT_FILE = Path("rules") / "consent.txt"
_HAN = re.compile("[\u4e00-\u9fff]")
# What a Chinese keyboard puts where YAML wants its own signs.
_WIDE_COLON = re.compile(r"^\s*(?:- )?\s*[\w\u4e00-\u9fff-]+：")
_MOST_NODES = 100_000
_MOST_DEPTH = 20
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# A trainer may write the keys in Chinese.
_CHINESE_KEYS = {
    "标题": "title",
    "何时": "when",
    "角色": "role",
    "出处": "source",
    "来源": "origin",
    "词槽": "slots",
    "读音": "readings",
    "台词": "lines",
    "情景": "cue",
    "体态": "body",
    "话术": "script",
    "也可以说": "also",
    "禁语": "phrase",
    "改说": "instead",
    "原因": "why",
    "除非": "unless",
}

_Text = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


_M = TypeVar("_M", bound=_Model)


class _LineFile(_Model):
    cue: _Text
    script: _Text
    body: str = ""
    also: list[_Text] = []


class _ScenarioFile(_Model):
    title: _Text
    when: _Text
    lines: Annotated[list[_LineFile], Field(min_length=1)]
    slots: dict[str, Annotated[list[_Text], Field(min_length=1)]] = {}
    readings: dict[str, _Text] = {}
    role: str = ""
    source: str = ""
    origin: str = "standard"


class _BannedFile(_Model):
    phrase: _Text
    instead: _Text
    why: str = ""
    unless: list[_Text] = []


class _BannedList(_Model):
    banned: list[_BannedFile]


_Nats = Annotated[float, Field(allow_inf_nan=False)]


class _ThresholdsFile(_Model):
    heard: _Nats = THRESHOLDS.heard
    missed: _Nats = THRESHOLDS.missed
    pronoun_heard: _Nats = THRESHOLDS.pronoun_heard
    pronoun_missed: _Nats = THRESHOLDS.pronoun_missed
    hello_heard: _Nats = THRESHOLDS.hello_heard
    hello_missed: _Nats = THRESHOLDS.hello_missed


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a file, with the line to mend (1 where the whole file is meant)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class _InvalidFileError(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


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
            else _("`practice list` shows what there is.")
        )
        raise PromptError(
            _("There is no scenario “{id}” in {folder}. {hint}").format(
                id=scenario_id, folder=folder, hint=hint
            )
        )
    try:
        return _read_scenario(folder / f"{scenario_id}{SUFFIX}")
    except _InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_all(folder: Path, *, thorough: bool = False) -> tuple[list[Scenario], list[Problem]]:
    """Load every scenario of a folder; those with mistakes are left out and told.

    ``thorough`` also looks for what could never be heard, which takes longer.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in _files(folder):
        try:
            scenarios.append(_read_scenario(path, thorough=thorough))
        except _InvalidFileError as invalid:
            problems += invalid.problems
    return scenarios, problems


def load_banned(folder: Path) -> tuple[BannedPhrase, ...]:
    """Load the words never to be said. A folder without the file has none."""
    path = folder / BANNED_FILE
    if not path.is_file():
        return ()
    try:
        return _read_banned(path)
    except _InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_thresholds(folder: Path) -> Thresholds:
    """Load the limits that verdicts go by. A folder without the file has the built-in ones."""
    path = folder / THRESHOLDS_FILE
    if not path.is_file():
        return THRESHOLDS
    try:
        return _read_thresholds(path)
    except _InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def load_consent(folder: Path) -> str | None:
    """Load what a trainee is asked to agree to: the first paragraph of its file.

    An empty file asks for nothing, and gives an empty text; without the file it is None.
    """
    path = folder / CONSENT_FILE
    if not _is_there(path):
        return None
    try:
        return _read_consent(path)
    except _InvalidFileError as invalid:
        raise PromptError(str(invalid.problems[0])) from None


def write_thresholds(folder: Path, limits: Thresholds, remark: str) -> Path:
    """Write limits for ``load_thresholds``, over those that were there. Raises PromptError."""
    path = folder / THRESHOLDS_FILE
    lines = [f"# {line}" for line in remark.splitlines()]
    lines += [f"{name}: {getattr(limits, name)}" for name in _ThresholdsFile.model_fields]
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text("\n".join(lines) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        raise PromptError(
            _(
                "{path} cannot be written: {why}. Copy the scenarios to a folder of your own and "
                "name it with --prompts."
            ).format(path=path, why=error.strerror)
        ) from None
    return path


def check(folder: Path) -> tuple[int, list[Problem]]:
    """Check every file of a folder: how many were read, and all the mistakes in them."""
    scenarios, problems = load_all(folder, thorough=True)
    problems += list(_never_read(folder))
    files = len(_files(folder))
    banned: tuple[BannedPhrase, ...] = ()
    path = folder / BANNED_FILE
    if path.is_file():
        files += 1
        try:
            banned = _read_banned(path)
        except _InvalidFileError as invalid:
            problems += invalid.problems
    problems += list(_banned_in_scripts(folder, scenarios, banned))
    path = folder / THRESHOLDS_FILE
    if path.is_file():
        files += 1
        try:
            _read_thresholds(path)
        except _InvalidFileError as invalid:
            problems += invalid.problems
    path = folder / CONSENT_FILE
    if _is_there(path):
        files += 1
        try:
            _read_consent(path)
        except _InvalidFileError as invalid:
            problems += invalid.problems
    return files, problems


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PromptError(
            _(
                "There is no folder of scenarios at {folder}. Name it with --prompts or "
                "PRACTICE_PROMPTS."
            ).format(folder=folder)
        )
    return sorted(folder.glob(f"*{SUFFIX}"))


def _banned_in_scripts(
    folder: Path, scenarios: list[Scenario], banned: tuple[BannedPhrase, ...]
) -> Iterator[Problem]:
    for scenario in scenarios:
        for line in scenario.lines:
            for phrase in banned:
                if any(phrase.phrase in wording.script for wording in line.wordings):
                    yield Problem(
                        folder / f"{scenario.id}{SUFFIX}",
                        1,
                        _(
                            "the script “{script}” asks for the banned phrase “{phrase}”. Change "
                            "the script, or take the phrase out of {file}."
                        ).format(script=line.script, phrase=phrase.phrase, file=BANNED_FILE),
                    )


# ---- one file --------------------------------------------------------------


def _read_scenario(path: Path, *, thorough: bool = False) -> Scenario:
    raw, tree = _parse(path)
    if not _ID.fullmatch(path.stem):
        raise _InvalidFileError(
            [
                Problem(
                    path,
                    1,
                    _(
                        "the file's name is the scenario's id: lower-case letters, digits and "
                        "hyphens only, like id-missing.yaml."
                    ),
                )
            ]
        )
    file = _validate(_ScenarioFile, path, tree)
    slots = {name: tuple(values) for name, values in file.slots.items()}
    problems = list(_slot_problems(path, tree, file))
    readings = {phrase: parse_pinyin(pinyin) for phrase, pinyin in file.readings.items()}
    problems += list(_reading_problems(path, tree, file, readings))
    lines = []
    for number, entry in enumerate(file.lines):
        wordings: list[Wording] = []
        keys: list[tuple[str | int, ...]] = [("lines", number, "script")]
        keys += [("lines", number, "also", i) for i in range(len(entry.also))]
        for key, script in zip(keys, [entry.script, *entry.also], strict=True):
            try:
                expanded = parse_script(script, slots)
            except MarkupError as error:
                problems.append(Problem(path, _line_of(tree, key), _markup_message(error)))
                continue
            if thorough:
                problems += _silent_parts(path, _line_of(tree, key), expanded)
            if wordings and wordings[0].elements and not expanded[0].elements:
                message = _("the courtesies of this sentence are not marked with 【】.")
                problems.append(Problem(path, _line_of(tree, key), message))
            wordings += expanded
        if wordings:
            own = tuple((normalize(p), s) for p, s in readings.items() if s is not None)
            lines.append(Line(_fill(entry.cue, slots), tuple(wordings), entry.body, own))
    if problems:
        raise _InvalidFileError(problems)
    return Scenario(
        id=path.stem,
        title=file.title,
        when=file.when,
        lines=tuple(lines),
        role=file.role,
        source=file.source,
        origin=file.origin,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _read_banned(path: Path) -> tuple[BannedPhrase, ...]:
    _raw, tree = _parse(path)
    file = _validate(_BannedList, path, tree)
    return tuple(BannedPhrase(b.phrase, b.instead, b.why, tuple(b.unless)) for b in file.banned)


def _read_thresholds(path: Path) -> Thresholds:
    _raw, tree = _parse(path)
    limits = replace(THRESHOLDS, **_validate(_ThresholdsFile, path, tree).model_dump())
    problems = []
    for heard, missed in LIMITS.values():
        if getattr(limits, heard) <= getattr(limits, missed):
            message = _("“{heard}” must be greater than “{missed}”; it is {high}, not above {low}.")
            named = max(_line_of(tree, (name,)) for name in (heard, missed))
            text = message.format(
                heard=heard, missed=missed, high=getattr(limits, heard), low=getattr(limits, missed)
            )
            problems.append(Problem(path, named, text))
    if problems:
        raise _InvalidFileError(problems)
    return limits


def _read_consent(path: Path) -> str:
    _raw, text = _read_text(path)
    lines = text.replace("\r\n", "\n").split("\n")
    problems = [
        Problem(path, number, _("the line has an invisible character. Type it anew."))
        for number, line in enumerate(lines, 1)
        if not is_visible(line)
    ]
    if problems:
        raise _InvalidFileError(problems)
    return re.split(r"\n\s*\n", "\n".join(lines).strip())[0]


def _is_there(path: Path) -> bool:
    """Whether there is anything of a name; a link to nowhere is meant to be something."""
    return path.exists() or path.is_symlink()


def _fill(text: str, slots: dict[str, tuple[str, ...]]) -> str:
    for name, values in slots.items():
        text = text.replace(f"{{{name}}}", values[0])
    return text


def _slot_problems(path: Path, tree: yaml.Node, file: _ScenarioFile) -> Iterator[Problem]:
    """Slots that are used and not listed, or listed with markup, or listed and not used."""
    scripts = [text for line in file.lines for text in (line.script, *line.also)]
    for number, line in enumerate(file.lines):
        for name in re.findall(r"\{([^{}]*)\}", line.cue):
            if name not in file.slots:
                message = _("the slot “{detail}” has no values. List them under slots.")
                where = _line_of(tree, ("lines", number, "cue"))
                yield Problem(path, where, message.format(detail=name))
    for name, values in file.slots.items():
        where = _line_of(tree, ("slots", name))
        if not any(f"{{{name}}}" in script for script in scripts):
            message = _("the slot “{detail}” is not used in a script.")
            yield Problem(path, where, message.format(detail=name))
        for value in values:
            if re.search(r"[【】{}|｜]", value) or not normal_form(value).text:
                message = _("“{value}” can be no value of a slot: write plain words.")
                yield Problem(path, where, message.format(value=value))


def _reading_problems(
    path: Path, tree: yaml.Node, file: _ScenarioFile, readings: dict[str, tuple[str, ...] | None]
) -> Iterator[Problem]:
    for phrase, syllables in readings.items():
        if syllables is None or len(syllables) != len(normalize(phrase)):
            message = _(
                "“{pinyin}” does not read “{phrase}”: write a syllable for each character, "
                "like “huán nín”."
            )
            where = _line_of(tree, ("readings", phrase))
            yield Problem(path, where, message.format(pinyin=file.readings[phrase], phrase=phrase))


def _silent_parts(path: Path, line: int, wordings: tuple[Wording, ...]) -> Iterator[Problem]:
    """The first script or element of a sentence's wordings that could never be heard."""
    for wording in wordings:
        if not _HAN.search(wording.script):
            message = _("the script “{script}” has no Chinese to say.")
            yield Problem(path, line, message.format(script=wording.script))
            return
        for element in wording.elements:
            if _is_silent(element, wording):
                message = _("the element “{text}” has nothing to say, only signs.")
                yield Problem(path, line, message.format(text=element.text))
                return


def _never_read(folder: Path) -> Iterator[Problem]:
    for path in sorted(folder.glob("*.yml")):
        yield Problem(path, 1, _("the file is not read. Rename it to end in .yaml."))


def _is_silent(element: Element, wording: Wording) -> bool:
    start, end = normal_form(wording.script).span(element.start, element.end)
    return start == end


def _markup_message(error: MarkupError) -> str:
    kinds = "、".join(CHINESE.values())
    text = {
        "bracket": _("a “{detail}” has no partner. An element is written 【请|敬语】."),
        "other-bracket": _(
            "a “{detail}” stands here. An element is written 【请|敬语】, a slot {{业务}}."
        ),
        "slot-inside": _("“【{detail}】” has a slot inside. Write the slot outside of 【】."),
        "empty": _("“【{detail}】” has an empty text. An element is written 【请|敬语】."),
        "no-kind": _("“【{detail}】” has no kind. Write 【{detail}|kind】 with one of: {kinds}."),
        "unknown-kind": _("“{detail}” is no kind of courtesy. Use one of: {kinds}."),
        "flag": _(
            "“{detail}” is unknown here; 可选 (optional) or 关键 (critical) can follow the kind."
        ),
        "both-flags": _("“【{detail}】” cannot be both 可选 (optional) and 关键 (critical)."),
        "unknown-slot": _("the slot “{detail}” has no values. List them under slots."),
        "too-many": _(
            "alternatives and slots make {detail} wordings; at most {limit} are allowed. "
            "Split the line."
        ),
    }[error.code]
    return text.format(detail=error.detail, kinds=kinds, limit=MAX_WORDINGS)


# ---- YAML, with lines ------------------------------------------------------

# libyaml is several times faster; wheels of PyYAML have it on every platform.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read_text(path: Path) -> tuple[bytes, str]:
    try:
        raw = path.read_bytes()
        return raw, raw.decode("utf-8-sig")  # Windows' Notepad may write a byte order mark
    except OSError as error:
        message = _("the file cannot be read: {why}.").format(why=error.strerror)
        raise _InvalidFileError([Problem(path, 1, message)]) from None
    except UnicodeDecodeError:
        message = _("the file is not UTF-8. Save it as UTF-8 in the editor.")
        raise _InvalidFileError([Problem(path, 1, message)]) from None


def _parse(path: Path) -> tuple[bytes, yaml.Node]:
    raw, text = _read_text(path)
    problems = list(_typing_mistakes(path, text))
    if problems:
        raise _InvalidFileError(problems)
    try:
        tree = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = _("this is not valid YAML ({problem}). Check indentation, colons, quotes.")
        raise _InvalidFileError(
            [Problem(path, mark.line + 1 if mark else 1, message.format(problem=error.problem))]
        ) from None
    except (yaml.YAMLError, RecursionError):
        message = _("this is not valid YAML. Check indentation, colons, quotes.")
        raise _InvalidFileError([Problem(path, 1, message)]) from None
    if tree is None:
        raise _InvalidFileError([Problem(path, 1, _("the file is empty."))])
    if not isinstance(tree, yaml.MappingNode):
        message = _("the file must be a list of keys, like “title: …”.")
        raise _InvalidFileError([Problem(path, 1, message)])
    entangled = _entangled(tree)
    if entangled is not None:
        message = _("the signs & and * of YAML are not used here, nor lists within lists.")
        raise _InvalidFileError([Problem(path, entangled, message)])
    return raw, tree


def _typing_mistakes(path: Path, text: str) -> Iterator[Problem]:
    """The commonest slips, told in plain words before YAML tells them in its own."""
    for number, line in enumerate(text.splitlines(), 1):
        if _WIDE_COLON.match(line) and ": " not in line:
            yield Problem(
                path, number, _("a full-width colon follows the key. Type “:” and a space.")
            )
        elif line[: len(line) - len(line.lstrip())].count("\t"):
            yield Problem(path, number, _("the line begins with a tab. Use spaces."))
        elif not is_visible(line):
            yield Problem(path, number, _("the line has an invisible character. Type it anew."))


def _entangled(tree: yaml.Node) -> int | None:
    """The line where a file refers to itself or is nested beyond any scenario; else None."""
    seen: set[int] = set()
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if id(node) in seen or depth > _MOST_DEPTH or len(seen) > _MOST_NODES:
            line: int = node.start_mark.line
            return line + 1
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [(part, depth + 1) for entry in node.value for part in entry]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, depth + 1) for item in node.value]
    return None


def _validate(model: type[_M], path: Path, tree: yaml.Node) -> _M:
    repeated = [Problem(path, *found) for found in _repeated_keys(tree)]
    if repeated:
        raise _InvalidFileError(repeated)
    try:
        return model.model_validate(_construct(tree))
    except ValidationError as error:
        raise _InvalidFileError(
            [
                Problem(path, _line_of(tree, detail["loc"]), _shape_message(model, dict(detail)))
                for detail in error.errors()
            ]
        ) from None


def _construct(node: yaml.Node) -> object:
    """The node as plain data; scalars stay text, so that a title of 123 is a text too."""
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _construct(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item) for item in node.value]
    return node.value


def _key(node: yaml.Node) -> str:
    return _CHINESE_KEYS.get(str(node.value), str(node.value))


def _repeated_keys(node: yaml.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if _key(key) in seen:
                message = _("the key “{key}” stands here twice. Take one away.")
                yield key.start_mark.line + 1, message.format(key=key.value)
            seen.add(_key(key))
            yield from _repeated_keys(value)


def _line_of(node: yaml.Node, location: tuple[str | int, ...]) -> int:
    """The line (from 1) of the deepest node on the way to a location."""
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if _key(key) == step]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _shape_message(model: type[BaseModel], detail: dict[str, Any]) -> str:
    where = ".".join(f"{step + 1}" if isinstance(step, int) else step for step in detail["loc"])
    match detail["type"]:
        case "missing":
            text = _("the key “{where}” is missing.")
        case "extra_forbidden":
            return _unknown_key_message(model, where, str(detail["loc"][-1]))
        case "string_too_short" | "too_short":
            text = _("“{where}” is empty.")
        case "string_type":
            text = _("“{where}” must be a text on one line. If it has a colon, put it in quotes.")
        case "float_parsing" | "float_type" | "finite_number":
            text = _("“{where}” must be a number, like -6.5.")
        case "list_type":
            text = _("“{where}” must be a list: lines that start with “- ”.")
        case _:
            text = _("“{where}” must be a list of keys, like “title: …”.")
    return text.format(where=where)


def _unknown_key_message(model: type[BaseModel], where: str, key: str) -> str:
    known = set(model.model_fields)
    if model is not _ThresholdsFile:
        known |= set((_LineFile if model is _ScenarioFile else _BannedFile).model_fields)
    near = difflib.get_close_matches(key, sorted(known), n=1)
    if near:
        return _("the key “{where}” is unknown. Did you mean “{near}”?").format(
            where=where, near=near[0]
        )
    return _("the key “{where}” is unknown. Take it away.").format(where=where)
