"""The service standard in the shipped scenarios: every row practiced, nothing banned asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT, Golden
from in_process import Practice
from rich.cells import cell_len

from practice import scenarios as prompts
from practice.errors import PromptError
from practice.mandarin.normalization import normalize
from practice.mandarin.pinyin import sounds
from practice.records.kinds import Kind, ScenarioKind
from practice.records.scenario import Scenario, StandardRow
from practice.scenarios.books import cover

PROMPTS = ROOT / "prompts"
SCENARIOS = {s.id: s for s in prompts.load_all(PROMPTS)[0]}
ROWS = prompts.load_standard(PROMPTS)
BANNED = prompts.load_banned(PROMPTS)
MARKERS = (Kind.ADDRESS, Kind.POLITE, Kind.RESPECT, Kind.CONTENT)
COURTESIES = [kind for kind in Kind if kind not in MARKERS]


def scripts(scenario: Scenario) -> list[str]:
    return [w.script for line in scenario.lines for w in line.wordings]


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    """A folder with two rows of a standard, of which one is practiced."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/standard.yaml").write_text(
        'rows:\n  - {id: a, section: "1", title: 甲|乙, words: 请慢走}\n'
        '  - {id: b, section: "2", title: 丙}\n',
        "utf-8",
    )
    (tmp_path / "mine.yaml").write_text(
        "title: 送别\nwhen: 客户离开\ncovers: [a]\norigin: extension\n"
        "lines:\n  - cue: 客户起身。\n    script: 【请|敬语】慢走\n",
        "utf-8",
    )
    return tmp_path


def test_page_in_the_docs_is_what_the_command_prints(practice: Practice) -> None:
    done = practice("coverage", "--markdown")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "docs/coverage.md").read_text("utf-8")


def test_every_row_of_the_standard_is_practised() -> None:
    empty = [c.row.id for c in cover(ROWS, SCENARIOS.values()) if not c.scenarios]
    assert ROWS
    assert not empty


@pytest.mark.parametrize("row", [row for row in ROWS if row.words], ids=lambda row: row.id)
def test_required_words_are_those_of_a_scenario(row: StandardRow) -> None:
    # Round brackets hold what may be said instead, ** any kind of business.
    (covered,) = cover([row], SCENARIOS.values())
    parts = [normalize(part) for part in re.sub("（.*?）", "", row.words).split("**")]
    assert any(
        all(part in normalize(script) for part in parts)
        for scenario in covered.scenarios
        for script in scripts(scenario)
    )


def test_conversations_come_after_what_is_for_the_row_alone() -> None:
    (covered,) = cover([row for row in ROWS if row.id == "papers-ask"], SCENARIOS.values())
    assert [s.id for s in covered.scenarios] == ["id-request", "onboarding"]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario_says_whose_and_what_it_is(scenario: Scenario) -> None:
    assert scenario.role
    assert scenario.source
    assert scenario.kind is not ScenarioKind.OTHER
    assert scenario.covers


@pytest.mark.parametrize("kind", COURTESIES)
def test_each_courtesy_has_five_everyday_phrases(kind: Kind) -> None:
    scenario = SCENARIOS[f"courtesy-{kind}"]
    assert scenario.kind == ScenarioKind(kind)
    own = [line for line in scenario.lines if kind in {e.kind for e in line.wordings[0].elements}]
    assert len({line.script for line in own}) >= 5


def test_forty_banned_phrases_say_why_and_what_instead() -> None:
    assert len(BANNED) >= 40
    for phrase in BANNED:
        assert phrase.why, phrase.phrase
        assert 8 <= len(normalize(phrase.instead)) <= 30, phrase.instead
        assert all(w.elements for w in phrase.wordings), phrase.phrase
    assert len({phrase.severity for phrase in BANNED}) == 2


@pytest.mark.slow
def test_innocent_phrases_have_the_sound_of_what_they_excuse() -> None:
    for phrase in BANNED:
        needles = [bare(normalize(v)) for v in (phrase.phrase, *phrase.also)]
        for innocent in phrase.unless:
            longer = bare(normalize(innocent))
            assert any(len(n) < len(longer) and stands_in(n, longer) for n in needles), innocent


def test_scripts_never_say_the_plain_you() -> None:
    for scenario in SCENARIOS.values():
        assert not [s for s in scripts(scenario) if "你" in s], scenario.id


def test_conversations_are_three_and_the_forms_of_address_are_given() -> None:
    talks = [s for s in SCENARIOS.values() if s.kind is ScenarioKind.CONVERSATION]
    assert len(talks) >= 3
    assert all(any(len(ways) > 1 for ways in s.exits) and s.address for s in talks)


def test_exam_books_can_be_read() -> None:
    assert {"basics", "papers", "retention"} <= set(prompts.book_ids(PROMPTS))
    for book in prompts.book_ids(PROMPTS):
        assert len(prompts.load_book(PROMPTS, book).items) >= 6


def test_row_without_a_scenario_is_told(
    language: str, practice: Practice, golden: Golden, standard: Path
) -> None:
    done = practice("coverage", "--prompts", standard)
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        ["1", "甲|乙"],
        ["2", "丙"],
    ]
    golden("coverage-row-without-scenario", done.stdout + done.stderr)
    done = practice("coverage", "--prompts", standard, "--markdown")
    assert done.returncode == 1
    assert "| 1 | 甲\\|乙 | 请慢走 | [mine](../prompts/mine.yaml) + |" in done.stdout
    golden("coverage-page", done.stdout)


def test_coverage_for_programs_and_wrong_use(
    language: str, practice: Practice, golden: Golden, standard: Path
) -> None:
    rows = practice.json("coverage")
    assert [row["id"] for row in rows] == [row.id for row in ROWS]
    assert rows[0]["scenarios"]
    both = practice("coverage", "--json", "--markdown")
    assert both.returncode == 2
    (standard / "rules/standard.yaml").unlink()
    done = practice("coverage", "--prompts", standard)
    done.refused(PromptError, str(standard), "rules/standard.yaml")
    golden("coverage-refused", both.stderr + done.stderr)


def test_table_fits_a_terminal(practice: Practice) -> None:
    done = practice("coverage")
    assert done.returncode == 0
    assert max(cell_len(line) for line in done.stdout.splitlines()) <= 80


def bare(text: str) -> list[set[tuple[str, str]]]:
    """The sounds of a text without their tones."""
    return [{(first, last) for first, last, _tone in readings} for readings in sounds(text)]


def stands_in(needle: list[set[tuple[str, str]]], text: list[set[tuple[str, str]]]) -> bool:
    return any(
        all(a & b for a, b in zip(needle, text[start : start + len(needle)], strict=True))
        for start in range(len(text) - len(needle) + 1)
    )
