"""JSON schema of scenario files: completion and warnings while a trainer types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from practice.records.kinds import CHINESE_SCENARIO_KINDS, ScenarioKind
from practice.scenarios.scenario import ALL_SWAPS, ORIGINS
from practice.scenarios.shapes import ScenarioFile
from practice.scenarios.targets import CHINESE_VOLUMES
from practice.scenarios.yaml_file import CHINESE_KEYS

SCHEMA_FILE = "schema.json"
SCHEMA_REMARK = "Made by `practice schema`; what is changed here by hand is lost."

_TEXT = ["string", "number"]
_VALUES = {
    "kind": [name for kind in ScenarioKind for name in (str(kind), CHINESE_SCENARIO_KINDS[kind])],
    "origin": list(ORIGINS),
    "swaps": [ALL_SWAPS],
    "volume": [name for chinese, volume in CHINESE_VOLUMES.items() for name in (volume, chinese)],
    "may_fail": [True, False, "yes", "no", "是", "否"],
}


def schema_text() -> str:
    """Return the JSON schema of scenario files as text, with the keys in both languages."""
    made = ScenarioFile.model_json_schema()
    shapes = {name: _shape(shape) for name, shape in made.pop("$defs").items()}
    whole = _shape(made)
    # A scenario with swaps has no lines.
    whole["allOf"].append(_either("lines", "swaps"))
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": SCHEMA_REMARK,
        "title": "情景 · a scenario of practice",
    }
    return json.dumps({**head, **whole, "$defs": shapes}, ensure_ascii=False, indent=1) + "\n"


def refresh_schema(folder: Path) -> None:
    """Write the schema into a folder that has none, or one made by another version.

    A file without ``SCHEMA_REMARK`` was not generated and is left as it is.

    Raises:
        OSError: The schema cannot be read or written.
    """
    path = folder / SCHEMA_FILE
    made = schema_text().encode()
    there = path.read_bytes() if path.exists() else None
    if there is None or (SCHEMA_REMARK.encode() in there and there != made):
        path.write_bytes(made)


def _shape(shape: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object whose keys may be written in either language."""
    properties: dict[str, Any] = {}
    for key, value in shape["properties"].items():
        described = _value(key, value)
        for name in (key, *_chinese(key)):
            properties[name] = described
    needed = [_either(key) for key in shape.get("required", ())]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"allOf": needed} if needed else {}),
    }


def _value(key: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a key's value, without entries that only programmers need."""
    plain = {k: _texts(v) for k, v in value.items() if k not in ("title", "default")}
    if key in _VALUES:
        kinds = ["boolean", "string"] if plain.get("type") == "boolean" else plain["type"]
        return plain | {"type": kinds, "enum": _VALUES[key]}
    # A text may look like a number, for example that of a section.
    return plain | ({"type": _TEXT} if plain.get("type") == "string" else {})


def _texts(part: Any) -> Any:
    """Allow numbers for all texts within a part of the schema."""
    if not isinstance(part, dict):
        return part
    inside = {k: _texts(v) for k, v in part.items()}
    return inside | ({"type": _TEXT} if inside.get("type") == "string" else {})


def _either(*keys: str) -> dict[str, Any]:
    """Require at least one of the keys, in either language."""
    return {"anyOf": [{"required": [name]} for key in keys for name in (key, *_chinese(key))]}


def _chinese(key: str) -> list[str]:
    return [name for name, english in CHINESE_KEYS.items() if english == key]
