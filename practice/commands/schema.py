"""``practice schema``: print the JSON schema of a scenario file, for editors."""

from __future__ import annotations

import click

from practice.commands import parts


@click.command()
def schema() -> None:
    """Print the schema."""
    from practice.scenarios.schema import schema_text

    parts.emit_line(schema_text().removesuffix("\n"))
