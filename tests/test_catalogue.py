"""The Chinese catalogue has every message, with the same placeholders."""

from __future__ import annotations

import re

from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po
from conftest import ROOT

PO = ROOT / "practice" / "locale" / "zh" / "LC_MESSAGES" / "practice.po"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def test_every_message_is_translated_with_its_placeholders() -> None:
    keywords = {"_": None, "ngettext": (1, 2)}
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    package = list(extract_from_dir(ROOT / "practice", method_map=methods, keywords=keywords))
    assert any(file.endswith(".html") for file, *_rest in package)
    extracted = [message for _file, _line, message, _comments, _context in package]
    extracted += [
        message
        for _line, message, _comments, _context in extract_from_file(
            "python", ROOT / "cli.py", keywords=keywords
        )
    ]
    with PO.open("rb") as file:
        catalogue = read_po(file)
    assert len(extracted) > 150
    for message in extracted:
        singular = message[0] if isinstance(message, tuple) else message
        found = catalogue.get(singular)
        assert found is not None, singular
        texts = found.string if isinstance(found.string, tuple) else (found.string,)
        for text in texts:
            assert text, singular
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(singular))
