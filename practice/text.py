"""Text from files, names and options, made safe to show: one line, no terminal controls."""

import unicodedata

MAX_NAME = 60


def is_visible(text: str) -> bool:
    """Whether a text has no control, format or broken characters; a tab or newline is one."""
    # Nearly every text is printable all over, which is known at once; the ideographic space
    # is not, and is visible.
    return text.isprintable() or all(unicodedata.category(char)[0] != "C" for char in text)


def is_name(text: str) -> bool:
    """Whether a text can name a trainee or a group: neither nothing nor something endless."""
    return bool(text.strip()) and len(text) <= MAX_NAME and is_visible(text)


def visible(text: str) -> str:
    """Put a sign in the place of each character that a terminal would act on."""
    return "".join(
        "\ufffd" if unicodedata.category(char)[0] == "C" and char != "\n" else char for char in text
    )


def one_line(text: str) -> str:
    """Make a text visible and put it on one line."""
    return " ".join(visible(text).split("\n"))
