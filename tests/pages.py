"""A page of HTML as its reader has it: the text for a golden file, forms, rows of tables.

It needs no browser. What only a screen reader says is in the text as well, in brackets.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = {"br", "hr", "img", "input", "link", "meta"}
_UNSEEN = {"head", "script", "style", "template"}
_INLINE = {
    "a", "abbr", "audio", "b", "button", "em", "i", "img", "input", "kbd", "legend", "option",
    "select", "small", "span", "strong", "svg", "td", "textarea", "th", "time",
}  # fmt: skip


@dataclass
class Element:
    """An element of a page, with what stands in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The text in it, on one line."""
        return " ".join(self.raw.split())

    @property
    def raw(self) -> str:
        """The text in it, with its spaces and line breaks."""
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            yield from (child,) if isinstance(child, str) else child._pieces()

    def all(self, tag: str, **attributes: str) -> Iterator[Element]:
        """The elements within it of a tag and of such attributes (``class_``: one of several)."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and child._has(attributes):
                    yield child
                yield from child.all(tag, **attributes)

    def _has(self, attributes: dict[str, str]) -> bool:
        for name, value in attributes.items():
            known = self.attributes.get(name.rstrip("_").replace("_", "-"))
            if known is None or value not in (known, *(known.split() if name == "class_" else ())):
                return False
        return True

    def get(self, name: str) -> str:
        """An attribute, empty where there is none."""
        return self.attributes.get(name, "")


class _Builder(HTMLParser):
    """Makes elements of a page, and asserts that each is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == [self.root], f"<{self._open[-1].tag}> is not closed"


@dataclass
class Form:
    """A form as a browser would send it: each field with the value that it has now."""

    action: str
    method: str
    fields: list[tuple[str, str]]
    names: set[str]
    """All that can be filled in, whether it has a value now or not."""
    buttons: set[str]
    """Each as ``name=value``; empty for one that sends nothing of its own."""

    def filled(self, button: str, fields: dict[str, str]) -> list[tuple[str, str]]:
        """What is sent when fields are filled in and a button is pressed.

        Of several fields of a name it is the last one.
        """
        assert button in self.buttons, f"{button} is not in {self.buttons}"
        assert fields.keys() <= self.names, f"{fields.keys() - self.names} is not in the form"
        sent = list(self.fields)
        for name, value in fields.items():
            places = [i for i, (known, _value) in enumerate(sent) if known == name]
            sent[slice(places[-1], places[-1] + 1) if places else slice(0, 0)] = [(name, value)]
        name, equals, value = button.partition("=")
        return [*sent, (name, value)] if equals else sent


@dataclass
class Page:
    """A page that was read, and the path that it came from."""

    root: Element
    path: str = ""

    @property
    def text(self) -> str:
        """Everything that a reader sees or is told, in lines."""
        (html,), (title,) = self.root.all("html"), self.root.all("title")
        lines = _Lines()
        lines.walk(html)
        return "\n".join([f"=== {title.words} === ({html.get('lang')})", *lines.done()]) + "\n"

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the bodies of its tables, row by row."""
        return [
            [cell.words for cell in row.children if isinstance(cell, Element)]
            for body in self.root.all("tbody")
            for row in body.all("tr")
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only element of a kind."""
        (found,) = self.root.all(tag, **attributes)
        return found

    def form(self, button: str, **known: str) -> Form:
        """The form that has a button, and fields of such values."""
        (found,) = (
            form
            for form in map(_form, self.root.all("form"))
            if button in form.buttons and known.items() <= dict(form.fields).items()
        )
        return found


def changes(before: Page, after: Page) -> str:
    """The lines in which two pages differ, those of the first with a -, of the second with a +."""
    lines = difflib.ndiff(before.text.splitlines(), after.text.splitlines())
    return "\n".join(line for line in lines if line[0] in "+-")


def read(html: str, path: str = "") -> Page:
    """Read a page."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return Page(builder.root, path)


# ---- forms ---------------------------------------------------------------------------


def _form(form: Element) -> Form:
    found = Form(form.get("action"), form.get("method"), [], set(), set())
    for element in _controls(form):
        name, value = element.get("name"), element.get("value")
        if element.tag == "button":
            if element.get("type") != "button":
                found.buttons.add(f"{name}={value}" if name else "")
            continue
        found.names.add(name)
        if element.tag == "textarea":
            found.fields.append((name, element.raw.removeprefix("\n")))
        elif element.tag == "select":
            options = list(element.all("option"))
            chosen = [o for o in options if "selected" in o.attributes] or options[:1]
            found.fields += [(name, option.get("value")) for option in chosen]
        elif element.get("type") not in ("radio", "checkbox") or "checked" in element.attributes:
            found.fields.append((name, value))
    return found


def _controls(element: Element) -> Iterator[Element]:
    for child in element.children:
        if not isinstance(child, Element) or child.tag == "template":
            continue
        if child.tag in ("input", "select", "textarea", "button"):
            yield child
        else:
            yield from _controls(child)


# ---- text ----------------------------------------------------------------------------


class _Lines:
    """Puts a page into lines: a line for each block, signs for what can be filled or pressed."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._now: list[str] = []
        self._before = ""
        self._inline: dict[str, Callable[[Element], str]] = {
            "a": lambda e: f"[{'*' * ('aria-current' in e.attributes)}{_inside(e)}]",
            "audio": lambda e: f" <{': '.join(filter(None, ('sound', e.get('aria-label'))))}> ",
            "button": _button,
            "img": lambda e: f" <picture: {e.get('alt')}> ",
            "input": _input,
            "legend": lambda e: f"{_inside(e)}: ",
            "select": _select,
            "span": _inside,
            "svg": lambda e: f" <picture: {e.get('aria-label')}> ",
            "textarea": lambda e: _field(e, e.words),
        }

    def walk(self, element: Element) -> None:
        """Put an element and all within it into lines."""
        tag, role = element.tag, element.get("role")
        if tag in _UNSEEN or "hidden" in element.attributes:
            return
        if tag == "tr":
            cells = (cell for cell in element.children if isinstance(cell, Element))
            self._line(" | ".join(map(_inside, cells)))
        elif tag in self._inline:
            # What plays a character stands by itself, as a line of a table would.
            is_alone = tag == "button" and "aria-label" in element.attributes
            self._end(if_=is_alone)
            self._now.append(self._inline[tag](element))
            self._end(if_=is_alone)
        else:
            is_block = not (tag in _INLINE or (tag == "label" and any(_radios(element))))
            # A name stands before what belongs to it, on the same line.
            self._end(if_=is_block and tag != "dd")
            if "aria-label" in element.attributes:
                self._line(f"({element.get('aria-label')})")
            if role in ("alert", "status"):
                self._now.append(f"({role}) ")
            if tag in ("h1", "h2", "h3", "h4"):
                self._now.append("#" * int(tag[1]) + " ")
            if tag == "li":
                self._before = "- "
            if tag == "dialog":
                self._line("(dialog)")
            self._children(element)
            if tag == "dt":
                self._now.append(": ")
            else:
                self._end(if_=is_block)

    def _children(self, element: Element) -> None:
        for before, child in pairwise(["", *element.children]):
            if isinstance(child, str):
                self._now.append(child)
            else:
                if isinstance(before, Element):  # what keeps them apart is the style
                    self._now.append(" ")
                self.walk(child)

    def _line(self, text: str) -> None:
        self._end()
        self._now.append(text)
        self._end()

    def _end(self, *, if_: bool = True) -> None:
        """End the line, where there is something on it."""
        text = " ".join("".join(self._now).split()) if if_ else ""
        if text:
            self._made.append(self._before + text)
            self._before = ""
            self._now.clear()

    def done(self) -> list[str]:
        """All lines."""
        self._end()
        return self._made


def _inside(element: Element) -> str:
    """What stands in an element, on one line."""
    lines = _Lines()
    lines._children(element)
    return " / ".join(lines.done())


def _radios(element: Element) -> Iterator[Element]:
    yield from element.all("input", type="radio")


def _button(button: Element) -> str:
    told = [button.get(name) for name in ("aria-label", "title") if button.get(name)]
    text = f"{_inside(button)} ({'; '.join(told)})" if told else _inside(button)
    return f" <{text}{' -' * ('disabled' in button.attributes)}> "


def _input(control: Element) -> str:
    kind = control.get("type")
    if kind == "hidden":
        return ""
    if kind in ("radio", "checkbox"):
        return " (x) " if "checked" in control.attributes else " ( ) "
    return _field(control, control.get("value") or control.get("placeholder"))


def _field(control: Element, value: str) -> str:
    label = control.get("aria-label")
    return f" {{{f'{label}: ' if label else ''}{value}}} "


def _select(control: Element) -> str:
    options = (
        f"*{option.words}" if "selected" in option.attributes else option.words
        for option in control.all("option")
    )
    return f" {{{' | '.join(options)}}} "
