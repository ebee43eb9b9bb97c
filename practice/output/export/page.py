"""Self-contained HTML pages, which need neither this program nor a network."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any, BinaryIO

from practice.i18n import gettext as _
from practice.i18n import is_chinese, ngettext
from practice.output import wording as words

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(template: str, out: BinaryIO, **values: Any) -> None:
    """Render a template to a file, in chunks, so that large pages need little memory.

    Args:
        template: File name in the folder ``templates``.
        out: File to write to.
        values: Variables of the template; iterables are consumed while writing.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style = (_TEMPLATES / "report.css").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "ngettext": ngettext, "words": words}
    page = environment.get_template(template).stream(
        **values,
        language="zh-CN" if is_chinese() else "en",
        style=Markup(style),
        style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
    )
    page.enable_buffering()
    page.dump(out, encoding="utf-8")
