"""New scenario files, from a template with comments for the trainer to adapt."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from practice.errors import PromptError, system_reason
from practice.i18n import gettext as _
from practice.i18n import is_chinese
from practice.records.kinds import CHINESE_SCENARIO_KINDS, ScenarioKind
from practice.scenarios.folder import SUFFIX, scenario_ids
from practice.scenarios.scenario import is_id
from practice.scenarios.shapes import SCHEMA_FILE, refresh_schema

_LONGEST = 60
_FOR_EDITORS = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"


def write_new(folder: Path, scenario_id: str, kind: ScenarioKind, *, is_conversation: bool) -> Path:
    """Write a new scenario into a folder, together with the schema for editors.

    Args:
        folder: Folder of the scenarios.
        scenario_id: Id of the new scenario, at most ``_LONGEST`` characters.
        kind: Kind to fill in.
        is_conversation: Use the template of a conversation.

    Returns:
        Path of the new file.

    Raises:
        PromptError: The id is invalid or already in use, or the file cannot be written.
    """
    if not is_id(scenario_id) or len(scenario_id) > _LONGEST:
        raise PromptError(
            _(
                "“{id}” is not a valid id. Use at most {most} lowercase letters and "
                "digits, with single hyphens between them, like id-missing."
            ).format(id=scenario_id[:_LONGEST], most=_LONGEST)
        )
    scenario_ids(folder)  # raises PromptError if the folder does not exist
    for taken in sorted(folder.iterdir()):
        if taken.stem.casefold() == scenario_id and taken.suffix.lower() in (SUFFIX, ".yml"):
            raise PromptError(
                _("{file} already exists. Choose another id, or edit that file.").format(
                    file=taken.name
                )
            )
    path = folder / f"{scenario_id}{SUFFIX}"
    try:
        refresh_schema(folder)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(template(kind, is_conversation=is_conversation))
    except OSError as error:
        raise PromptError(
            _("{path} cannot be written: {why}. Choose another folder with --prompts.").format(
                path=path, why=system_reason(error)
            )
        ) from None
    return path


def template(kind: ScenarioKind, *, is_conversation: bool) -> str:
    """Return the text of a runnable scenario with comments in the user's language."""
    language = "zh" if is_chinese() else "en"
    shape = "conversation" if is_conversation else "scenario"
    source = files("practice.scenarios") / "templates" / f"{shape}.{language}.yaml"
    name = CHINESE_SCENARIO_KINDS[kind] if is_chinese() else str(kind)
    return _FOR_EDITORS + Template(source.read_text("utf-8")).substitute(kind=name)
