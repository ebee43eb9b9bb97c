"""Models of a scenario's file, and the JSON schema for editors that is made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from practice.records.delivery import Volume
from practice.records.kinds import CHINESE_SCENARIO_KINDS, ScenarioKind
from practice.records.scenario import Judging
from practice.scenarios.yaml_file import Model, Text, chinese_names

VOLUMES = {"soft": Volume.SOFT, "轻柔": Volume.SOFT, "clear": Volume.CLEAR, "清晰": Volume.CLEAR}
ORIGINS = ("standard", "extension")
JUDGINGS = {
    "exact": Judging.EXACT,
    "原话": Judging.EXACT,
    "free": Judging.FREE,
    "自由": Judging.FREE,
}
ALL_SWAPS = "all"


class _Described(Model, use_attribute_docstrings=True):
    """Base of models whose docstrings describe the keys in the schema, in both languages."""


class BranchFile(_Described):
    """One continuation of a conversation."""

    when: Text
    """什么情况下走这一支 · what the customer turns out to be"""
    then: Text
    """接着哪一句（它的名），或 end 结束 · the name of the next line, or end"""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """随机时的权重，默认 1 · how likely it is beside the others; default 1"""


def _answer(value: object) -> object:
    """Translate a Chinese yes or no."""
    return {"是": "yes", "否": "no"}.get(value, value) if isinstance(value, str) else value


class DeliveryFile(_Described):
    """Delivery targets, of a line or of the whole scenario."""

    pace: Annotated[tuple[float, ...], Field(json_schema_extra={"minItems": 2, "maxItems": 2})] = ()
    """每秒几个字，最少和最多 · characters a second, least and most: [3, 5]"""
    volume: str = ""
    """soft 轻柔，clear 清晰；不写就不看 · not looked at if left out"""
    may_fail: Annotated[bool, BeforeValidator(_answer)] = False
    """达不到是否影响及格，默认否 · whether it can fail a take; no if left out"""


class LineFile(_Described):
    """One required utterance."""

    cue: Text
    """情景：发生了什么 · what happens before it"""
    script: Text
    """要说的话，礼貌用语标成【请|敬语】 · what is to be said, courtesies marked"""
    customer: str = ""
    """客户的原话，不加引号 · the customer's own words, without quotes"""
    body: str = ""
    """体态，用逗号分开 · posture; commas between what is watched for"""
    also: tuple[Text, ...] = ()
    """也算对的整句 · other whole sentences that count as right"""
    origin: str = ""
    """这一句的来源，优先于整个情景的 · whose words it is, before the scenario's"""
    judging: str = ""
    """这一句怎么评，优先于整个情景的 · how it is judged, before the scenario's"""
    note: str = ""
    """给培训师的备注，不念出来 · a remark for the trainer, never spoken"""
    name: str = ""
    """这一句的名，供“接着”引用 · its name, for then"""
    then: str = Field(
        "",
        description="接着哪一句，或 end 结束；不写就是下一句 · "
        "the name of the next line, or end; the one below if left out",
    )
    branches: tuple[BranchFile, ...] = ()
    """接下来的几种可能 · the ways that it can go on"""
    delivery: DeliveryFile = DeliveryFile()
    """这一句怎么说，优先于整个情景的 · how to say it, before the scenario's"""


class ScenarioFile(_Described):
    """A scenario file."""

    title: Text
    """名称，列表里显示 · its name in lists"""
    when: Text
    """什么时候用 · when it is used"""
    lines: tuple[LineFile, ...] = ()
    """要说的话，一句一条 · what is to be said"""
    swaps: str = ""
    """all：每条禁语改说一遍，不写台词 · all: swap the banned phrases; no lines"""
    kind: str = ""
    """类别，列表按它分组 · the group in lists"""
    role: str = ""
    """谁的话 · whose it is"""
    source: str = ""
    """出自规范哪一节 · the section of the standard"""
    origin: str = Field(
        "standard",
        description="standard 规范原有（默认），extension 自己加的 · "
        "standard (if left out), or extension where the standard has no such words",
    )
    judging: str = ""
    """exact 原话（规范原有的默认），free 自由（自己加的默认） · exact: these words (default of
    standard); free: any proper wording (default of extension)"""
    covers: tuple[Text, ...] = ()
    """对应 rules/standard.yaml 的哪些条 · rows of rules/standard.yaml"""
    address: tuple[Text, ...] = ()
    """适合这位客户的称谓 · forms of address that fit this customer"""
    slots: dict[str, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """话术里 {词槽} 可填的词 · the values of {slots} in scripts"""
    readings: dict[str, Text] = Field(default_factory=dict)
    """特殊读音：还您: huán nín · pinyin of what is read otherwise than usual"""
    delivery: DeliveryFile = DeliveryFile()
    """怎么说：语速、音量 · how it is to be said: pace, volume"""


SCHEMA_FILE = "schema.json"
SCHEMA_REMARK = "Made by `practice schema`; what is changed here by hand is lost."

_VALUES = {
    "kind": [name for kind in ScenarioKind for name in (str(kind), CHINESE_SCENARIO_KINDS[kind])],
    "origin": list(ORIGINS),
    "swaps": [ALL_SWAPS],
    "judging": list(JUDGINGS),
    "volume": list(VOLUMES),
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
    properties = {
        name: _value(key, value)
        for key, value in shape["properties"].items()
        for name in (key, *chinese_names(key))
    }
    needed = [_either(key) for key in shape.get("required", ())]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"allOf": needed} if needed else {}),
    }


def _value(key: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a key's value, without entries that only programmers need."""
    plain = {k: v for k, v in value.items() if k not in ("title", "default")}
    if key not in _VALUES:
        return _numbers_too(plain)
    kinds = ["boolean", "string"] if plain["type"] == "boolean" else plain["type"]
    return plain | {"type": kinds, "enum": _VALUES[key]}


def _numbers_too(part: dict[str, Any]) -> dict[str, Any]:
    """Allow numbers for all texts in a part of the schema, such as the number of a section."""
    inside = {k: _numbers_too(v) if isinstance(v, dict) else v for k, v in part.items()}
    return inside | ({"type": ["string", "number"]} if inside.get("type") == "string" else {})


def _either(*keys: str) -> dict[str, Any]:
    """Require at least one of the keys, in either language."""
    return {"anyOf": [{"required": [name]} for key in keys for name in (key, *chinese_names(key))]}
