"""A YAML file with the line of everything in it, so that each mistake names its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from practice.i18n import gettext as _
from practice.prompts.problems import InvalidFileError, Problem
from practice.visible import is_visible

# What a Chinese keyboard puts where YAML wants its own signs.
_WIDE_COLON = re.compile(r"^\s*(?:- )?\s*[\w\u4e00-\u9fff-]+：")
_SLIP = re.compile(_WIDE_COLON.pattern + r"|^ *\t", re.MULTILINE)
_MOST_DEPTH = 20

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
    "类别": "kind",
    "覆盖": "covers",
    "称谓": "address",
    "客户说": "customer",
    "名": "name",
    "接着": "then",
    "分支": "branches",
    "若": "when",
    "权重": "weight",
    "禁语改说": "swaps",
    "禁语": "phrase",
    "改说": "instead",
    "原因": "why",
    "除非": "unless",
    "程度": "severity",
    "还有": "also",
    "及格": "pass",
    "内容": "items",
}

Text = Annotated[str, Field(min_length=1)]


class Model(BaseModel):
    """The shape of a file, or of a part of one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    parts: ClassVar[tuple[type[Model], ...]] = ()
    """The shapes of what is inside, whose keys may have been meant."""


_M = TypeVar("_M", bound=Model)

# libyaml is several times faster; wheels of PyYAML have it on every platform.
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TooDeepError(Exception):
    """A file is nested beyond any scenario."""


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Composes without guessing each scalar's type, which nobody asks for: all are texts."""

    _depth = 0

    def resolve(self, *_scalar: object) -> str:
        """Give every node the same tag."""
        return ""

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        """Count the depth on the way to a node."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise _TooDeepError(parent.start_mark.line + 1 if parent else 1)

    def ascend_resolver(self) -> None:
        """Count the depth on the way back."""
        self._depth -= 1


def read_text(path: Path) -> tuple[bytes, str]:
    """The bytes of a file and their text. Raises InvalidFileError."""
    try:
        raw = path.read_bytes()
        return raw, raw.decode("utf-8-sig")  # Windows' Notepad may write a byte order mark
    except OSError as error:
        message = _("the file cannot be read: {why}.").format(why=error.strerror)
        raise InvalidFileError([Problem(path, 1, message)]) from None
    except UnicodeDecodeError:
        message = _("the file is not UTF-8. Save it as UTF-8 in the editor.")
        raise InvalidFileError([Problem(path, 1, message)]) from None


def parse(path: Path) -> tuple[bytes, yaml.Node]:
    """The bytes of a YAML file, and what they say. Raises InvalidFileError."""
    raw, text = read_text(path)
    problems = list(_typing_mistakes(path, text))
    if problems:
        raise InvalidFileError(problems)
    try:
        tree = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = _("this is not valid YAML ({problem}). Check indentation, colons, quotes.")
        raise InvalidFileError(
            [Problem(path, mark.line + 1 if mark else 1, message.format(problem=error.problem))]
        ) from None
    except _TooDeepError as error:
        raise InvalidFileError([Problem(path, error.args[0], _entangled_message())]) from None
    except yaml.YAMLError:
        message = _("this is not valid YAML. Check indentation, colons, quotes.")
        raise InvalidFileError([Problem(path, 1, message)]) from None
    if tree is None:
        raise InvalidFileError([Problem(path, 1, _("the file is empty."))])
    if not isinstance(tree, yaml.MappingNode):
        message = _("the file must be a list of keys, like “title: …”.")
        raise InvalidFileError([Problem(path, 1, message)])
    entangled = _entangled(tree) if "*" in text else None
    if entangled is not None:
        raise InvalidFileError([Problem(path, entangled, _entangled_message())])
    return raw, tree


def _typing_mistakes(path: Path, text: str) -> Iterator[Problem]:
    """The commonest slips, told in plain words before YAML tells them in its own."""
    if not _SLIP.search(text) and is_visible("".join(text.splitlines())):
        return  # as nearly always: line by line takes several times as long
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
    """The line of what a file refers back to, if it does."""
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            line: int = node.start_mark.line
            return line + 1
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [part for entry in node.value for part in entry]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
    return None


def _entangled_message() -> str:
    return _("the signs & and * of YAML are not used here, nor lists within lists.")


def validate(model: type[_M], path: Path, tree: yaml.Node) -> _M:
    """Fill a file's shape. Raises InvalidFileError, with a line for each mistake."""
    repeated: list[Problem] = []
    plain = _construct(path, tree, repeated)
    if repeated:
        raise InvalidFileError(repeated)
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        raise InvalidFileError(
            [
                Problem(path, line_of(tree, detail["loc"]), _shape_message(model, dict(detail)))
                for detail in error.errors()
            ]
        ) from None


def _construct(path: Path, node: yaml.Node, repeated: list[Problem]) -> object:
    """The node as plain data; scalars stay text, so that a title of 123 is a text too.

    Keys that stand somewhere twice are added to ``repeated``.
    """
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_construct(path, item, repeated) for item in node.value]
    entries: dict[str, object] = {}
    for key, value in node.value:
        name = _key(key)
        if name in entries:
            message = _("the key “{key}” stands here twice. Take one away.")
            where = key.start_mark.line + 1
            repeated.append(Problem(path, where, message.format(key=key.value)))
        entries[name] = _construct(path, value, repeated)
    return entries


def _key(node: yaml.Node) -> str:
    return _CHINESE_KEYS.get(str(node.value), str(node.value))


def line_of(node: yaml.Node, location: tuple[str | int, ...]) -> int:
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


def _shape_message(model: type[Model], detail: dict[str, Any]) -> str:
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
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            text = _("“{where}” is out of range.")
        case "tuple_type":
            text = _("“{where}” must be a list: lines that start with “- ”.")
        case _:
            text = _("“{where}” must be a list of keys, like “title: …”.")
    return text.format(where=where)


def _unknown_key_message(model: type[Model], where: str, key: str) -> str:
    near = difflib.get_close_matches(key, sorted(_keys(model)), n=1)
    if near:
        return _("the key “{where}” is unknown. Did you mean “{near}”?").format(
            where=where, near=near[0]
        )
    return _("the key “{where}” is unknown. Take it away.").format(where=where)


def _keys(model: type[Model]) -> set[str]:
    return set(model.model_fields).union(*(_keys(part) for part in model.parts))
