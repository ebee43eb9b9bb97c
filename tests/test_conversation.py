"""Conversations as trainees have them: branches, the whole, and the voice that is spoken to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from anchors import AGAIN, SPEAK
from conftest import CLIPS, ROOT, Golden, Start, begin, finish
from fake_sound import FakeSound
from in_process import Practice

from practice import scenarios as prompts
from practice.errors import PracticeError
from practice.records.scenario import Branch
from practice.store import Filter, Store
from practice.training.conversation import ConversationPath, as_named, by_chance, must_be_named

TURNS = CLIPS / "onboarding"
SERVED = ("greet", "need", "papers", "take-papers", "service", "back", "more", "farewell")
BRANCHES = ("take-papers", "other-papers", "refusal")
REFUSED = ("greet", "need", "papers", "other-papers", "refusal", "farewell")


def clip(name: str) -> Path:
    return CLIPS / "farewell.flac" if name == "farewell" else TURNS / f"{name}.ogg"


TALK = """\
title: 入网
when: 客户来办入网
kind: 对话
address: [先生]
lines:
  - cue: 客户离开。
    script: 【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。
    branches:
      - {when: 客户回头, then: seat, weight: 3}
      - {when: 客户走了, then: end}
  - name: seat
    cue: 客户又坐下了。
    script: 【您好|问候】，【请|敬语】坐。
"""


@pytest.fixture
def talk(practice: Practice) -> Practice:
    """A short conversation of clips that are there."""
    folder = practice.home / "talk"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules/consent.txt").touch()
    (folder / "talk.yaml").write_text(TALK, "utf-8")
    practice.env["PRACTICE_PROMPTS"] = str(folder)
    return practice


# ---- the way through -----------------------------------------------------------------


def test_every_way_through_the_shipped_conversations_ends() -> None:
    talks = [s for s in prompts.load_all(ROOT / "prompts")[0] if s.is_conversation]
    assert {"onboarding", "impatient", "retention-talk"} <= {s.id for s in talks}
    for scenario in talks:
        for wanted in [way for ways in scenario.exits if len(ways) > 1 for way in ways]:
            steps = list(
                ConversationPath(
                    scenario, lambda ways, w=wanted: w if w in ways else by_chance(ways)
                )
            )
            assert steps[0].number == 1
            assert steps[-1].is_last
            assert all(s.setting and s.setting.name == scenario.id for s in steps)


def test_names_decide_and_wrong_ones_are_told(talk: Practice) -> None:
    scenario = prompts.load(talk.prompts, "talk")
    assert [
        s.number for s in ConversationPath(scenario, as_named(scenario, ["seat"], by_chance))
    ] == [1, 2]
    assert [
        s.number for s in ConversationPath(scenario, as_named(scenario, ["end"], by_chance))
    ] == [1]
    with pytest.raises(PracticeError, match=r"sit.*end, seat"):
        as_named(scenario, ["sit"], by_chance)
    with pytest.raises(PracticeError, match="seat, end"):
        as_named(scenario, ["end", "seat"], by_chance)


def test_a_name_further_on_decides_what_leads_there() -> None:
    scenario = prompts.load(ROOT / "prompts", "onboarding")
    walk = ConversationPath(scenario, as_named(scenario, ["refusal"], must_be_named(scenario)))
    assert [scenario.names[s.number - 1] for s in walk] == list(REFUSED)


def test_chance_goes_by_the_weights() -> None:
    ways = (Branch("a", 2, 3.0), Branch("b", None, 1.0))
    drawn = [by_chance(ways) for _ in range(400)]
    assert 200 < drawn.count(ways[0]) < 400


# ---- with recordings -----------------------------------------------------------------


def score(practice: Practice, names: Sequence[str], *branches: str) -> list[dict[str, Any]]:
    options = [part for branch in branches for part in ("--branch", branch)]
    files = [clip(name) for name in names]
    return practice.json("run", "talk", *options, "--audio", *files)


@pytest.mark.slow
def test_recordings_of_a_conversation(talk: Practice) -> None:
    (only, whole) = score(talk, ["farewell"], "end")
    setting = {"mode": "conversation", "name": "talk", "steps": ["talk/1"], "terms": None}
    assert only["setting"] == setting
    assert whole["conversation"] == "talk"
    assert (whole["passed"], whole["score"]) == (True, 100)
    # Kept with the attempt, so that it is known later what it was a part of.
    (attempt,) = Store(talk.recordings).latest(Filter())
    assert attempt.take.setting is not None
    assert attempt.take.setting.steps == ("talk/1",)
    # The recording of another turn: the order is wrong, and it is told.
    *_takes, whole = score(talk, ["farewell", "farewell"], "seat")
    assert whole["passed"] is False
    assert whole["checks"]["order"] == {
        "state": "broken",
        "turns": [2],
        "words": ["请慢走，欢迎下次光临。"],
    }


def test_a_branch_of_recordings_must_be_named(
    language: str, talk: Practice, golden: Golden
) -> None:
    two = ["--audio", clip("farewell"), clip("farewell")]
    told = []
    for options, data in (
        ([], ("--branch", "seat", "end")),
        (["--branch", "sit"], ("sit", "end", "seat")),
        (["--branch", "end", "--branch", "seat"], ("seat", "end")),
        (["--branch", "end"], ("talk",)),  # which is over after the first
    ):
        done = talk("run", "talk", *options, *two)
        done.refused(PracticeError, *data)
        told.append(done.stderr)
    for options in (["--line", "1", "--branch", "end"], ["--choose", "--branch", "end"]):
        done = talk("run", "talk", *options)
        assert done.returncode == 2
        told.append(done.stderr)
    golden("conversation-usage", "".join(told))


@pytest.mark.parametrize("names", [SERVED, REFUSED], ids=["served", "refused"])
def test_whisper_hears_a_whole_onboarding(
    listening_practice: Practice, names: tuple[str, ...]
) -> None:
    *takes, whole = listening_practice.json(
        "run", "onboarding", *chosen(names), "--audio", *map(clip, names)
    )
    checks = whole["checks"]
    assert (checks["order"]["state"], checks["complete"]["state"]) == ("kept", "kept")
    assert (checks["address"]["state"], checks["address"]["words"]) == ("kept", ["先生"])
    # Spoken by a machine from pinyin, some turns are heard badly; the others are not.
    good = dict(zip(names, (take["passed"] for take in takes), strict=True))
    assert all(good[name] for name in names if name in ("greet", "farewell"))


# ---- spoken --------------------------------------------------------------------------


def chosen(names: Sequence[str]) -> list[str]:
    """The options that lead a conversation along these names."""
    branches = [name for name in names if name in BRANCHES]
    branches += ["farewell"] if "more" in names else []
    return [part for name in branches for part in ("--branch", name)]


@pytest.mark.slow
@pytest.mark.parametrize("names", [SERVED, REFUSED], ids=["served", "refused"])
def test_a_whole_onboarding_is_spoken(
    start: Start,
    practice: Practice,
    microphone: FakeSound,
    golden: Golden,
    request: pytest.FixtureRequest,
    names: tuple[str, ...],
) -> None:
    child = start("run", "onboarding", "--end-silence", "0.8", *chosen(names))
    for place, name in enumerate(names, 1):
        child.expect(rf"（对话） \w+ {place}\b")
        begin(child)
        microphone.speak(clip(name))
        child.expect(AGAIN)
        child.send("\r")
    assert finish(child) == 0
    golden(f"conversation-whole-{request.node.callspec.id}", child.screen())
    attempts = practice.json("history")
    scenario = prompts.load(practice.prompts, "onboarding")
    assert [scenario.names[a["line"] - 1] for a in attempts] == list(names)
    assert len({a["session"] for a in attempts}) == 1
    assert len(attempts[-1]["setting"]["steps"]) == len(names)
    assert all(a["passed"] for a in attempts)


@pytest.mark.slow
def test_the_trainee_chooses_skips_and_sees_what_was_left_out(
    language: str, start: Start, talk: Practice, microphone: FakeSound, golden: Golden
) -> None:
    child = start("run", "talk", "--choose", "--json")
    child.expect(SPEAK)
    child.send("n")
    child.expect("1: 客户回头")
    child.expect("Q")
    golden("conversation-choose", child.screen())
    child.send("1")
    begin(child)
    microphone.speak(CLIPS / "seat.flac")
    child.expect(AGAIN)
    child.send("\r")
    assert finish(child) == 0
    golden("conversation-left-out", child.screen())
    take, whole = map(json.loads, child.stdout.splitlines())
    assert (take["scenario"], take["line"]) == ("talk", 2)
    assert whole["checks"]["complete"] == {"state": "broken", "turns": [1], "words": []}
