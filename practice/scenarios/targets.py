"""Delivery targets of lines: the pace and volume that a scenario asks for."""

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
"""Bounds of a target pace in characters a second. Speech does not go beyond them."""


def targets_of(file: ScenarioFile) -> list[Targets]:
    """Return the targets of each line.

    A line's own targets override the scenario's, which override the defaults.
    """
    usual = _over(DEFAULT_TARGETS, file.delivery)
    return [_over(usual, line.delivery) for line in file.lines]


def targets_of_swaps(file: ScenarioFile) -> Targets:
    """Return the targets of a scenario with ``swaps``, which has no lines of its own."""
    return _over(DEFAULT_TARGETS, file.delivery)


def target_problems(path: Path, tree: yaml.Node, file: ScenarioFile) -> Iterator[Problem]:
    """Yield the invalid targets of a scenario and of its lines."""
    yield from _problems(path, tree, (), file.delivery)
    for number, line in enumerate(file.lines):
        yield from _problems(path, tree, ("lines", number), line.delivery)


def volume_of(text: str) -> Volume | None:
    """Return the volume with an English or Chinese name, or None for any other text."""
    return CHINESE_VOLUMES.get(text) or (Volume(text) if text in set(Volume) else None)


def _over(targets: Targets, file: DeliveryFile) -> Targets:
    """Override targets with the ones that a file gives; skip an invalid pace."""
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
