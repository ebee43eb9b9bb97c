"""Thresholds from corrections: the same rule as the verdicts', never more errors, and the CLI."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CLIPS, ROOT, Practice, heard, review, take, wait_until
from conftest import Place as Records
from hypothesis import given, settings
from hypothesis import strategies as st

from practice import prompts
from practice.core.calibration import (
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
from practice.core.hypotheses import Finding, Place, Says
from practice.core.models import (
    Assessment,
    Basis,
    ElementResult,
    Evidence,
    Mark,
    Verdict,
)
from practice.core.scoring import VERSION, is_of_this_version, scorer_name, with_total
from practice.core.verdicts import (
    LIMITS,
    THRESHOLDS,
    Family,
    Reliability,
    Thresholds,
    by_strength,
    decide,
)
from practice.errors import PromptError
from practice.store import Store
from practice.store.database import now
from practice.store.reviewed import ReviewedAttempts

HEARD, MISSED, UNSURE = Verdict.HEARD, Verdict.MISSED, Verdict.UNSURE
AUDIO, PRONOUN, HELLO = Family.AUDIO, Family.PRONOUN, Family.HELLO

nats = st.floats(-25, 15)


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    limits = THRESHOLDS
    for family in Family:
        low = draw(st.floats(-25, 10))
        limits = limits.with_band(family, (low + draw(st.floats(0.1, 15)), low))
    return limits


# ---- the rule ----------------------------------------------------------------


@given(
    element=st.sampled_from(["请", "请问", "慢走", "您", "让您", "您好"]),
    says=st.sampled_from(Says),
    finding=st.builds(Finding, nats, st.floats(0, 1), st.none() | nats, st.none() | nats),
    reliability=st.builds(
        Reliability, st.floats(-2, 0), st.floats(0.2, 10), st.integers(1, 30), st.booleans()
    ),
    limits=thresholds(),
    others=thresholds(),
)
def test_deciding_again_is_deciding(
    element: str,
    says: Says,
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
    place, nothing = Place(0, 2, 0, 0, Says.NOT, 1.0), Finding(-9.0, 0.0, None, None)
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


def of(family: Family, made: list[Case]) -> Proposal:
    found, limits = calibrate(made, THRESHOLDS)
    proposal = next(p for p in found if p.family is family)
    assert limits.band(family) == proposal.after
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
    def asked(family: Family) -> list[Case]:
        made = cases([*([3.0] * 30), *([-0.5] * 20)], [-4.0] * 30)
        return [replace(c, strength=None, pronoun=c.strength, pronoun_family=family) for c in made]

    assert of(HELLO, asked(HELLO)).after == (-0.5, THRESHOLDS.hello_missed)
    assert of(PRONOUN, asked(HELLO)).outcome is Outcome.TOO_FEW_CASES
    assert of(PRONOUN, asked(PRONOUN)).after == (-0.5, THRESHOLDS.pronoun_missed)
    # An element that the audio does not have is no case of 您 against 你.
    absent = [replace(c, strength=-30.0) for c in asked(PRONOUN)]
    assert of(PRONOUN, absent).said == 0


strengths = st.integers(-80, 20).map(lambda n: n / 4)
any_case = st.builds(
    Case,
    st.none() | strengths,
    st.sampled_from([(), (), ("unlikely",), ("script",)]),
    st.none() | strengths.map(lambda x: x / 4),
    st.sampled_from([PRONOUN, HELLO]),
    st.sampled_from([HEARD, MISSED]),
    st.integers(1, 4),
).filter(lambda case: case.strength is not None or case.pronoun is not None)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(any_case, min_size=15, max_size=40).flatmap(
        lambda few: st.just([replace(c, trainee=t) for c in few for t in range(1, 7)])
    ),
    thresholds(),
)
def test_no_proposal_makes_more_verdicts_wrong(made: list[Case], limits: Thresholds) -> None:
    proposals, proposed = calibrate(made, limits)

    def wrong(by: Thresholds, verdict: Verdict) -> int:
        return sum(
            c.truth in (HEARD, MISSED) and decide_again(c, by) is verdict is not c.truth
            for c in made
        )

    assert wrong(proposed, HEARD) <= wrong(limits, HEARD)
    assert wrong(proposed, MISSED) <= wrong(limits, MISSED)
    for proposal in proposals:
        high, low = proposed.band(proposal.family)
        assert high > low
        assert proposal.outcome is Outcome.PROPOSED or proposal.after == proposal.before
        moved = sum(change.cases for change in proposal.changes)
        assert moved or proposal.now == proposal.then


# ---- a store -----------------------------------------------------------------


def judged(strength: float, scorer: str = VERSION) -> Assessment:
    """A judgement in which the audio decided on 请 by its strength."""
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


@pytest.fixture
def corrected(practice: Practice) -> Practice:
    """Records in which 13 that were said were unsure, and one was wrongly missed."""
    store = Store(practice.recordings)
    said = [*([2.0] * 20), *([-7.5] * 13), -12.5]
    for number, (strength, truth) in enumerate(
        [*((s, HEARD) for s in said), *((-16.0, MISSED) for _n in range(24))]
    ):
        reviewed(store, strength, truth, number)
    store.add(take(), judged(-7.5))  # nobody looked at it
    store.close()
    practice.env["PRACTICE_PROMPTS"] = str(practice.home / "prompts")
    shutil.copytree(ROOT / "prompts", practice.home / "prompts")
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


def test_calibrate_tells_what_would_change(corrected: Practice) -> None:
    done = corrected("calibrate")
    assert done.returncode == 0, done.stderr
    assert "58 reviewed takes" in done.stdout
    assert "labelled: 34 said, 24 not said, trainees: 4" in done.stdout
    assert "now: heard from -6.00, missed from -12.00" in done.stdout
    assert "proposed: heard from -7.50, missed from -13.50" in done.stdout
    assert "13 unsure -> heard; right by the trainers: 13" in done.stdout
    assert "1 missed -> unsure; wrong until now, by the trainers: 1" in done.stdout
    assert "Too few to propose anything" in done.stdout
    assert "practice calibrate --apply" in done.stdout
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("请"))
    assert row.split()[1:] == ["44", "0", "1", "13", "0", "0"]
    assert max(len(line.encode("gbk")) for line in done.stdout.splitlines()) <= 80
    assert not (corrected.home / "prompts" / prompts.THRESHOLDS_FILE).exists()


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


def test_applied_limits_are_in_force_and_told(corrected: Practice) -> None:
    recording = CLIPS / "farewell-without-please.flac"
    (before,) = corrected.json("run", "farewell", "--audio", recording)
    assert before["scorer"] == VERSION
    last = corrected.json("calibrate", "--apply")[-1]
    assert last["written"] == str(corrected.home / "prompts" / prompts.THRESHOLDS_FILE)
    assert corrected("check").returncode == 0
    limits = prompts.load_thresholds(corrected.home / "prompts")
    assert limits == replace(THRESHOLDS, heard=-7.5, missed=-13.5)

    (again,) = corrected.json("rescore", before["id"])
    assert again["scorer"] == last["proposed_scorer"] == scorer_name(limits)
    evidence = again["elements"][1]["evidence"]
    assert (evidence["basis"], evidence["heard_from"], evidence["missed_from"]) == (
        "audio", -7.5, -13.5,
    )  # fmt: skip
    shown = corrected("history", before["id"], "--explain").stdout
    assert "(heard from -7.5, missed from -13.5)" in " ".join(shown.split())
    assert corrected.json("rescore", before["id"]) == []  # nothing changed since
    assert corrected.json("calibrate", "--apply")[-1]["written"] is None


def test_a_record_without_limits_is_explained_by_the_built_in_ones(practice: Practice) -> None:
    store = Store(practice.recordings)
    made, assessment = take(), judged(-20.0, "3")
    please, *others = assessment.score.elements
    old = replace(please.evidence, heard_from=None, missed_from=None)
    elements = (replace(please, evidence=old), *others)
    store.add(made, replace(assessment, score=replace(assessment.score, elements=elements)))
    store.add_review(made.id, review())
    store.close()
    shown = practice("history", made.id, "--explain").stdout
    assert "(heard from -6.0, missed from -12.0)" in " ".join(shown.split())
    # Its strength may be on another scale.
    last = practice.json("calibrate")[-1]
    assert (last["reviewed"], last["left_out"]) == (1, 1)
    assert last["left_out"] == practice.json("calibrate", "--model", "small")[-1]["left_out"]
    assert "left out" in practice("calibrate").stdout


def test_calibrate_without_anything(practice: Practice) -> None:
    assert "No takes in" in practice("calibrate").stdout
    done = practice("calibrate", "--json")
    assert (done.returncode, done.stdout) == (0, "")
    Store(practice.recordings).add(take("=1+1"), judged(-8.0))
    assert practice("calibrate", "--apply").stdout.startswith("No take was reviewed yet.")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("heard: -6\nhaerd: -5\n", 2, "Did you mean “heard”"),
        ("heard: loud\n", 1, "must be a number"),
        ("missed: -12\nheard: nan\n", 2, "must be a number"),
        ("heard: [1]\n", 1, "must be a number"),
        ("heard:\n", 1, "must be a number"),
        ("heard: -12\n", 1, "“heard” must be greater than “missed”"),
        ("\nhello_missed: -1\nhello_heard: -1.5\n", 3, "must be greater"),
        ("pronoun_missed: 2\n", 1, "must be greater"),
        ("veto: 3\n", 1, "unknown"),
        ("heard: -6\nheard: -5\n", 2, "twice"),
        ("heard：-6\n", 1, "full-width colon"),
        ("", 1, "is empty"),
        ("- 1\n", 1, "list of keys"),
    ],
)
def test_mistakes_in_the_file_of_thresholds(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    (tmp_path / "rules").mkdir()
    path = tmp_path / prompts.THRESHOLDS_FILE
    path.write_text(text, "utf-8")
    (problem,) = prompts.check(tmp_path)[1]
    assert str(problem).startswith(f"{path}:{line}: ")
    assert words in str(problem)
    with pytest.raises(PromptError) as told:
        prompts.load_thresholds(tmp_path)
    assert str(told.value) == str(problem)


def test_thresholds_are_written_and_read_back(tmp_path: Path) -> None:
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
    with pytest.raises(PromptError, match="cannot be written"):
        prompts.write_thresholds(tmp_path, limits, "")


def test_a_mistake_in_the_thresholds_is_told_by_whoever_needs_them(corrected: Practice) -> None:
    path = corrected.home / "prompts" / prompts.THRESHOLDS_FILE
    path.write_text("heard: -13\n", "utf-8")
    for command in (
        ["calibrate"],
        ["calibrate", "--apply"],
        ["rescore"],
        ["run", "farewell", "--audio", CLIPS / "farewell.flac"],
    ):
        done = corrected(*command)
        assert done.returncode == 1
        (told,) = done.stderr.splitlines()
        assert told.startswith(f"Error: {path}:1: “heard” must be greater")
    assert corrected("check").returncode == 1
    assert path.read_text("utf-8") == "heard: -13\n"


def test_limits_are_written_beside_scenarios_only(corrected: Practice, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, words in [("empty", "There are no scenarios"), ("none", "no folder of scenarios")]:
        done = corrected("calibrate", "--apply", "--prompts", tmp_path / folder)
        assert done.returncode == 1
        (told,) = done.stderr.splitlines()
        assert words in told
    assert list((tmp_path / "empty").iterdir()) == []


def test_every_limit_can_be_set_in_the_file(tmp_path: Path) -> None:
    named = {name for names in LIMITS.values() for name in names}
    prompts.write_thresholds(tmp_path, THRESHOLDS, "")
    text = (tmp_path / prompts.THRESHOLDS_FILE).read_text("utf-8")
    assert {line.split(":")[0] for line in text.splitlines() if ":" in line} == named
