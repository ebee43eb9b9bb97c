"""The command on recordings: results, bad input, exit codes, JSON; nothing is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import CLIPS, COMMAND, Golden
from in_process import Practice

from practice import __version__
from practice.errors import DeviceError, PracticeError, PromptError, StoreError

FAREWELL = CLIPS / "farewell.flac"
WITHOUT_PLEASE = CLIPS / "farewell-without-please.flac"


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


# ---- recordings ------------------------------------------------------------


def test_recording_is_judged_stored_and_shown(
    language: str, practice: Practice, golden: Golden
) -> None:
    done = practice("run", "farewell", "--audio", FAREWELL, "--explain")
    assert done.returncode == 0, done.stderr
    golden("run-passed", done.stdout)
    (attempt,) = practice.json("history")
    kept = practice.recordings / attempt["audio"]
    assert kept.read_bytes() == FAREWELL.read_bytes()
    assert kept.name == f"{attempt['id']}.flac"


def test_missed_courtesy_is_named(language: str, practice: Practice, golden: Golden) -> None:
    done = practice("run", "farewell", "--audio", WITHOUT_PLEASE)
    assert done.returncode == 0
    golden("run-missed", done.stdout)
    assert max(len(line.encode("gbk")) for line in done.stdout.splitlines()) <= 80


def test_json_of_an_attempt(practice: Practice) -> None:
    (a,) = practice.json("run", "farewell", "--audio", WITHOUT_PLEASE)
    assert {
        "scenario", "line", "script", "transcript", "status", "passed", "score", "counts",
        "elements", "audio", "model", "scorer",
    } <= set(a)  # fmt: skip
    assert (a["scenario"], a["line"], a["status"], a["passed"]) == ("farewell", 1, "scored", False)
    assert a["elements"][0] | {"evidence": None} == {
        "text": "请",
        "name": "请",
        "kind": "polite",
        "required": True,
        "critical": False,
        "verdict": "missed",
        "evidence": None,
    }
    assert a["score"] == pytest.approx(100 * sum(c["value"] * c["weight"] for c in a["components"]))
    assert a["counts"]["deletions"] >= 1
    assert a["model"]["name"] == "base"
    assert len(a["model"]["sha256"]) == 64


def test_same_command_same_attempt(practice: Practice) -> None:
    (first,) = practice.json("run", "farewell", "--audio", FAREWELL)
    (second,) = practice.json("run", "farewell", "--audio", FAREWELL)
    for attempt in (first, second):
        for key in ("id", "session", "created_at", "audio"):
            attempt.pop(key)
    assert first == second


def test_files_go_to_lines_in_order(practice: Practice) -> None:
    seat = CLIPS / "seat.flac"
    attempts = practice.json("run", "reception", "--audio", seat, FAREWELL)
    assert [(a["line"], a["script"]) for a in attempts] == [
        (1, "您好，请坐。"),
        (2, "请问您需要办理什么业务？"),
    ]
    (a,) = practice.json("run", "reception", "--line", "1", "--audio", seat)
    assert a["passed"]
    done = practice("run", "reception", "--line", "3", "--audio", seat)
    done.refused(PracticeError, "reception", "3")
    practice("run", "farewell", "--audio", seat, seat).refused(PracticeError, "farewell")


@pytest.mark.slow
def test_score_of_many_files(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("no audio")
    done = practice("score", FAREWELL, bad, WITHOUT_PLEASE, "--scenario", "farewell")
    assert done.returncode == 0
    golden("score-many", done.stdout)
    assert "bad.wav" in one_line(done.stderr)
    assert [a["take"] for a in practice.json("history")] == [1, 3]
    done = practice("score", bad, "--scenario", "farewell")
    assert done.returncode == 1


def test_history_and_rescore(language: str, practice: Practice, golden: Golden) -> None:
    (made,) = practice.json("run", "farewell", "--audio", FAREWELL)
    assert made["id"][:8] in practice("history").stdout
    shown = practice("history", made["id"][:6])
    assert made["audio"] in shown.stdout
    golden("history-one", shown.stdout.replace(made["audio"], "take.flac"))
    done = practice("rescore")
    assert done.returncode == 0
    golden("rescore", done.stdout)


def test_rescore_measures_takes_from_before_that(
    language: str, practice: Practice, golden: Golden
) -> None:
    (made,) = practice.json("run", "farewell", "--audio", FAREWELL)
    with closing(sqlite3.connect(practice.recordings / "practice.db")) as database, database:
        (text,) = database.execute("SELECT assessment FROM scores").fetchone()
        older = json.loads(text) | {"scorer": "6"}
        del older["delivery"], older["transcript"]["logprobs"]
        del older["score"]["aims"], older["score"]["aims_may_fail"]
        database.execute("UPDATE scores SET scorer = '6', assessment = ?", [json.dumps(older)])
    (before,) = practice.json("history")
    assert before["delivery"] is None
    assert before["clarity"] is None
    golden("show-attempt-unmeasured", practice("show-attempt", made["id"]).stdout)
    (after,) = practice.json("rescore")
    assert after == made


def test_rescore_uses_the_stored_script(practice: Practice, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    scenario = "title: a\nwhen: b\nlines:\n  - cue: c\n    script: {}\n"
    (folder / "mine.yaml").write_text(scenario.format("【请|敬语】慢走，欢迎下次光临"), "utf-8")
    (made,) = practice.json("run", "mine", "--prompts", folder, "--audio", FAREWELL)
    (folder / "mine.yaml").write_text(scenario.format("【再见|送别】"), "utf-8")
    assert practice.json("rescore", made["id"], "--prompts", folder) == []
    (still,) = practice.json("history")
    assert still == made


# ---- manifests -------------------------------------------------------------


@pytest.mark.slow
def test_manifest(practice: Practice, tmp_path: Path) -> None:
    def row(file: Path | str, script: str, *texts: str, **more: object) -> dict[str, object]:
        elements = [{"text": t, "kind": "敬语", "said": True} for t in texts]
        return {"file": str(file), "script": script, "elements": elements, **more}

    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(160_000), 16_000)
    rows = [
        row(FAREWELL, "请慢走，欢迎下次光临。", "请", "欢迎下次光临", voice="jm_kumo"),
        row(WITHOUT_PLEASE, "请慢走，欢迎下次光临，请。", "请"),
        row("silence.wav", "谢谢", "谢谢", kind="nonspeech"),
        row("none.wav", "谢谢", "谢谢"),
        row(CLIPS / "human.flac", "您好新闻上都在播呢您", "您", "都在"),
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n\n".join(json.dumps(r) for r in rows), "utf-8")
    done = practice("score", "--manifest", manifest, "--json")
    assert done.returncode == 0
    assert "none.wav" in one_line(done.stderr)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [[e["verdict"] for e in r["elements"]] for r in results] == [
        ["heard", "heard"],
        ["missed"],
        ["unscored"],
        ["unscored"],
        ["missed", "heard"],
    ]
    for result, given in zip(results, rows, strict=True):
        for key in ("file", "script", "voice", "kind"):
            assert result.get(key) == given.get(key)
    assert results[0]["elements"][0]["said"] is True
    assert results[0]["transcript"].startswith("请慢走")
    assert results[2]["status"] == "unscored"
    assert results[2]["reason"] == "no-speech"
    assert not practice.recordings.exists()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"file": "a.wav"}', '{"file": "a", "script": "b", "elements": [{}]}',
             '{"file": "a", "script": "b", "elements": [{"text": "请"}]}', "[" * 100_000,
             '{"file": "a", "script": "请6", "elements": [{"text": 6}]}',
             '{"file": "a", "script": "请", "elements": [], "x": NaN}',
             '{"file": "a", "script": ["请"], "elements": []}']
)  # fmt: skip
def test_broken_manifest_names_its_line(practice: Practice, tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n" + text, "utf-8")
    done = practice("score", "--manifest", manifest)
    assert done.returncode == 1
    assert f"{manifest}:2:" in one_line(done.stderr)


# ---- bad input -------------------------------------------------------------


def test_files_that_are_no_audio(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "folder.wav").mkdir()
    whole = FAREWELL.read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[:30])
    os.mkfifo(tmp_path / "pipe.wav")
    told = []
    for name in ("empty.wav", "text.wav", "folder.wav", "cut.flac", "none.wav", "pipe.wav"):
        done = practice("run", "farewell", "--audio", tmp_path / name)
        assert done.returncode == 1
        assert name in one_line(done.stderr)
        told.append(done.stderr)
    golden("run-no-audio", "".join(told))
    assert practice.json("history") == []


@pytest.mark.parametrize("rate", [8_000, 96_000])
def test_stereo_of_any_rate(practice: Practice, tmp_path: Path, rate: int) -> None:
    import soxr

    samples, original = soundfile.read(FAREWELL)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([soxr.resample(samples, original, rate)] * 2, axis=1), rate)
    (attempt,) = practice.json("run", "farewell", "--audio", path)
    assert attempt["elements"][2]["verdict"] == "heard"


@pytest.mark.slow
def test_an_hour_is_unscored_and_not_copied(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _minute in range(60):
            file.write(np.zeros(8_000 * 60))
    (attempt,) = practice.json("run", "farewell", "--audio", path)
    assert (attempt["status"], attempt["reason"]) == ("unscored", "too-long")
    assert attempt["audio"] is None
    golden("history-too-long", practice("history", attempt["id"]).stdout)
    assert practice("rescore").returncode == 0


@pytest.mark.slow
def test_no_microphone(language: str, practice: Practice, golden: Golden) -> None:
    practice.sound.unplug()
    done = practice("devices")
    done.refused(DeviceError)
    golden("devices-none", done.stderr)
    done = practice("doctor")
    assert done.returncode == 1
    findings = practice("doctor", "--json").stdout.splitlines()
    assert ("microphone", "FAIL") in [(f["part"], f["level"]) for f in map(json.loads, findings)]


def test_no_portaudio(language: str, practice: Practice, golden: Golden) -> None:
    practice.sound.is_missing = True
    done = practice("devices")
    done.refused(DeviceError)
    golden("devices-no-portaudio", done.stderr)


def test_recordings_folder_that_cannot_be_written(practice: Practice, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = practice("run", "farewell", "--audio", FAREWELL, "--recordings", file / "below")
    done.refused(StoreError, "--recordings")


def test_odd_numbers_in_a_float_file(practice: Practice, tmp_path: Path) -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 3e38] * 8000, dtype=np.float32)
    soundfile.write(tmp_path / "odd.wav", odd, 16_000, subtype="FLOAT")
    done = practice("run", "farewell", "--audio", tmp_path / "odd.wav", "--json")
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31mX", "名" * 61])
def test_what_is_no_name_is_refused(practice: Practice, name: str) -> None:
    done = practice("run", "farewell", "--trainee", name, "--audio", FAREWELL)
    done.refused(PracticeError)
    assert not list(practice.recordings.glob("takes/*/*"))


def test_reading_commands_make_no_folder(practice: Practice, tmp_path: Path) -> None:
    for command in ("history", "rescore"):
        done = practice(command, "--recordings", tmp_path / "mistyped")
        assert done.returncode == 0
        assert str(tmp_path / "mistyped") in done.stdout
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.slow
def test_full_output(practice: Practice) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "list"], env=practice.env, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_wrong_usage_exits_with_2(practice: Practice) -> None:
    for args in (
        ["run"],
        ["run", "farewell", "--nonsense"],
        ["run", "farewell", str(FAREWELL)],
        ["run", "farewell", "--line", "0"],
        ["score"],
        ["score", str(FAREWELL)],
        ["nonsense"],
    ):
        assert practice(*args).returncode == 2, args


@pytest.mark.slow
def test_output_into_a_closed_pipe(practice: Practice) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m cli list | head -1"],
        env=practice.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


@pytest.mark.slow
def test_a_terminal_without_chinese(practice: Practice) -> None:
    practice.encoding = "ascii"
    assert practice("show", "farewell").returncode == 0
    levels = {f["part"]: f["level"] for f in practice.json("doctor")}
    assert levels["terminal"] == "WARN"
    assert practice.json("show", "farewell")[0]["title"] == "送别客户"


def test_version(practice: Practice) -> None:
    assert __version__ in practice("--version").stdout


# ---- what is imported ------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["list"],
        ["check"],
        ["run", "--help"],
        ["export", "--help"],
        ["report", "--help"],
    ],
)
def test_light_commands_import_nothing_heavy(practice: Practice, args: list[str]) -> None:
    code = f"""
import sys
from contextlib import closing
sys.argv = ["practice", *{args!r}]
import cli
try:
    cli.main()
except SystemExit:
    pass
heavy = {{"torch", "whisper", "sounddevice", "onnxruntime", "sqlalchemy", "alembic", "numba",
         "wetext", "jinja2", "xlsxwriter"}}
print("HEAVY", sorted(heavy & set(sys.modules)))
"""
    # The list says how the trainee did, which stands in the records.
    allowed = "['sqlalchemy']" if args == ["list"] else "[]"
    done = subprocess.run(
        [sys.executable, "-c", code], env=practice.env, capture_output=True, text=True, check=True
    )
    assert f"HEAVY {allowed}" in done.stdout


def test_chinese_locale_sees_chinese(practice: Practice) -> None:
    del practice.env["PRACTICE_LANG"]
    english = practice("--help").stdout
    chinese = practice("--help", env=practice.env | {"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert chinese != english
    assert practice("--help", env=practice.env | {"PRACTICE_LANG": "zh"}).stdout == chinese


def test_a_mistyped_scenario(language: str, practice: Practice, golden: Golden) -> None:
    done = practice("run", "nonsense")
    done.refused(PromptError, "nonsense")
    golden("run-no-scenario", done.stderr)


@pytest.mark.parametrize(
    ("former", "name"),
    [
        (("show-take", "--help"), ("show-attempt", "--help")),
        (("pack", "--help"), ("bundle", "export", "--help")),
        (("unpack", "--help"), ("bundle", "import", "--help")),
        (("run", "x", "--patience", "99"), ("run", "x", "--end-silence", "99")),
        (("run", "x", "--silent"), ("run", "x", "--no-playback")),
        (
            ("voice", "record", "x", "--model", "--line", "0"),
            ("voice", "record", "x", "--reference", "--line", "0"),
        ),
    ],
)
def test_former_names_are_accepted(
    former: tuple[str, ...], name: tuple[str, ...], practice: Practice
) -> None:
    done, same = practice(*former), practice(*name)
    assert (done.returncode, done.stdout, done.stderr) == (
        same.returncode, same.stdout, same.stderr,
    )  # fmt: skip
    assert former[0] not in practice("--help").stdout.split() or former[0] in ("run", "voice")
