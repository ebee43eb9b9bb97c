"""A YAML file with the line of everything in it, so that each mistake names its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from practice.errors import system_reason
from practice.i18n import gettext as _
from practice.scenarios.problems import InvalidFileError, Problem
from practice.text import is_visible

# What a Chinese keyboard puts where YAML wants its own signs.
_WIDE_COLON = re.compile(r"^[ \t]*(?:- *)?(\w+)：")
_TIGHT_DASH = re.compile(r"^[ \t]*-\w+:")
_TEXT_BELOW = re.compile(r"[:-] +[>|][+-]?\s*$")
_SLIP = re.compile(rf"{_WIDE_COLON.pattern}|^ *\t|{_TIGHT_DASH.pattern}", re.MULTILINE)
_MOST_DEPTH = 20

# A trainer may write the keys in Chinese.
CHINESE_KEYS = {
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
    "表达": "delivery",
    "语速": "pace",
    "音量": "volume",
    "影响及格": "may_fail",
    "及格": "pass",
    "内容": "items",
}

_KEYS = frozenset(CHINESE_KEYS) | frozenset(CHINESE_KEYS.values())

Text = Annotated[str, Field(min_length=1)]


class Model(BaseModel):
    """The shape of a file, or of a part of one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    parts: ClassVar[tuple[type[Model], ...]] = ()
    """The shapes of what is inside, whose keys may have been meant."""


_M = TypeVar("_M", bound=Model)

# libyaml is several times faster; wheels of PyYAML have it on every platform.
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BOUNDS = {"greater_than": ">", "greater_than_equal": "≥", "less_than_equal": "≤"}
"""How pydantic names what a number must keep to, and its sign."""


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
        message = (
            _("this is a folder, not a file. Rename or remove it.")
            if path.is_dir()
            else _("the file cannot be read: {why}.").format(why=system_reason(error))
        )
        raise InvalidFileError([Problem(path, 1, message)]) from None
    except UnicodeDecodeError:
        message = _("the file is not UTF-8. Save it as UTF-8 in the editor.")
        raise InvalidFileError([Problem(path, 1, message)]) from None


def parse(path: Path) -> tuple[bytes, yaml.Node]:
    """The bytes of a YAML file, and what they say. Raises InvalidFileError."""
    raw, text = read_text(path)
    return raw, parse_text(path, text)


def parse_text(path: Path, text: str) -> yaml.Node:
    """What the text of a YAML file says. Raises InvalidFileError."""
    problems = list(_typing_mistakes(path, text))
    if problems:
        raise InvalidFileError(problems)
    try:
        tree = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise InvalidFileError([Problem(path, _place(error), _syntax_message(error))]) from None
    except _TooDeepError as error:
        raise InvalidFileError([Problem(path, error.args[0], _entangled_message())]) from None
    except yaml.YAMLError:
        message = _("this is not valid YAML. Check indentation, colons, quotes.")
        raise InvalidFileError([Problem(path, 1, message)]) from None
    if tree is None:
        raise InvalidFileError(
            [Problem(path, 1, _("the file is empty. Fill it in, or remove it."))]
        )
    if not isinstance(tree, yaml.MappingNode):
        message = _("the file must consist of keys with values, like “title: …”.")
        raise InvalidFileError([Problem(path, 1, message)])
    entangled = _entangled(tree) if "*" in text else None
    if entangled is not None:
        raise InvalidFileError([Problem(path, entangled, _entangled_message())])
    return tree


def _typing_mistakes(path: Path, text: str) -> Iterator[Problem]:
    """The commonest slips, told in plain words before YAML tells them in its own."""
    if not _SLIP.search(text) and is_visible("".join(text.splitlines())):
        return  # as nearly always: line by line takes several times as long
    below: int | None = None  # the indentation of a key whose text is on the lines below it
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip())
        if not is_visible(line.lstrip(" \t")):
            yield Problem(
                path, number, _("this line contains an invisible character. Retype the line.")
            )
        elif below is not None and (indent > below or not line.strip()):
            continue
        elif "\t" in line[:indent]:
            yield Problem(path, number, _("this line begins with a tab. Use spaces."))
        elif (
            (wide := _WIDE_COLON.match(line))
            and (wide[1] in _KEYS or not indent)  # deeper, it may be a text that goes on
            and ": " not in line
        ):
            message = _("the key is followed by a full-width colon “：”. Use “:” and a space.")
            yield Problem(path, number, message)
        elif _TIGHT_DASH.match(line):
            yield Problem(path, number, _("a space is missing after “-”. Add it."))
        below = len(line) - len(line.lstrip(" -")) if _TEXT_BELOW.search(line) else None


def _place(error: yaml.MarkedYAMLError) -> int:
    """The line of a mistake in the syntax."""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and error.problem in (_NO_COLON, _OPEN_QUOTE, _OPEN_LIST):
        mark = error.context_mark  # where it begins; it shows some lines later
    return mark.line + 1 if mark else 1


_NO_COLON = "could not find expected ':'"
_OPEN_QUOTE = "found unexpected end of stream"
_OPEN_LIST = "did not find expected ',' or ']'"
_TOO_DEEP = "exceeded maximum nesting depth"
"""libyaml's own limit, since PyYAML 6.0.4: its scanner meets it before our loader counts."""


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    """A mistake in the syntax in a trainer's words; libyaml's own are for programmers."""
    column = _(
        "this line does not match the lines around it. Indent it like its neighbors, close "
        "every quotation mark, and write nothing after a closing one."
    )
    known = {
        "mapping values are not allowed in this context": _(
            "a colon is not expected here. Put text that contains a colon in quotes, align "
            "keys of the same level, and check that the key above has its colon."
        ),
        _NO_COLON: _("a key must be followed by a colon and a space. Add both."),
        "did not find expected key": column,
        "did not find expected '-' indicator": column,
        "block sequence entries are not allowed in this context": column,
        "found character that cannot start any token": _(
            "text cannot begin with this character. Put the text in quotes."
        ),
        _OPEN_QUOTE: _("a quotation mark is not closed. Add the closing one."),
        _TOO_DEEP: _entangled_message(),
        _OPEN_LIST: _(
            "a list in [ ] is not closed, or a comma between two items is missing. Use "
            "“,”, not “，”."
        ),
    }
    other = _("this is not valid YAML ({problem}). Check indentation, colons, quotes.")
    return known.get(error.problem or "", other.format(problem=error.problem))


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
    return _(
        "YAML's & and * (anchors and aliases) and nested lists are not supported here. Write "
        "the values out."
    )


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
            message = _("the key “{key}” occurs twice. Remove one.")
            where = key.start_mark.line + 1
            repeated.append(Problem(path, where, message.format(key=key.value)))
        entries[name] = _construct(path, value, repeated)
    return entries


def _key(node: yaml.Node) -> str:
    return CHINESE_KEYS.get(str(node.value), str(node.value))


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
    key = next((str(step) for step in reversed(detail["loc"]) if isinstance(step, str)), "")
    match detail["type"]:
        case "missing":
            text = _("the key {key} is missing. Add it here.")
        case "extra_forbidden":
            return _unknown_key_message(model, key)
        case "string_too_short" | "too_short":
            text = _("{key} is empty. Add a value, or remove the key.")
        case "string_type":
            text = _(
                "{key} must be text on one line. If the text contains a colon, put it in quotes."
            )
        case "float_parsing" | "float_type" | "finite_number":
            text = _("{key} must be a number, like 2 or -6.5.")
        case "bool_parsing" | "bool_type":
            text = _("{key} must be yes or no (是, 否).")
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            bound = f"{_BOUNDS[detail['type']]} {next(iter(detail['ctx'].values())):g}"
            text = _("the number of {key} is out of range. It must be {bound}.")
            return text.format(key=key_name(key), bound=bound)
        case "tuple_type":
            text = _("{key} must be a list. Begin each item with “- ”.")
        case _:
            text = _("{key} must consist of keys with values, like “title: …”.")
    return text.format(key=key_name(key))


def key_name(key: str) -> str:
    """A key as it is called in messages, with its Chinese names beside it."""
    chinese = [name for name, english in CHINESE_KEYS.items() if english == key]
    return f"“{key}” ({'/'.join(chinese)})" if chinese else f"“{key}”"


def _unknown_key_message(model: type[Model], key: str) -> str:
    known = _keys(model)
    known |= {name for name, english in CHINESE_KEYS.items() if english in known}
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    if near:
        return _("the key “{key}” is unknown. Did you mean “{near}”?").format(key=key, near=near[0])
    return _("the key “{key}” is unknown here. Remove it.").format(key=key)


def _keys(model: type[Model]) -> set[str]:
    return set(model.model_fields).union(*(_keys(part) for part in model.parts))
