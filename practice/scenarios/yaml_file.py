"""YAML files whose nodes keep their line numbers, so that each mistake names its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from practice.errors import PromptError, system_reason
from practice.i18n import gettext as _
from practice.text import is_visible

# Common slips: a full-width colon from a Chinese keyboard, a dash without space, tabs.
_WIDE_COLON = re.compile(r"^[ \t]*(?:- *)?(\w+)：")
_TIGHT_DASH = re.compile(r"^[ \t]*-\w+:")
_TEXT_BELOW = re.compile(r"[:-] +[>|][+-]?\s*$")  # header of a block of text (| or >)
_SLIP = re.compile(rf"{_WIDE_COLON.pattern}|^ *\t|{_TIGHT_DASH.pattern}", re.MULTILINE)
_MOST_DEPTH = 20

# Trainers may write the keys in Chinese.
CHINESE_KEYS = {
    "标题": "title",
    "何时": "when",
    "角色": "role",
    "出处": "source",
    "来源": "origin",
    "评判": "judging",
    "备注": "note",
    "用词": "words",
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
    """Base of the models for files and their parts."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


_M = TypeVar("_M", bound=Model)

# libyaml is several times faster; wheels of PyYAML have it on every platform.
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BOUNDS = {"greater_than": ">", "greater_than_equal": "≥", "less_than_equal": "≤"}
"""Pydantic's error types for numbers out of range, and the sign of each bound."""


class _TooDeepError(Exception):
    """A file is nested deeper than any scenario needs. The argument is the line."""


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Composes all scalars as text, without guessing types that are never used."""

    _depth = 0

    def resolve(self, *_scalar: object) -> str:
        return ""

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        """Count and limit the nesting depth."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise _TooDeepError(parent.start_mark.line + 1 if parent else 1)

    def ascend_resolver(self) -> None:
        self._depth -= 1


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a file, and the line to correct (1 if it concerns the whole file)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class InvalidFileError(PromptError):
    """A file has mistakes; ``problems`` has all of them, and the message is the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


def read_text(path: Path) -> tuple[bytes, str]:
    """Read a file in UTF-8.

    Returns:
        The bytes of the file, and its text without a byte order mark.

    Raises:
        InvalidFileError: The file cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
        return raw, raw.decode("utf-8-sig")  # Windows' Notepad may write a byte order mark
    except OSError as error:
        message = (
            _("this is a folder, not a file. Rename or remove it.")
            if path.is_dir()
            else _("the file cannot be read: {why}.").format(why=system_reason(error))
        )
    except UnicodeDecodeError:
        message = _("the file is not UTF-8. Save it as UTF-8 in the editor.")
    raise InvalidFileError(Problem(path, 1, message))


def parse(path: Path) -> Document:
    """Read and parse a YAML file. Raises InvalidFileError like ``read_text`` and ``Document``."""
    return Document(path, *read_text(path))


Location = tuple[str | int, ...]
"""English keys and indices that lead from the root of a file to a value."""


class Document:
    """A YAML file: its data, the line of each value, and the mistakes found so far.

    Scalars stay text, so that a title of 123 is text, too.

    Attributes:
        raw: Bytes of the file.
        problems: Mistakes reported so far.
    """

    def __init__(self, path: Path, raw: bytes, text: str) -> None:
        """Parse the text of a file.

        Raises:
            InvalidFileError: The text has common slips, is not valid YAML, is empty or no
                mapping, is nested too deeply, or uses aliases.
        """
        self.path = path
        self.raw = raw
        self.problems = list(_typing_mistakes(path, text))
        self.raise_problems()
        self._lines: dict[Location, int] = {}
        self._visited: set[int] = set()
        self._data = self._construct(self._compose(text), ())

    def line_of(self, location: Location) -> int:
        """Return the line (from 1) of the deepest existing value on the path to a location."""
        while location not in self._lines:
            location = location[:-1]
        return self._lines[location]

    def report(self, location: Location, message: str, **details: object) -> None:
        """Add a problem at a location.

        Args:
            location: Location of the value to correct.
            message: Message with a placeholder for each of the details.
            details: Values of the placeholders.
        """
        text = message.format(**details)
        self.problems.append(Problem(self.path, self.line_of(location), text))

    def raise_problems(self) -> None:
        """Raise InvalidFileError with the problems reported so far, if there are any."""
        if self.problems:
            raise InvalidFileError(*self.problems)

    def fill(self, model: type[_M]) -> _M:
        """Fill a model with the data of the file.

        Raises:
            InvalidFileError: A key occurs twice, or the data does not fit the model.
        """
        self.raise_problems()
        try:
            return model.model_validate(self._data)
        except ValidationError as error:
            problems = [
                Problem(self.path, self.line_of(d["loc"]), _shape_message(model, dict(d)))
                for d in error.errors()
            ]
        raise InvalidFileError(*problems)

    def _compose(self, text: str) -> yaml.Node:
        try:
            tree = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            self._refuse(_place(error), _syntax_message(error))
        except _TooDeepError as error:
            self._refuse(error.args[0], _entangled_message())
        except yaml.YAMLError:
            self._refuse(1, _("this is not valid YAML. Check indentation, colons, quotes."))
        if tree is None:
            self._refuse(1, _("the file is empty. Fill it in, or remove it."))
        if not isinstance(tree, yaml.MappingNode):
            self._refuse(1, _("the file must consist of keys with values, like “title: …”."))
        return tree

    def _refuse(self, line: int, message: str) -> NoReturn:
        raise InvalidFileError(Problem(self.path, line, message)) from None

    def _construct(self, node: yaml.Node, place: Location) -> object:
        """Return a node as plain data, record the lines, and report repeated keys."""
        self._visit(node)
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(item, (*place, i)) for i, item in enumerate(node.value)]
        entries: dict[str, object] = {}
        for key, value in node.value:
            self._visit(key)
            name = CHINESE_KEYS.get(str(key.value), str(key.value))
            self._lines[*place, name] = key.start_mark.line + 1
            if name in entries:
                message = _("the key “{key}” occurs twice. Remove one.")
                self.report((*place, name), message, key=key.value)
            entries[name] = self._construct(value, (*place, name))
        return entries

    def _visit(self, node: yaml.Node) -> None:
        """Refuse the file if an alias refers to a node."""
        if id(node) in self._visited:
            self._refuse(node.start_mark.line + 1, _entangled_message())
        self._visited.add(id(node))


def _typing_mistakes(path: Path, text: str) -> Iterator[Problem]:
    """Yield the most common slips, in plainer words than the parser has for them."""
    if not _SLIP.search(text) and is_visible("".join(text.splitlines())):
        return  # nearly always; checking line by line takes several times as long
    below: int | None = None  # indentation of the key whose text is on these lines
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
            and (wide[1] in _KEYS or not indent)  # indented, it may continue a text
            and ": " not in line
        ):
            message = _("the key is followed by a full-width colon “：”. Use “:” and a space.")
            yield Problem(path, number, message)
        elif _TIGHT_DASH.match(line):
            yield Problem(path, number, _("a space is missing after “-”. Add it."))
        below = len(line) - len(line.lstrip(" -")) if _TEXT_BELOW.search(line) else None


def _place(error: yaml.MarkedYAMLError) -> int:
    """Return the line (from 1) to report for a syntax error."""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and error.problem in (_NO_COLON, _OPEN_QUOTE, _OPEN_LIST):
        mark = error.context_mark  # the beginning; the parser notices it some lines later
    return mark.line + 1 if mark else 1


_NO_COLON = "could not find expected ':'"
_OPEN_QUOTE = "found unexpected end of stream"
_OPEN_LIST = "did not find expected ',' or ']'"
_TOO_DEEP = "exceeded maximum nesting depth"
"""libyaml's own limit since PyYAML 6.0.4. Its scanner reaches it before ``_Loader`` counts."""


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    """Put a syntax error in a trainer's words; libyaml's own are for programmers."""
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


def _entangled_message() -> str:
    return _(
        "YAML's & and * (anchors and aliases) and nested lists are not supported here. Write "
        "the values out."
    )


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


def chinese_names(key: str) -> list[str]:
    """Return the Chinese names of a key."""
    return [name for name, english in CHINESE_KEYS.items() if english == key]


def key_name(key: str) -> str:
    """Return a key as messages quote it, followed by its Chinese names."""
    chinese = chinese_names(key)
    return f"“{key}” ({'/'.join(chinese)})" if chinese else f"“{key}”"


def _unknown_key_message(model: type[Model], key: str) -> str:
    schema = model.model_json_schema()
    shapes = (schema, *schema.get("$defs", {}).values())
    known = {name for shape in shapes for name in shape["properties"]}
    known |= {name for name, english in CHINESE_KEYS.items() if english in known}
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    if near:
        return _("the key “{key}” is unknown. Did you mean “{near}”?").format(key=key, near=near[0])
    return _("the key “{key}” is unknown here. Remove it.").format(key=key)
