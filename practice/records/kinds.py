"""Kinds of politeness elements that the service standard names, and kinds of scenarios."""

from enum import StrEnum


class Kind(StrEnum):
    """Purpose of a politeness element; files and JSON use the values.

    The eight courtesies and the forms of address are the standard's classes
    (服务用语规范). The two markers, a polite word and the respectful pronoun, are separate
    kinds because omitting one is the most common fault. A content is no courtesy, but what a
    line of free wording must convey.
    """

    WELCOME = "welcome"
    GREETING = "greeting"
    FAREWELL = "farewell"
    INQUIRY = "inquiry"
    RESPONSE = "response"
    APOLOGY = "apology"
    THANKS = "thanks"
    GUIDANCE = "guidance"
    ADDRESS = "address"
    POLITE = "polite"
    RESPECT = "respect"
    CONTENT = "content"


CHINESE: dict[Kind, str] = {
    Kind.WELCOME: "欢迎",
    Kind.GREETING: "问候",
    Kind.FAREWELL: "送别",
    Kind.INQUIRY: "征询",
    Kind.RESPONSE: "应答",
    Kind.APOLOGY: "道歉",
    Kind.THANKS: "答谢",
    Kind.GUIDANCE: "指引",
    Kind.ADDRESS: "称呼",
    Kind.POLITE: "敬语",
    Kind.RESPECT: "敬称",
    Kind.CONTENT: "内容",
}


class ScenarioKind(StrEnum):
    """Purpose of a scenario: the groups of `practice list`, in the order shown there."""

    RECEPTION = "reception"
    WELCOME = "welcome"
    GREETING = "greeting"
    INQUIRY = "inquiry"
    RESPONSE = "response"
    GUIDANCE = "guidance"
    APOLOGY = "apology"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ADDRESS = "address"
    PROCESS = "process"
    RETENTION = "retention"
    CONVERSATION = "conversation"
    FORBIDDEN = "forbidden"
    OTHER = "other"


CHINESE_SCENARIO_KINDS: dict[ScenarioKind, str] = {
    ScenarioKind(kind): name
    for kind, name in CHINESE.items()
    if kind not in (Kind.POLITE, Kind.RESPECT, Kind.CONTENT)
} | {
    ScenarioKind.RECEPTION: "接待",
    ScenarioKind.PROCESS: "服务过程",
    ScenarioKind.RETENTION: "挽留",
    ScenarioKind.CONVERSATION: "对话",
    ScenarioKind.FORBIDDEN: "禁语",
    ScenarioKind.OTHER: "其他",
}

_SCENARIO_KINDS = {
    name: kind for kind, chinese in CHINESE_SCENARIO_KINDS.items() for name in (str(kind), chinese)
}
_KINDS = {name: kind for kind, chinese in CHINESE.items() for name in (str(kind), chinese)}


def parse_scenario_kind(name: str) -> ScenarioKind | None:
    """Return the kind of scenario with this English or Chinese name, None if there is none."""
    return _SCENARIO_KINDS.get(name.strip().lower())


def parse_kind(name: str) -> Kind | None:
    """Return the kind of element with this English or Chinese name, None if there is none.

    ``送别`` and ``送别语`` are the same kind.
    """
    name = name.strip().lower()
    return _KINDS.get(name) or _KINDS.get(name.removesuffix("语"))
