"""What a trainer uses to write scenarios and to find their way among many."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Golden, Place, heard, review, take
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from practice import scenarios as prompts
from practice.errors import PromptError, system_reason
from practice.output.scenario import marked, outline
from practice.output.scenarios import best_result, listing
from practice.records.attempt import Trainee
from practice.records.kinds import ScenarioKind
from practice.records.review import Decision
from practice.scenarios.markup import parse_script
from practice.scenarios.new import template
from practice.scenarios.shapes import SCHEMA_REMARK, BranchFile, LineFile, ScenarioFile, schema_text
from practice.scenarios.yaml_file import CHINESE_KEYS
from practice.store import Store
from practice.store.history import BestOfLine, PracticeHistory

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


def test_list_groups_by_kind_in_the_standards_order(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    write(folder, "bye", kind="送别")
    write(folder, "any", kind="其他")
    write(folder, "hello", kind="欢迎")
    long = "long-" + 9 * "very-" + "long"
    write(folder, long, "很" * 70, "欢迎")
    write(folder, "broken").write_text("title: 坏\n", "utf-8")
    done = practice("list", "--prompts", folder)
    assert done.returncode == 0
    assert f"{folder / 'broken.yaml'}:1: " in done.stderr
    golden("list-by-kind", done.stdout + done.stderr)
    names = [line.split()[0] for line in done.stdout.splitlines() if "  1  -" in line]
    assert names == ["hello", f"{long[:35]}…", "bye", "any"]
    only = practice("list", "--prompts", folder, "--kind", "welcome")
    assert "hello" in only.stdout
    assert "bye" not in only.stdout
    wrong = practice("list", "--prompts", folder, "--kind", "再会")
    assert wrong.returncode == 2
    golden("list-no-kind", wrong.stderr)


def test_list_fits_eighty_cells() -> None:
    scenarios, _problems = prompts.load_all(ROOT / "prompts")
    best = {s.id: best_result(len(s.lines), [BestOfLine(1, True, 100.0)]) for s in scenarios}
    lines = list(listing(scenarios, {k: v for k, v in best.items() if v}))
    assert len(lines) > len(scenarios)
    assert all(cell_len(line) <= 80 for line in lines)
    assert any(line.endswith("1/2 · 100") for line in lines)


def test_list_shows_the_trainees_best_result(practice: Practice) -> None:
    assert all(row["best"] is None for row in practice.json("list"))
    assert not practice.recordings.exists()  # whoever looks makes nothing
    store = Store(practice.recordings)
    for text in ("走", "请慢走", "慢走"):
        store.add(take("王芳", "default", scenario="wait", audio=None), heard(text))
    store.close()

    def best(*args: str) -> object:
        (row,) = (row for row in practice.json("list", *args) if row["id"] == "wait")
        assert row["lines"] == 2
        return row["best"]

    assert best() == {"passed": 1, "score": 100.0}
    assert best("--trainee", "李雷") is None
    assert best("--group", "二厅") is None
    assert "1/2 · 100" in practice("list").stdout


def test_best_of_lines_is_each_ones_own_and_final(place: Place) -> None:
    store = Store(*place)
    wang = Trainee("王芳", "一厅")
    assert PracticeHistory(store.database).best_of_lines(wang) == {}
    for text in ("慢走", "请慢走", "走"):
        store.add(take(), heard(text))
    store.add(second := take(line=2), heard("慢走"))
    store.add(take("李雷"), heard("请慢走"))
    store.add(take(group="二厅", scenario="wait"), heard("请慢走"))
    found = PracticeHistory(store.database).best_of_lines(wang)
    assert list(found) == ["farewell"]
    assert found["farewell"][0] == BestOfLine(1, True, 100.0)
    assert not found["farewell"][1].passed
    store.add_review(second.id, review(decision=Decision.PASS))
    assert PracticeHistory(store.database).best_of_lines(wang)["farewell"][1].passed


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


# ---- show ------------------------------------------------------------------


def words() -> st.SearchStrategy[str]:
    return st.text("请您好谢", min_size=1, max_size=3)


ELEMENTS = st.builds(
    lambda texts, kind, flag: f"【{'/'.join(texts)}|{kind}{flag}】",
    st.lists(words(), min_size=1, max_size=3, unique=True),
    st.sampled_from(["敬语", "问候", "称呼"]),
    st.sampled_from(["", "|关键", "|可选"]),
)


@given(st.lists(ELEMENTS | words(), min_size=1, max_size=4).map("".join))
def test_a_script_is_shown_as_it_may_be_written(script: str) -> None:
    wordings = parse_script(script, {})
    shown = [w for sentence in marked(wordings) for w in parse_script(sentence, {})]
    plain = {(w.script, tuple((e.kind, e.critical, e.required) for e in w.elements)) for w in shown}
    assert plain == {
        (w.script, tuple((e.kind, e.critical, e.required) for e in w.elements)) for w in wordings
    }


def test_alternatives_and_slots_are_shown_as_one_sentence() -> None:
    slots = {"业务": ("入网", "过户")}
    script = "【您好/早上好|问候】，先办{业务}业务，【请|敬语|关键】坐。"
    also = "【坐|敬语】"
    shown = marked((*parse_script(script, slots), *parse_script(also, slots)))
    assert shown == ["【您好/早上好|问候】，先办{入网/过户}业务，【请|敬语|关键】坐。", also]
    # By chance alike, and not every combination counts.
    alike = [*parse_script("【请|敬语】坐这", {}), *parse_script("那【请|敬语】坐", {})]
    assert marked(alike) == ["【请|敬语】坐这", "那【请|敬语】坐"]


def test_show_prints_a_conversation_as_a_tree(
    language: str, practice: Practice, golden: Golden
) -> None:
    folder = practice.home / "p"
    folder.mkdir()
    text = template(ScenarioKind.CONVERSATION, is_conversation=True)
    (folder / "talk.yaml").write_text(text, "utf-8")
    first, *ways = outline(prompts.load(folder, "talk"))
    assert first == "1"
    assert [way.rsplit(" → ", 1)[0] for way in ways] == [
        "  客户拿出了身份证 → 3",
        "  客户什么证件都没有 → 2",
    ]
    shown = practice("show", "talk", "--prompts", folder).stdout
    golden("show-talk", shown)
    for data in ("“我要补卡。”", "· 双手接取", "【谢谢|答谢】，【请|敬语】稍等。"):
        assert data in shown
    assert "\x1b" not in shown
    assert all(cell_len(line) <= 80 for line in shown.splitlines())


def test_an_outline_writes_no_line_twice(tmp_path: Path) -> None:
    lines = "\n".join(
        f"  - {{name: n{i}, cue: 甲, script: 慢走, branches: "
        f"[{{when: 左, then: n{i + 1}}}, {{when: 右, then: n{i + 2}}}]}}"
        for i in range(40)
    )
    rest = "\n".join(f"  - {{name: n{i}, cue: 甲, script: 慢走, then: end}}" for i in (40, 41))
    text = f"title: 长\nwhen: 随时\nlines:\n{lines}\n{rest}\n"
    (tmp_path / "long.yaml").write_text(text, "utf-8")
    shown = outline(prompts.load(tmp_path, "long"))
    assert len(shown) == 1 + 2 * 40
    assert "  右 → 3 …" in shown


def test_show_prints_what_to_say_instead(language: str, practice: Practice, golden: Golden) -> None:
    folder = practice.home / "p"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules/banned.yaml").write_text(
        "banned: [{phrase: 不知道, instead: 【对不起|道歉】，我问一下。}]\n", "utf-8"
    )
    (folder / "swap.yaml").write_text("title: 改\nwhen: 随时\nswaps: all\n", "utf-8")
    shown = practice("show", "swap", "--prompts", folder).stdout
    assert "不知道" in shown
    assert "【对不起|道歉】，我问一下。" in shown
    golden("show-swaps", shown)


# ---- new -------------------------------------------------------------------


def test_new_writes_what_can_be_run(language: str, practice: Practice, golden: Golden) -> None:
    folder = practice.home / "我的话术"
    folder.mkdir()
    for args in (("plain", "--kind", "thanks"), ("talk", "--conversation")):
        done = practice("new", *args, "--prompts", folder)
        assert done.returncode == 0, done.stderr
        assert f"practice run {args[0]} --prompts {folder}" in done.stdout
        golden(f"new-{args[0]}", done.stdout)
    assert prompts.check(folder) == (2, [])
    assert practice("check", "--prompts", folder).returncode == 0
    plain, talk = prompts.load(folder, "plain"), prompts.load(folder, "talk")
    assert plain.kind is ScenarioKind.THANKS
    assert talk.kind is ScenarioKind.CONVERSATION
    assert len(talk.exits[0]) == 2
    text = (folder / "talk.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert ("台词:" in text) is (language == "zh")
    assert (folder / "schema.json").read_text("utf-8") == schema_text()


def test_new_refuses_in_one_line(language: str, practice: Practice, golden: Golden) -> None:
    folder = practice.home / "p"
    write(folder, "there").rename(folder / "There.yml")
    write(folder, "mine")
    before = sorted(folder.iterdir())
    told = []
    for scenario, data in (
        ("Mine", "Mine"),
        ("a b", "a b"),
        ("../mine", "../mine"),
        ("送别", "送别"),
        ("a" * 300, "60"),
        ("mine", "mine.yaml"),
        ("there", "There.yml"),
    ):
        done = practice("new", "--prompts", folder, "--", scenario)
        done.refused(PromptError, data)
        told.append(done.stderr)
    assert sorted(folder.iterdir()) == before
    done = practice("new", "fresh", "--prompts", folder / "none")
    done.refused(PromptError, str(folder / "none"), "--prompts")
    told.append(done.stderr)
    done = practice("new", "fresh", "--prompts", "/proc")
    done.refused(PromptError, "/proc/fresh.yaml", "--prompts")
    # The kernel's reason hangs on who runs the tests.
    assert done.error is not None
    assert isinstance(done.error.__context__, OSError)
    told.append(done.stderr.replace(system_reason(done.error.__context__), "(WHY)"))
    golden("new-refused", "".join(told))


def test_new_leaves_a_schema_of_somebody_elses_alone(practice: Practice) -> None:
    folder = practice.home / "p"
    folder.mkdir()
    schema = folder / "schema.json"
    schema.write_bytes('{"a": "别的"}'.encode("gbk"))
    assert practice("new", "one", "--prompts", folder).returncode == 0
    assert schema.read_bytes() == '{"a": "别的"}'.encode("gbk")
    schema.write_text(json.dumps({"$comment": SCHEMA_REMARK}), "utf-8")
    assert practice("new", "two", "--prompts", folder).returncode == 0
    assert schema.read_text("utf-8") == schema_text()


# ---- schema ----------------------------------------------------------------


SCHEMA = Draft202012Validator(json.loads(schema_text()))


def accepts(text: str) -> bool:
    return SCHEMA.is_valid(yaml.safe_load(text))


def test_the_schema_of_the_shipped_scenarios_is_the_readers(practice: Practice) -> None:
    assert (ROOT / "prompts" / "schema.json").read_text("utf-8") == schema_text()
    assert practice("schema").stdout == schema_text()
    Draft202012Validator.check_schema(SCHEMA.schema)


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    for scenario in prompts.scenario_ids(ROOT / "prompts"):
        text = (ROOT / "prompts" / f"{scenario}.yaml").read_text("utf-8")
        assert accepts(text), scenario
    for kind in ScenarioKind:
        assert accepts(template(kind, is_conversation=kind is ScenarioKind.CONVERSATION))
    assert accepts("标题: 送别\n何时: 客户离开\n出处: 3.3\n禁语改说: all\n")


GOOD = SCENARIO.format(title="送别", kind="送别")


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("title", "tilte"),
        GOOD.replace("when: 客户离开\n", ""),
        GOOD.replace("kind: 送别", "kind: 再会"),
        GOOD.replace("cue", "cu"),
        GOOD.replace("script: 【请|敬语】慢走。", "customer: 再见"),
        GOOD.replace("title: 送别", "title: [送别]"),
        GOOD + "origin: mine\n",
        GOOD + "slots: {业务: []}\n",
        GOOD + "    branches: [{when: 客户走了}]\n",
        GOOD + "    branches: [{when: 客户走了, then: end, weight: 0}]\n",
        "title: 送别\nwhen: 客户离开\n",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str, tmp_path: Path) -> None:
    assert accepts(GOOD)
    assert not accepts(text)
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    assert prompts.check(tmp_path)[1]


def test_every_key_is_described_in_both_languages() -> None:
    shapes = [SCHEMA.schema, *SCHEMA.schema["$defs"].values()]
    for shape in shapes:
        for key, value in shape["properties"].items():
            chinese, dot, english = value["description"].partition(" · ")
            assert dot, key
            assert english.isascii(), key
            assert not chinese.isascii(), key
            assert not key.isascii() or any(not k.isascii() for k in shape["properties"])


# ---- the page for authors --------------------------------------------------


@pytest.mark.parametrize("page", ["author.md", "zh/author.md"])
def test_the_guides_examples_and_keys_are_true(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    for number, example in enumerate(examples):
        (tmp_path / f"example-{number}.yaml").write_text(example, "utf-8")
    assert prompts.check(tmp_path) == (2, [])
    assert prompts.load(tmp_path, "example-1").is_conversation
    for shape in (ScenarioFile, LineFile, BranchFile):
        for key in shape.model_fields:
            assert re.search(rf"`{key}\b", text), key
            assert any(name in text for name, english in CHINESE_KEYS.items() if english == key), (
                key
            )
