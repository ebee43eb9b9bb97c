"""The trainer's desk as the command builds it: read by a client, or served to a browser.

The client reads forms as a browser does; what is served runs in a thread of this process.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from threading import Thread
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlencode, urlsplit

import waitress
from flask import Flask
from in_process import Practice, machine
from jinja2.bccache import Bucket, BytecodeCache
from pages import Page, read
from playwright.sync_api import Browser
from playwright.sync_api import Page as Shown
from waitress import wasyncore
from werkzeug.test import TestResponse

from practice import i18n

PASSWORD = "long enough 123"


class _Compiled(BytecodeCache):
    """Templates are compiled once for all desks: that takes longer than most pages.

    Some of their words are put into the language when they are compiled.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get((i18n.language(), bucket.key))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[i18n.language(), bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


@dataclass
class Desk:
    """The desk that ``practice review`` would serve, and one who reads its pages."""

    practice: Practice
    app: Flask
    how: dict[str, Any]
    """How the command would have it served: address, port, and who is believed."""

    def __post_init__(self) -> None:
        self.app.jinja_env.bytecode_cache = _compiled
        self._client = self.app.test_client()  # with cookies of its own

    def ask(self, method: str, path: str, fields: Any = None, /, **headers: str) -> TestResponse:
        """Send a request, with the cookies of those before."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with machine(self.practice.env, self.practice.recognizer, self.practice.sound):
            return self._client.open(path, method=method, data=fields, headers=names, buffered=True)

    def open(self, path: str) -> Page:
        """Read a page."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, (path, answer.status)
        return read(answer.text, path)

    def press(
        self, page: Page, button: str, fields: dict[str, str] | None = None, **known: str
    ) -> TestResponse:
        """Fill in the form of a page that has a button, and press that."""
        form = page.form(button, **known)
        assert form.method == "post"
        sent = urlencode(form.filled(button, fields or {}))
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", form.action or page.path, sent, Content_Type=kind)

    def follow(self, answer: TestResponse) -> Page:
        """Read the page that a form leads to."""
        assert answer.status_code == 303
        return self.open(answer.headers["Location"])

    @property
    def cookie(self) -> str:
        """What the session is known by."""
        cookie = self._client.get_cookie("practice")
        assert cookie is not None
        return str(cookie.value)

    @cookie.setter
    def cookie(self, value: str) -> None:
        self._client.set_cookie("practice", value)

    def token(self, path: str) -> str:
        """The token against forged forms that is on a page."""
        return next(self.open(path).root.all("input", name="csrf_token")).get("value")


def at_desk(practice: Practice, *options: str) -> Desk:
    """The desk as the command makes it, which stops short of serving it."""
    made: list[Desk] = []

    def create_server(app: Flask, **how: Any) -> SimpleNamespace:
        made.append(Desk(practice, app, how))
        return SimpleNamespace(effective_port=how["port"], run=lambda: None)

    with mock.patch.object(waitress, "create_server", create_server):
        done = practice("review", "--no-browser", "--port", "0", "--as", "李老师", *options)
    assert done.returncode == 0, done.stderr
    return made[0]


def logged_in(desk: Desk, name: str) -> Desk:
    """The desk as somebody has it who logged in."""
    own = replace(desk)
    answer = own.press(own.open("/login"), "", {"name": name, "password": PASSWORD})
    assert answer.status_code == 303
    return own


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    data: bytes


@dataclass
class Served:
    """A desk that is served, with a browser's page of its own for each who looks."""

    url: str
    browser: Browser | None = None
    faults: list[str] = field(default_factory=list)
    """What a browser complained about."""

    def page(self, path: str = "", width: int = 1100, height: int = 900) -> Shown:
        assert self.browser is not None
        context = self.browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.set_default_timeout(60_000)  # on a busy machine
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: self.faults.append(message.text) if message.type == "error" else None,
        )
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self.url + path)
        return page

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request as it stands, without a client that would tidy it."""
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)) as line:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                names.setdefault("Content-Type", "application/x-www-form-urlencoded")
            line.request(method, path, body, names)
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


@contextmanager
def served(desk: Desk, browser: Browser | None = None) -> Iterator[Served]:
    """Serve a desk as the command would, but in a thread; no browser may complain."""
    server = waitress.create_server(desk.app, **desk.how)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    it = Served(f"http://127.0.0.1:{server.effective_port}/", browser)
    try:
        yield it
        assert it.faults == []
    finally:
        for context in browser.contexts if browser else ():
            context.close()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(30)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()
