"""How lines are to be said: what a scenario says of pace and volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from practice.i18n import gettext as _
from practice.records.delivery import DEFAULT_TARGETS, Targets, Volume
from practice.scenarios.problems import Problem
from practice.scenarios.shapes import DeliveryFile, ScenarioFile
from practice.scenarios.yaml_file import key_name, line_of

CHINESE_VOLUMES = {"轻柔": Volume.SOFT, "清晰": Volume.CLEAR}

SLOWEST, FASTEST = 0.5, 10.0
"""Characters a second that a target may lie between; nobody speaks beyond them."""


def targets_of(file: ScenarioFile) -> list[Targets]:
    """The targets of each line: its own, before the scenario's, before what is usual."""
    usual = _over(DEFAULT_TARGETS, file.delivery)
    return [_over(usual, line.delivery) for line in file.lines]


def targets_of_swaps(file: ScenarioFile) -> Targets:
    """The targets of a scenario that has no lines of its own."""
    return _over(DEFAULT_TARGETS, file.delivery)


def target_problems(path: Path, tree: yaml.Node, file: ScenarioFile) -> Iterator[Problem]:
    """What is wrong with the targets of a file."""
    yield from _problems(path, tree, (), file.delivery)
    for number, line in enumerate(file.lines):
        yield from _problems(path, tree, ("lines", number), line.delivery)


def volume_of(text: str) -> Volume | None:
    """A volume by its name in either language; None for what is none."""
    return CHINESE_VOLUMES.get(text) or (Volume(text) if text in set(Volume) else None)


def _over(targets: Targets, file: DeliveryFile) -> Targets:
    """Targets with what a file says in their place."""
    if _is_pace(file.pace):
        targets = replace(targets, pace=(file.pace[0], file.pace[1]))
    if file.volume:
        targets = replace(targets, volume=volume_of(file.volume))
    if "may_fail" in file.model_fields_set:
        targets = replace(targets, may_fail=file.may_fail)
    return targets


def _is_pace(pace: tuple[float, ...]) -> bool:
    return len(pace) == 2 and SLOWEST <= pace[0] < pace[1] <= FASTEST


def _problems(
    path: Path, tree: yaml.Node, place: tuple[str | int, ...], file: DeliveryFile
) -> Iterator[Problem]:
    if "pace" in file.model_fields_set and not _is_pace(file.pace):
        message = _(
            "{key} must be a minimum and a maximum of characters a second, between {low:g} "
            "and {high:g}, like [3, 5]."
        ).format(key=key_name("pace"), low=SLOWEST, high=FASTEST)
        yield Problem(path, line_of(tree, (*place, "delivery", "pace")), message)
    if file.volume and volume_of(file.volume) is None:
        message = _("“{volume}” is not a volume. Write soft (轻柔) or clear (清晰).")
        where = line_of(tree, (*place, "delivery", "volume"))
        yield Problem(path, where, message.format(volume=file.volume))
