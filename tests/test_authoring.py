"""What a trainer uses to write scenarios and to find their way among many."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, Place, Practice, heard, review, take

from practice import prompts
from practice.core.models import Decision, Trainee
from practice.report.listing import best_result, listing
from practice.store import Store
from practice.store.best import BestOfLine, best_of_lines

SCENARIO = """\
title: {title}
when: 客户离开
kind: {kind}
lines:
  - cue: 客户起身。
    script: 【请|敬语】慢走。
"""


def write(folder: Path, scenario: str, title: str = "送别", kind: str = "送别") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{scenario}.yaml"
    path.write_text(SCENARIO.format(title=title, kind=kind), "utf-8")
    return path


# ---- list ------------------------------------------------------------------


def test_headings_say_what_the_scenarios_say() -> None:
    scenarios, _problems = prompts.load_all(ROOT / "prompts")
    headings, problems = prompts.load_headings(ROOT / "prompts")
    assert problems == []
    for scenario, heading in zip(scenarios, headings, strict=True):
        for name in ("id", "title", "when", "kind", "role", "source", "origin"):
            assert getattr(scenario, name) == getattr(heading, name)
        assert len(scenario.lines) == heading.lines


def test_list_groups_by_kind_in_the_standards_order(
    bare_practice: Practice, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    write(folder, "bye", kind="送别")
    write(folder, "any", kind="其他")
    write(folder, "hello", kind="欢迎")
    write(folder, "long-" + 9 * "very-" + "long", "很" * 70, "欢迎")
    write(folder, "broken").write_text("title: 坏\n", "utf-8")
    done = bare_practice(
        "list", "--prompts", folder, env=bare_practice.env | {"PRACTICE_LANG": "en"}
    )
    assert done.returncode == 0
    assert "broken.yaml:1: the key “when” is missing" in done.stderr
    heads = [line for line in done.stdout.splitlines() if line[:1].isascii() and line]
    names = [line.split()[0] for line in heads]
    assert names[1] == "welcome"
    assert names.index("hello") < names.index("farewell") < names.index("bye")
    assert names.index("bye") < names.index("other") < names.index("any")
    only = bare_practice("list", "--prompts", folder, "--kind", "welcome")
    assert "hello" in only.stdout
    assert "bye" not in only.stdout
    wrong = bare_practice("list", "--prompts", folder, "--kind", "再会")
    assert wrong.returncode == 2
    assert "“再会”" in wrong.stderr


def test_list_fits_eighty_cells() -> None:
    from rich.cells import cell_len

    headings, _problems = prompts.load_headings(ROOT / "prompts")
    best = {
        heading.id: best_result(heading.lines, [BestOfLine(1, True, 100.0)]) for heading in headings
    }
    lines = list(listing(headings, {k: v for k, v in best.items() if v}))
    assert len(lines) > len(headings)
    assert all(cell_len(line) <= 80 for line in lines)
    assert any(line.endswith("1/2 · 100") for line in lines)


def test_list_shows_the_trainees_best_result(bare_practice: Practice) -> None:
    assert all(row["best"] is None for row in bare_practice.json("list"))
    assert not bare_practice.recordings.exists()  # whoever looks makes nothing
    store = Store(bare_practice.recordings)
    for text in ("走", "请慢走", "慢走"):
        store.add(take("王芳", "default", scenario="wait", audio=None), heard(text))
    store.close()

    def best(*args: str) -> object:
        (row,) = (row for row in bare_practice.json("list", *args) if row["id"] == "wait")
        assert row["lines"] == 2
        return row["best"]

    assert best() == {"passed": 1, "score": 100.0}
    assert best("--trainee", "李雷") is None
    assert best("--group", "二厅") is None
    assert "1/2 · 100" in bare_practice("list").stdout


def test_best_of_lines_is_each_ones_own_and_final(place: Place) -> None:
    store = Store(*place)
    wang = Trainee("王芳", "一厅")
    assert best_of_lines(store.database, wang) == {}
    for text in ("慢走", "请慢走", "走"):
        store.add(take(), heard(text))
    store.add(second := take(line=2), heard("慢走"))
    store.add(take("李雷"), heard("请慢走"))
    store.add(take(group="二厅", scenario="wait"), heard("请慢走"))
    found = best_of_lines(store.database, wang)
    assert list(found) == ["farewell"]
    assert found["farewell"][0] == BestOfLine(1, True, 100.0)
    assert not found["farewell"][1].passed
    store.add_review(second.id, review(decision=Decision.PASS))
    assert best_of_lines(store.database, wang)["farewell"][1].passed


def test_the_best_result_counts_the_lines_that_are_still_there() -> None:
    results = [BestOfLine(1, True, 100.0), BestOfLine(2, False, 60.0), BestOfLine(3, True, 90.0)]
    best = best_result(2, results)
    assert best is not None
    assert (best.passed, best.total) == (1, 80.0)
    assert best_result(2, [BestOfLine(1, False, None)]) is None
    assert best_result(2, []) is None


def test_one_scenario_is_loaded_without_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write(tmp_path, f"s-{number}")
    read = []
    whole = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    prompts.load(tmp_path, "s-7")
    assert read == ["s-7.yaml"]
