"""Make text from files, names and options safe to show: one line, no terminal controls."""

import unicodedata

MAX_NAME = 60


def is_visible(text: str) -> bool:
    """Return whether a text has no control, format or broken characters.

    Tab and newline are control characters.
    """
    # isprintable() is fast and true for nearly every text. It is false for the ideographic
    # space, which is visible.
    return text.isprintable() or all(unicodedata.category(char)[0] != "C" for char in text)


def is_name(text: str) -> bool:
    """Return whether a text can name a trainee or a group: not blank, visible and not too long."""
    return bool(text.strip()) and len(text) <= MAX_NAME and is_visible(text)


def visible(text: str) -> str:
    """Replace each character that a terminal would act on, except newlines, with U+FFFD."""
    return "".join(
        "\ufffd" if unicodedata.category(char)[0] == "C" and char != "\n" else char for char in text
    )


def one_line(text: str) -> str:
    """Make a text visible and put it on one line."""
    return " ".join(visible(text).split("\n"))
