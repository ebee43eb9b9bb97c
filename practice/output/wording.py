"""Names of kinds, reasons, verdicts, and results in the user's language."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from practice.i18n import gettext as _
from practice.i18n import is_chinese
from practice.records.attempt import Mode, SessionContext
from practice.records.kinds import CHINESE, CHINESE_SCENARIO_KINDS, Kind, ScenarioKind
from practice.records.recognition import SpeechCheck, Unscored
from practice.records.scenario import Severity
from practice.records.score import BannedHit, Component, ElementResult, Op, Result, Score, Verdict
from practice.scoring.trend import Change, ElementCount, Since


def local_time(created_at: str) -> str:
    """Format a stored time in ISO 8601 as local time, to the minute."""
    return datetime.fromisoformat(created_at).astimezone().strftime("%Y-%m-%d %H:%M")


def labelled(name: str, text: str) -> str:
    """Format a name and its value, with the colon of the user's language."""
    return _("{name}: {text}").format(name=name, text=text)


def kind_name(kind: Kind) -> str:
    """Name a kind of element in the user's language."""
    if is_chinese():
        return CHINESE[kind]
    english = {
        Kind.POLITE: "polite word",
        Kind.RESPECT: "respectful “you”",
        Kind.ADDRESS: "form of address",
        Kind.CONTENT: "content",
    }
    return english.get(kind, str(kind))


def scenario_kind_name(kind: ScenarioKind) -> str:
    """Name a kind of scenario; the English name includes the standard's Chinese one."""
    chinese = CHINESE_SCENARIO_KINDS[kind]
    return chinese if is_chinese() else f"{kind} {chinese}"


def element_name(element: ElementResult | ElementCount) -> str:
    """Format an element with its kind: ``请（敬语）``."""
    if element.kind is None:
        return element.name
    return _("{text} ({kind})").format(text=element.name, kind=kind_name(element.kind))


def verdict_name(verdict: Verdict) -> str:
    """Name a verdict in the user's language."""
    return {
        Verdict.HEARD: _("heard"),
        Verdict.MISSED: _("missed"),
        Verdict.UNSURE: _("unsure"),
        Verdict.UNSCORED: _("not scored"),
    }[verdict]


def element_names(elements: Iterable[ElementResult]) -> str:
    """List elements with their kinds."""
    return _(", ").join(element_name(e) for e in elements)


def missed_text(score: Score) -> str:
    """List the required elements that were missed; empty if there are none."""
    return element_names(e for e in score.with_verdict(Verdict.MISSED) if e.required)


def unsure_text(score: Score) -> str:
    """List the elements that are unsure; empty if there are none."""
    return element_names(score.with_verdict(Verdict.UNSURE))


def most_missed(scores: Iterable[Score]) -> list[tuple[str, int]]:
    """Count the required elements that were missed, the most frequent first."""
    counted = Counter(
        element_name(element)
        for score in scores
        for element in score.with_verdict(Verdict.MISSED)
        if element.required
    )
    return counted.most_common()


def times_text(missed: Iterable[tuple[str, int]]) -> str:
    """Format elements with the number of times they were missed: ``请（敬语） ×2``."""
    return _(", ").join(f"{name} ×{n}" if n > 1 else name for name, n in missed)


def most_missed_text(scores: Iterable[Score]) -> str:
    """List the required elements that were missed with their numbers; empty if there are none."""
    missed = most_missed(scores)
    return _("Missed: {elements}").format(elements=times_text(missed)) if missed else ""


def mode_name(setting: SessionContext | None) -> str:
    """Name the mode of an attempt's session; empty for plain practice of lines."""
    if setting is None:
        return ""
    return {
        Mode.CONVERSATION: _("conversation"),
        Mode.DRILL: _("drill"),
        Mode.EXAM: _("exam"),
        Mode.CLASS: _("class"),
    }[setting.mode]


def banned_text(hit: BannedHit) -> str:
    """Describe a banned phrase: what was said, why it is banned, its cost, and a replacement."""
    from practice.scoring.score import MINOR_COST

    named = (
        _("“{phrase}”")
        if hit.heard in ("", hit.phrase)
        else _("“{phrase}” (transcript: “{heard}”)")
    )
    said = _("Never say {phrase}") if hit.sure else _("Perhaps {phrase} was said")
    cost = (
        _("{points:.0f} points deducted") if hit.severity is Severity.MINOR else _("automatic fail")
    )
    parts = (
        said.format(phrase=named.format(phrase=hit.phrase, heard=hit.heard)),
        hit.why,
        cost.format(points=MINOR_COST) if hit.sure else _("the trainer will review"),
        _("say instead: {instead}").format(instead=hit.instead),
    )
    return _(" – ").join(part for part in parts if part)


def result_names() -> dict[Result, str]:
    """Name all results of an attempt."""
    return {
        Result.PASSED: _("passed"),
        Result.FAILED: _("failed"),
        Result.NEEDS_REVIEW: _("needs review"),
        Result.UNSCORED: _("not scored"),
    }


def result_name(score: Score) -> str:
    """Name the result of an attempt."""
    return result_names()[score.result]


def result_text(score: Score) -> str:
    """Name the result of an attempt, with the score if there is one."""
    return result_name(score) + ("" if score.total is None else f" {score.total:.0f}")


def verdict_heading(passed: bool | None) -> tuple[str, str]:
    """Return the heading of a result and its Rich style; None needs review."""
    return {
        True: (_("PASSED"), "bold green"),
        False: (_("FAILED"), "bold red"),
        None: (_("NEEDS REVIEW"), "bold yellow"),
    }[passed]


def mark_text(total: float, best: float | None, mark: float) -> str:
    """Format a score with the pass mark, and with what it may become after a review.

    Args:
        total: Score, from 0 to 100.
        best: Score if a trainer hears everything that is unsure.
        mark: Pass mark.
    """
    text = _("{total:.0f} of 100 (pass mark {mark:.0f})")
    if best is not None and round(best) > round(total):
        text = _("{total:.0f} of 100, up to {best:.0f} after review (pass mark {mark:.0f})")
    return text.format(total=total, best=best, mark=mark)


def component_text(part: Component) -> str:
    """Format what a component of a score counts."""
    text = {
        "courtesies": _("courtesies {done:g} of {total}"),
        "accuracy": _("characters {done:g} of {total}"),
        "content": _("content {done:g} of {total}"),
        "delivery": _("delivery {done:g} of {total}"),
    }[part.name]
    return text.format(done=part.done, total=part.total)


def since_text(since: Since) -> str:
    """Describe the change of a score since the previous attempt."""
    if since.change is Change.SAME:
        return _("about the same as last time")
    return _("{change:+.0f} since last time").format(change=since.points)


def score_text(score: Score, decision: str = "") -> str:
    """Summarize an attempt in one line: result, score, missed elements, banned phrases.

    Args:
        score: Score of the attempt.
        decision: The trainer's decision, to show after the score.
    """
    return "  ".join(filter(None, (result_text(score), decision, *_faults(score))))


def _faults(score: Score) -> Iterator[str]:
    if score.off_script:
        yield _("off script")
        return
    if missed := missed_text(score):
        yield _("Missed: {elements}").format(elements=missed)
    if unsure := unsure_text(score):
        yield _("Unsure: {elements}").format(elements=unsure)
    if said := _(", ").join(f"“{hit.phrase}”" for hit in score.banned if hit.sure):
        yield _("Banned: {phrases}").format(phrases=said)


def difference_name(op: Op) -> str:
    """Name a difference between script and transcript; empty if they are equal."""
    return {
        Op.EQUAL: "",
        Op.HOMOPHONE: _("same sound, no deduction"),
        Op.NEAR: _("similar sound"),
        Op.DELETE: _("left out"),
        Op.SUBSTITUTE: _("different"),
        Op.INSERT: _("extra, no deduction"),
    }[op]


def reason_text(check: SpeechCheck, reason: Unscored) -> str:
    """Explain why an attempt was not scored, and what to do about it."""
    from practice.audio.signal_check import MAX_RECORDING_S

    text = {
        Unscored.NO_SPEECH: _("No speech was detected. Check the microphone and speak again."),
        Unscored.TOO_QUIET: _(
            "The speech is too quiet. Move the microphone closer or turn it up, and record again."
        ),
        Unscored.CLIPPED: _(
            "The recording is clipped ({clipped:.0%} of it). Turn the microphone down or "
            "move back, and record again."
        ),
        Unscored.NOISY: _(
            "The background noise is almost as loud as the speech. Find a quieter place and "
            "record again."
        ),
        Unscored.TOO_SHORT: _("The recording is too short ({seconds:.1f} s). Record again."),
        Unscored.TOO_LONG: _(
            "The recording is too long ({seconds:.0f} s; at most {limit:.0f} s). Trim it "
            "to one line."
        ),
        Unscored.NO_TEXT: _("No words were recognized. Speak again, a little more clearly."),
        Unscored.CUT_OFF: _(
            "The microphone was disconnected during recording. Check its plug and record again."
        ),
    }[reason]
    return text.format(
        level=check.speech_dbfs or 0.0,
        clipped=check.clipped_share,
        snr=check.snr_db or 0.0,
        seconds=check.duration_s,
        limit=MAX_RECORDING_S,
    )
