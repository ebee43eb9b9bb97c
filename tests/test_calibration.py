"""Thresholds from corrections: the same rule as the verdicts', never more errors, and the CLI."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CLIPS, Golden, heard, review, take, wait_until
from conftest import Place as Records
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import Practice

from practice import scenarios as prompts
from practice.errors import PromptError
from practice.records.attempt import Assessment
from practice.records.recognition import Transcript
from practice.records.review import Mark
from practice.records.score import Basis, ElementResult, Evidence, Verdict
from practice.scenarios.yaml_file import InvalidFileError
from practice.scoring.calibration import (
    LEAST_CASES,
    MARGINS,
    Case,
    Change,
    Outcome,
    Proposal,
    calibrate,
    case_of,
    cases_of,
    decide_again,
)
from practice.scoring.decision import (
    LIMITS,
    THRESHOLDS,
    Reliability,
    ThresholdPair,
    Thresholds,
    by_strength,
    decide,
)
from practice.scoring.evidence import Finding, Place, TextMatch
from practice.scoring.score import VERSION, is_of_this_version, scorer_name, with_total
from practice.store import Store
from practice.store.database import now
from practice.store.reviews import ReviewedAttempts

HEARD, MISSED, UNSURE = Verdict.HEARD, Verdict.MISSED, Verdict.UNSURE
AUDIO, PRONOUN, HELLO = ThresholdPair.AUDIO, ThresholdPair.PRONOUN, ThresholdPair.HELLO

nats = st.floats(-25, 15)


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    limits = THRESHOLDS
    for family in ThresholdPair:
        low = draw(st.floats(-25, 10))
        limits = limits.with_pair(family, (low + draw(st.floats(0.1, 15)), low))
    return limits


# ---- the rule ----------------------------------------------------------------


@given(
    element=st.sampled_from(["请", "请问", "慢走", "您", "让您", "您好"]),
    says=st.sampled_from(TextMatch),
    finding=st.builds(Finding, nats, st.floats(0, 1), st.none() | nats, st.none() | nats),
    reliability=st.builds(
        Reliability, st.floats(-2, 0), st.floats(0.2, 10), st.integers(1, 30), st.booleans()
    ),
    limits=thresholds(),
    others=thresholds(),
)
def test_deciding_again_is_deciding(
    element: str,
    says: TextMatch,
    finding: Finding,
    reliability: Reliability,
    limits: Thresholds,
    others: Thresholds,
) -> None:
    place = Place(0, len(element), 0, len(element), says, 0.5)
    if "您" not in element:
        finding = replace(finding, pronoun=None)

    def decided(by: Thresholds) -> tuple[Verdict, Evidence]:
        return decide(element, place, "", finding, reliability, by)

    verdict, evidence = decided(limits)
    result = ElementResult(element, element, None, True, False, verdict, evidence)
    case = case_of(result, HEARD, 1)
    if case is None:
        assert decided(others)[0] is verdict
    else:
        assert decide_again(case, limits) is verdict
        assert decide_again(case, others) is decided(others)[0]


def test_evidence_has_the_limits_that_were_in_force() -> None:
    place, nothing = Place(0, 2, 0, 0, TextMatch.NOT, 1.0), Finding(-9.0, 0.0, None, None)
    limits = replace(THRESHOLDS, heard=-5.5, missed=-8.5, hello_heard=2.0)
    sure, poor = Reliability(-0.1, 1.0, 9), Reliability(-1.2, 1.0, 9)
    verdict, evidence = decide("请问", place, "", nothing, sure, limits)
    assert verdict is UNSURE
    assert evidence == Evidence(Basis.AUDIO, "", -8.0, (), -5.5, -8.5)
    _verdict, evidence = decide("请问", place, "", nothing, poor, limits)
    assert (evidence.heard_from, evidence.doubts) == (-2.5, ("unlikely",))
    asked = Finding(0.0, 0.0, None, 1.5)
    _verdict, evidence = decide("您好", place, "", asked, sure, limits)
    assert evidence == Evidence(
        Basis.PRONOUN, "", 1.5, (), 2.0, THRESHOLDS.hello_missed, beside=1.0
    )


def test_a_judgement_says_which_thresholds_made_it() -> None:
    assert scorer_name(THRESHOLDS) == scorer_name(Thresholds()) == VERSION
    other = scorer_name(replace(THRESHOLDS, heard=-6.5))
    assert other == scorer_name(replace(THRESHOLDS, heard=-6.5))
    assert other != scorer_name(replace(THRESHOLDS, heard=-6.6))
    assert other.startswith(f"{VERSION}+")
    assert is_of_this_version(other)
    assert not is_of_this_version("3")


# ---- proposals ---------------------------------------------------------------


def cases(said: Iterable[float], not_said: Iterable[float], trainees: int = 5) -> list[Case]:
    """Cases by strength alone, dealt out to trainees."""
    labelled = [(s, HEARD) for s in said] + [(s, MISSED) for s in not_said]
    return [
        Case(strength, (), None, PRONOUN, truth, number % trainees)
        for number, (strength, truth) in enumerate(labelled)
    ]


def of(family: ThresholdPair, made: list[Case]) -> Proposal:
    found, limits = calibrate(made, THRESHOLDS)
    proposal = next(p for p in found if p.family is family)
    assert limits.pair(family) == proposal.after
    return proposal


CLEAR = [*([3.0] * 30), *([-7.0, -8.9] * 10)]
"""Said, of which 20 are unsure by the built-in limits."""


def test_what_is_unsure_without_need_is_heard() -> None:
    found = of(AUDIO, cases(CLEAR, [-15.0] * 30))
    assert found.outcome is Outcome.PROPOSED
    assert found.after == (-8.9, -12.0)  # and not beyond the weakest that was said
    assert found.changes == (Change(UNSURE, HEARD, HEARD, 20),)
    assert (found.now.unsure, found.then.unsure) == (20, 0)
    assert (found.said, found.not_said, found.trainees) == (50, 30, 5)


def test_a_limit_keeps_away_from_what_was_not_said() -> None:
    said = [*([3.0] * 30), *([-7.0] * 20), *([-8.9] * 20)]
    found = of(AUDIO, cases(said, [*([-15.0] * 30), *([-9.25] * 5)]))
    assert MARGINS[AUDIO] == 1
    assert found.after[0] == -7.0  # -8.9 is too near to -9.25
    assert found.then.credited == 0


def test_what_is_unsure_without_need_is_missed() -> None:
    found = of(AUDIO, cases([2.0] * 30, [-11.5] * 30))
    assert found.after == (-6.0, -11.5)
    assert found.changes == (Change(UNSURE, MISSED, MISSED, 30),)


def test_wrong_verdicts_move_a_limit_back() -> None:
    found = of(AUDIO, cases([2.0] * 50, [*([-15.0] * 30), *([-5.0] * 4)]))
    assert found.after == (-4.0, -12.0)
    assert found.changes == (Change(HEARD, UNSURE, MISSED, 4),)
    assert (found.now.credited, found.then.credited) == (4, 0)
    # But not where that leaves too much to the trainer for one wrong verdict.
    assert of(AUDIO, cases([2.0] * 50, [*([-15.0] * 30), 5.0])).outcome is Outcome.UNCHANGED


def test_no_gain_is_worth_another_wrong_verdict() -> None:
    said = [*([3.0] * 30), *([-7.0] * 90)]
    assert of(AUDIO, cases(said, [*([-15.0] * 30), -6.5])).after[0] == -6.0
    # One that is credited already blocks nothing.
    assert of(AUDIO, cases(said, [*([-15.0] * 30), 9.0])).after[0] == -7.0


def test_few_gains_are_not_worth_a_looser_limit() -> None:
    assert of(AUDIO, cases([*([3.0] * 30), *([-7.0] * 12)], [-15.0] * 30)).after == (-6.0, -12.0)
    found = of(AUDIO, cases([*([3.0] * 30), *([-7.0] * 13), *([-9.0] * 2)], [-15.0] * 30))
    assert found.after == (-7.0, -12.0)  # and two odd ones draw it no further


def test_doubts_keep_their_say() -> None:
    doubtful = [replace(c, doubts=("dropped",)) for c in cases([], [-11.0] * 30)]
    found = of(AUDIO, [*cases([3.0] * 30, []), *doubtful])
    assert (found.outcome, found.then.unsure) == (Outcome.UNCHANGED, 30)  # never missed
    # They may be heard, but not from a limit below that of what is missed.
    doubtful = [replace(c, doubts=("dropped",)) for c in cases([-13.0] * 30, [])]
    assert of(AUDIO, [*doubtful, *cases([], [-20.0] * 30)]).outcome is Outcome.UNCHANGED
    unlikely = [replace(c, doubts=("unlikely",)) for c in cases([-5.0] * 30, [])]
    found = of(AUDIO, [*unlikely, *cases([], [-15.0] * 30)])
    assert found.after[0] == -8.0  # three more is asked of a poor transcript


@pytest.mark.parametrize("missing", ["said", "not said"])
def test_too_few_cases_propose_nothing(missing: str) -> None:
    few = LEAST_CASES - 1
    made = cases(CLEAR, [-15.0] * few) if missing == "not said" else cases(CLEAR[-few:], [-15] * 30)
    found = of(AUDIO, made)
    assert found.outcome is Outcome.TOO_FEW_CASES
    assert found.after == found.before
    assert found.changes == ()


def test_one_voice_is_not_enough() -> None:
    found = of(AUDIO, cases(CLEAR, [-15.0] * 30, trainees=2))
    assert (found.outcome, found.after) == (Outcome.TOO_FEW_TRAINEES, found.before)


def test_what_fails_on_trainees_left_out_is_not_proposed() -> None:
    # The not-said of one trainee lie far above everybody else's: without them the limit
    # would have gone down to -10 and credited them.
    said = [replace(c, trainee=n % 4) for n, c in enumerate(cases([-6.5, -9.9] * 30, []))]
    theirs = [replace(c, trainee=n % 4) for n, c in enumerate(cases([], [-15.0] * 30))]
    odd = [replace(c, trainee=4) for c in cases([], [-7.9] * 3)]
    assert of(AUDIO, said + theirs).after[0] == -9.9
    found = of(AUDIO, [*said, *theirs, *odd])
    assert (found.outcome, found.after) == (Outcome.NOT_PROVEN, found.before)


def test_each_pronoun_has_limits_of_its_own() -> None:
    def asked(family: ThresholdPair) -> list[Case]:
        made = cases([*([3.0] * 30), *([-0.5] * 20)], [-4.0] * 30)
        return [replace(c, strength=None, pronoun=c.strength, pronoun_family=family) for c in made]

    assert of(HELLO, asked(HELLO)).after == (-0.5, THRESHOLDS.hello_missed)
    assert of(PRONOUN, asked(HELLO)).outcome is Outcome.TOO_FEW_CASES
    assert of(PRONOUN, asked(PRONOUN)).after == (-0.5, THRESHOLDS.pronoun_missed)
    # An element that the audio does not have is no case of 您 against 你.
    absent = [replace(c, strength=-30.0) for c in asked(PRONOUN)]
    assert of(PRONOUN, absent).said == 0


def case_from(
    kind: tuple[bool, tuple[str, ...], ThresholdPair | None, Verdict], strength: int, pronoun: int
) -> Case:
    """A case by its strength, by 您 over 你, or by both."""
    is_strong, doubts, family, truth = kind
    return Case(
        strength / 4 if is_strong else None,
        doubts,
        pronoun / 16 if family else None,
        family or PRONOUN,
        truth,
        0,
    )


# Few draws for a case: with one for each of its fields, drawing takes most of the time.
any_case = st.builds(
    case_from,
    st.sampled_from(
        [
            (is_strong, doubts, family, truth)
            for is_strong in (True, False)
            for family in (None, PRONOUN, HELLO)
            for doubts in ((), (), ("unlikely",), ("script",))
            for truth in (HEARD, MISSED)
            if is_strong or family
        ]
    ),
    st.integers(-80, 20),
    st.integers(-80, 20),
)


@pytest.mark.slow
@settings(max_examples=400)
@given(st.lists(any_case, min_size=15, max_size=40), thresholds())
def test_no_proposal_makes_more_verdicts_wrong(few: list[Case], limits: Thresholds) -> None:
    assert_no_more_wrong([replace(c, trainee=t) for c in few for t in range(1, 7)], limits)


def assert_no_more_wrong(made: list[Case], limits: Thresholds) -> None:
    proposals, proposed = calibrate(made, limits)

    def wrong(by: Thresholds, verdict: Verdict) -> int:
        return sum(
            c.truth in (HEARD, MISSED) and decide_again(c, by) is verdict is not c.truth
            for c in made
        )

    assert wrong(proposed, HEARD) <= wrong(limits, HEARD)
    assert wrong(proposed, MISSED) <= wrong(limits, MISSED)
    for proposal in proposals:
        high, low = proposed.pair(proposal.family)
        assert high > low
        assert proposal.outcome is Outcome.PROPOSED or proposal.after == proposal.before
        moved = sum(change.cases for change in proposal.changes)
        assert moved or proposal.now == proposal.then


# ---- a store -----------------------------------------------------------------


def judged(strength: float, scorer: str = VERSION) -> Assessment:
    """A judgment in which the audio decided on 请 by its strength."""
    made = heard("慢走")
    please, *others = made.score.elements
    evidence = Evidence(Basis.AUDIO, "", strength, (), THRESHOLDS.heard, THRESHOLDS.missed)
    please = replace(please, verdict=by_strength(strength, (), THRESHOLDS), evidence=evidence)
    score = with_total(replace(made.score, elements=(please, *others)))
    return replace(made, score=score, scorer=scorer)


def reviewed(store: Store, strength: float, truth: Verdict, number: int) -> str:
    """Store an attempt, which a trainer corrects where the machine is not right."""
    made, assessment = take(f"学员{number % 4}"), judged(strength)
    store.add(made, assessment)
    is_right = assessment.score.elements[0].verdict is truth
    marks = () if is_right else (Mark("请", 1, truth),)
    store.add_review(made.id, review(marks=marks))
    return made.id


@pytest.fixture(scope="module")
def corrections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records in which 13 that were said were unsure, and one was wrongly missed."""
    folder = tmp_path_factory.mktemp("corrections")
    store = Store(folder)
    said = [*([2.0] * 20), *([-7.5] * 13), -12.5]
    for number, (strength, truth) in enumerate(
        [*((s, HEARD) for s in said), *((-16.0, MISSED) for _n in range(24))]
    ):
        reviewed(store, strength, truth, number)
    store.add(take(), judged(-7.5))  # nobody looked at it
    store.close()
    return folder


@pytest.fixture
def corrected(practice: Practice, corrections: Path) -> Practice:
    """The command with these records."""
    shutil.copytree(corrections, practice.recordings)
    return practice


def test_cases_are_what_the_trainer_saw(place: Records) -> None:
    store = Store(*place)
    left = reviewed(store, 2.0, HEARD, 0)
    reviewed(store, -8.0, MISSED, 1)
    open_ = take("学员2")
    store.add(open_, judged(-8.0))
    store.add_review(open_.id, last := review())
    wait_until(lambda: now() > last.created_at, "the next millisecond")
    # The machine changes its mind later; what the trainer agreed with stays the truth.
    store.add_score(left, judged(-20.0))
    found = [
        case
        for r in ReviewedAttempts(store.database, "一厅")
        for case in cases_of(r.assessment.score, r.seen, r.review, r.trainee_id)
    ]
    assert sorted((c.strength, c.truth) for c in found) == [(-20.0, HEARD), (-8.0, MISSED)]
    assert list(ReviewedAttempts(store.database, "二厅")) == []


@pytest.mark.slow
def test_calibrate_tells_what_would_change(
    language: str, corrected: Practice, golden: Golden
) -> None:
    done = corrected("calibrate")
    assert done.returncode == 0, done.stderr
    golden("calibrate", done.stdout)
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("请"))
    assert row.split()[1:] == ["44", "0", "1", "13", "0", "0"]
    assert max(len(line.encode("gbk")) for line in done.stdout.splitlines()) <= 80
    assert not (corrected.prompts / prompts.THRESHOLDS_FILE).exists()


def test_calibrate_for_programs(corrected: Practice) -> None:
    *rest, last = corrected.json("calibrate")
    families = {o["family"]: o for o in rest if "family" in o}
    assert set(families) == {"audio", "pronoun", "hello"}
    assert families["hello"]["outcome"] == "too-few-cases"
    audio = families["audio"]
    assert (audio["outcome"], audio["said"], audio["not_said"]) == ("proposed", 34, 24)
    assert audio["now"] == {
        "heard_from": -6.0, "missed_from": -12.0, "credited": 0, "accused": 1, "unsure": 13,
    }  # fmt: skip
    assert audio["proposed"]["heard_from"] == -7.5
    assert audio["changes"] == [
        {"before": "missed", "after": "unsure", "truth": "heard", "cases": 1},
        {"before": "unsure", "after": "heard", "truth": "heard", "cases": 13},
    ]
    please = next(o for o in rest if o.get("element") == "请")
    assert (please["total"], please["accused"], please["settled_heard"]) == (58, 1, 13)
    assert (last["reviewed"], last["left_out"], last["written"]) == (58, 0, None)
    assert last["scorer"] == VERSION
    assert corrected.json("calibrate", "--group", "没有")[-1]["reviewed"] == 0


@pytest.mark.slow
def test_applied_limits_are_in_force_and_told(
    language: str, corrected: Practice, golden: Golden
) -> None:
    recording = CLIPS / "farewell-without-please.flac"
    (before,) = corrected.json("run", "farewell", "--audio", recording)
    assert before["scorer"] == VERSION
    last = corrected.json("calibrate", "--apply")[-1]
    assert last["written"] == str(corrected.prompts / prompts.THRESHOLDS_FILE)
    assert corrected("check").returncode == 0
    limits = prompts.load_thresholds(corrected.prompts)
    assert limits == replace(THRESHOLDS, heard=-7.5, missed=-13.5)

    (again,) = corrected.json("rescore", before["id"])
    assert again["scorer"] == last["proposed_scorer"] == scorer_name(limits)
    evidence = again["elements"][0]["evidence"]
    assert (evidence["basis"], evidence["heard_from"], evidence["missed_from"]) == (
        "audio", -7.5, -13.5,
    )  # fmt: skip
    shown = corrected("history", before["id"], "--explain").stdout
    assert ("-7.5" in shown, "-13.5" in shown) == (True, True)
    golden("history-explain-own-limits", shown.replace(before["audio"], "take.flac"))
    assert corrected.json("rescore", before["id"]) == []  # nothing changed since
    assert corrected.json("calibrate", "--apply")[-1]["written"] is None


@pytest.mark.slow
def test_a_proposal_is_written_where_it_is_told(
    language: str, corrected: Practice, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corrected.prompts)
    done = corrected("calibrate", "--apply", "--prompts", ".")
    assert done.returncode == 0
    written = (corrected.prompts / prompts.THRESHOLDS_FILE).read_text("utf-8")
    golden("calibrate-apply", f"{done.stdout.splitlines()[-1]}\n\n{written}")


def test_a_record_without_limits_is_explained_by_the_built_in_ones(
    language: str, practice: Practice, golden: Golden
) -> None:
    store = Store(practice.recordings)
    made, assessment = take(), judged(-20.0, "3")
    please, *others = assessment.score.elements
    old = replace(please.evidence, heard_from=None, missed_from=None)
    score = replace(assessment.score, elements=(replace(please, evidence=old), *others))
    second = Transcript("慢走吧", -0.3, 0.01, 0.9)  # which is told beside the first
    store.add(made, replace(assessment, score=score, second=second))
    store.add_review(made.id, review())
    store.close()
    shown = practice("history", made.id, "--explain").stdout
    assert ("-6.0" in shown, "-12.0" in shown) == (True, True)
    golden("history-explain-no-limits", shown.replace(made.audio or "", "take.wav"))
    # Its strength may be on another scale.
    last = practice.json("calibrate")[-1]
    assert (last["reviewed"], last["left_out"]) == (1, 1)
    assert last["left_out"] == practice.json("calibrate", "--model", "small")[-1]["left_out"]
    golden("calibrate-left-out", practice("calibrate").stdout)


def test_calibrate_without_anything(language: str, practice: Practice, golden: Golden) -> None:
    told = practice("calibrate").stdout
    done = practice("calibrate", "--json")
    assert (done.returncode, done.stdout) == (0, "")
    Store(practice.recordings).add(take("=1+1"), judged(-8.0))
    told += practice("calibrate", "--apply").stdout
    golden("calibrate-nothing", told)
    assert not (practice.prompts / prompts.THRESHOLDS_FILE).exists()


MISTAKES = [
    ("heard: -6\nhaerd: -5\n", 2),
    ("heard: loud\n", 1),
    ("missed: -12\nheard: nan\n", 2),
    ("heard: [1]\n", 1),
    ("heard:\n", 1),
    ("heard: -12\n", 1),
    ("\nhello_missed: -1\nhello_heard: -1.5\n", 3),
    ("pronoun_missed: 2\n", 1),
    ("veto: 3\n", 1),
    ("heard: -6\nheard: -5\n", 2),
    ("heard：-6\n", 1),
    ("", 1),
    ("- 1\n", 1),
]


def test_mistakes_in_the_file_of_thresholds(language: str, golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    path = tmp_path / prompts.THRESHOLDS_FILE
    told = []
    for text, line in MISTAKES:
        path.write_text(text, "utf-8")
        (problem,) = prompts.check(tmp_path)[1]
        assert str(problem).startswith(f"{path}:{line}: "), text
        with pytest.raises(PromptError) as refused:
            prompts.load_thresholds(tmp_path)
        assert str(refused.value) == str(problem)
        told.append(f"{text!r}\n    {problem}")
    golden("thresholds-mistakes", "\n".join(told))


def test_thresholds_are_written_and_read_back(
    language: str, golden: Golden, tmp_path: Path
) -> None:
    assert prompts.load_thresholds(tmp_path) == THRESHOLDS
    limits = replace(THRESHOLDS, heard=-7.5, hello_missed=-0.3)
    prompts.write_thresholds(tmp_path, limits, "from 3 elements")
    assert prompts.load_thresholds(tmp_path) == limits
    path = tmp_path / prompts.THRESHOLDS_FILE
    assert path.read_text("utf-8").startswith("# from 3 elements\n")
    path.write_text("heard: -7\n", "utf-8")  # what is not named stays built in
    assert prompts.load_thresholds(tmp_path) == replace(THRESHOLDS, heard=-7.0)
    path.unlink()
    (tmp_path / "rules").rmdir()
    (tmp_path / "rules").write_text("a file")
    with pytest.raises(PromptError) as refused:
        prompts.write_thresholds(tmp_path, limits, "")
    golden("thresholds-unwritable", str(refused.value))


@pytest.mark.slow
def test_a_mistake_in_the_thresholds_is_told_by_whoever_needs_them(
    language: str, corrected: Practice, golden: Golden
) -> None:
    path = corrected.prompts / prompts.THRESHOLDS_FILE
    path.write_text("heard: -13\n", "utf-8")
    told = set()
    for command in (
        ["calibrate"],
        ["calibrate", "--apply"],
        ["rescore"],
        ["run", "farewell", "--audio", CLIPS / "farewell.flac"],
    ):
        done = corrected(*command)
        done.refused(InvalidFileError, f"{path}:1: ", "heard", "missed")
        told.add(done.stderr)
    golden("thresholds-crossed", "".join(told))
    assert corrected("check").returncode == 1
    assert path.read_text("utf-8") == "heard: -13\n"


@pytest.mark.slow
def test_limits_are_written_beside_scenarios_only(
    language: str, corrected: Practice, golden: Golden, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    told = ""
    for folder in (tmp_path / "empty", tmp_path / "none"):
        done = corrected("calibrate", "--apply", "--prompts", folder)
        done.refused(PromptError, str(folder))
        told += done.stderr
    golden("calibrate-refused", told)
    assert list((tmp_path / "empty").iterdir()) == []


def test_every_limit_can_be_set_in_the_file(tmp_path: Path) -> None:
    named = {name for names in LIMITS.values() for name in names}
    prompts.write_thresholds(tmp_path, THRESHOLDS, "")
    text = (tmp_path / prompts.THRESHOLDS_FILE).read_text("utf-8")
    assert {line.split(":")[0] for line in text.splitlines() if ":" in line} == named
