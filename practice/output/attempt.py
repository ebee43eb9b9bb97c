"""An attempt in the terminal: result, next step, missed elements, and alignment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from practice.delivery.clarity import clarity
from practice.i18n import gettext as _
from practice.output import delivery
from practice.output.alignment import clarity_legend, compare, strip
from practice.output.layout import say, width_of
from practice.output.review import decision_text, postures, print_review
from practice.output.wording import (
    banned_text,
    component_text,
    element_name,
    labelled,
    mark_text,
    missed_text,
    reason_text,
    score_text,
    since_text,
    unsure_text,
    verdict_heading,
    verdict_name,
)
from practice.records.attempt import Assessment, Attempt
from practice.records.score import Basis, Component, ElementResult, Op, RemarkKind, Score, Verdict
from practice.scoring.decision import THRESHOLDS, ThresholdPair, pronoun_family
from practice.scoring.review import final_score
from practice.scoring.score import PASS_MARK, deduction
from practice.scoring.trend import since

_NAMED = 3
"""Maximum number of missed elements in the next step; the list below it has all."""


def print_attempt(
    console: Console,
    attempt: Attempt,
    previous: Attempt | None = None,
    *,
    explain: bool = False,
) -> None:
    """Print an assessed attempt.

    Args:
        console: Console to print to.
        attempt: Attempt to print.
        previous: Attempt before it, to compare the scores.
        explain: Print the details of the scoring, too.
    """
    score = attempt.assessment.score
    if score.reason is not None:
        say(console, _("NOT SCORED"), "bold yellow")
        say(console, reason_text(attempt.assessment.check, score.reason))
    else:
        _print_next(console, attempt)
        _print_verdict(console, score)
        _print_comparison(console, attempt.assessment)
        _print_figures(console, attempt, previous)
    if attempt.take.overflows:
        say(
            console,
            _(
                "Audio dropouts during recording: {n}. If words are missing, close other programs."
            ).format(n=attempt.take.overflows),
            "yellow",
        )
    print_review(console, attempt)
    if explain:
        print_explanation(console, attempt)


def print_score(console: Console, score: Score) -> None:
    """Print the score of a typed sentence: result, missed elements, banned phrases."""
    word, style = verdict_heading(score.passed)
    if score.reason is not None:
        word, style = _("NOT SCORED"), "bold yellow"
    line = Text(word, style=style)
    if score.total is not None:
        line.append("  " + mark_text(score.total, score.best, PASS_MARK), style="default")
    console.print(line)
    if score.reason is None:
        _print_verdict(console, score)


def print_explanation(console: Console, attempt: Attempt) -> None:
    """Print the details behind each figure of an attempt."""
    console.print()
    say(console, _("Scoring details"), "bold")
    for line in _explanation(attempt):
        say(console, f"  {line}", indent=4)
    print_clarity(console, attempt)


def print_clarity(console: Console, attempt: Attempt) -> None:
    """Print the clarity of each character; print nothing if it is unavailable."""
    lines = strip(attempt.assessment, width_of(console) - 2)
    if not lines:
        return
    console.print()
    say(console, _("Clarity of each character"), "bold")
    for line in lines:
        console.print(Text("  ") + line, no_wrap=True, crop=False)
    legend = clarity_legend(clarity(attempt.assessment))
    say(console, "  " + "   ".join(map(" ".join, legend)), "dim", indent=2)


def _explanation(attempt: Attempt) -> Iterator[str]:
    assessment = attempt.assessment
    score, check, transcript = assessment.score, assessment.check, assessment.transcript
    names = {
        "courtesies": _("courtesies heard"),
        "accuracy": _("script characters said"),
        "content": _("contents conveyed"),
        "delivery": _("pace, fluency, and volume on target"),
    }
    for part in score.components:
        yield labelled(
            names[part.name],
            f"{part.done:g}/{part.total} = {part.value:.1%}"
            f" × {part.weight:.2f} = {100 * part.value * part.weight:.1f}",
        )
    if deducted := deduction(score):
        yield _("banned phrases: {points:.0f} points deducted").format(points=deducted)
    if score.total is not None:
        yield _("score {total:.1f}, pass mark {mark:.0f}").format(total=score.total, mark=PASS_MARK)
    if said := delivery.points(score):
        yield said
    for element in score.elements:
        why, numbers = evidence_text(element), evidence_numbers(element)
        yield labelled(element_name(element), f"{why} ({numbers})" if numbers else why)
    for name, text in delivery.rows(attempt):
        yield labelled(name, text)
    if transcript is not None:
        counts = score.counts
        yield _(
            "characters: {hits} correct, {homophones} same sound, {near} similar sound, "
            "{substitutions} different, {deletions} left out, {insertions} extra"
        ).format(**asdict(counts))
        yield _(
            "tolerant accuracy (by sound) {accuracy:.1%}, strict CER (by character) {cer:.1%}"
        ).format(accuracy=counts.accuracy or 0.0, cer=score.strict.cer or 0.0)
        yield _("compared with the wording: {wording}").format(wording=score.wording)
        yield _("Transcript: {text}").format(text=transcript.text)
        if assessment.second is not None:
            yield _("second transcription: {text}").format(text=assessment.second.text)
        yield (
            f"avg_logprob {transcript.avg_logprob:.2f}, no_speech_prob "
            f"{transcript.no_speech_prob:.2f}, model "
            f"{assessment.model.name if assessment.model else '-'}, scorer {assessment.scorer}"
        )
    yield _(
        "signal: {speech:.1f} s of speech in {seconds:.1f} s, level {level}, SNR {snr}, "
        "clipped {clipped:.1%}"
    ).format(
        speech=check.speech_s,
        seconds=check.duration_s,
        level="-" if check.speech_dbfs is None else f"{check.speech_dbfs:.0f} dBFS",
        snr="-" if check.snr_db is None else f"{check.snr_db:.0f} dB",
        clipped=check.clipped_share,
    )


def one_line(attempt: Attempt) -> str:
    """Summarize the final result of an attempt, including the review, for lists."""
    score = final_score(attempt)
    decision = decision_text(attempt.judgement) if attempt.judgement else ""
    if score.reason is not None:
        reason = reason_text(attempt.assessment.check, score.reason)
        text = _("not scored: {reason}").format(reason=reason)
        return "  ".join(filter(None, (text, decision)))
    text = score_text(score, decision)
    if score.off_script or attempt.review is None:
        return text
    return "  ".join([text, *(heading for heading, _seen in postures(attempt.review))])


def _print_next(console: Console, attempt: Attempt) -> None:
    """Print the result, the next step, and the hint on the delivery.

    Without faults in the words, the hint is the next step.
    """
    score = attempt.assessment.score
    word, style = verdict_heading(score.passed)
    line = Text(word, style=style)
    total = mark_text(score.total or 0.0, score.best, PASS_MARK)
    line.append("  " + total, style="default")
    console.print(line)
    hint, fault = delivery.hint(attempt), _fault(score)
    step = fault or hint or _("well said; go on.")
    say(console, _("Next: {step}").format(step=step), "bold")
    if fault and hint:
        say(console, hint)


def _fault(score: Score) -> str:
    """Return how to correct the gravest fault in the words; empty if there is none."""
    said = [hit.phrase for hit in score.banned if hit.sure]
    if said:
        return _("do not say “{phrase}”; use the suggested wording.").format(phrase=said[0])
    missed = dict.fromkeys(e.text for e in score.with_verdict(Verdict.MISSED) if e.required)
    if missed:
        texts = _(", ").join(f"“{text}”" for text in list(missed)[:_NAMED])
        return _("say it again, with {texts}.").format(texts=texts)
    wrong = next((c for c in score.chunks if c.op in (Op.SUBSTITUTE, Op.DELETE)), None)
    return _("say “{text}” more clearly.").format(text=wrong.reference) if wrong else ""


def _print_verdict(console: Console, score: Score) -> None:
    missed, unsure = missed_text(score), unsure_text(score)
    if score.off_script:
        say(console, _("This is not the script: something else was said."), "red", indent=2)
    elif missed:
        say(console, _("Missed: {elements}").format(elements=missed), "red", indent=2)
    elif score.elements and not unsure:
        say(console, _("No courtesy is missing."), "green")
    if unsure and not score.off_script:
        text = _("Unsure, the trainer will review: {elements}")
        say(console, text.format(elements=unsure), "yellow", indent=2)
    for hit in score.banned:
        say(console, banned_text(hit), "red" if hit.sure else "yellow", indent=2)
    moved = [r.text for r in score.remarks if r.kind is RemarkKind.ORDER]
    if moved:
        text = _("Order differs from the script: {elements}")
        say(console, text.format(elements=_(", ").join(moved)), indent=2)


def _print_comparison(console: Console, assessment: Assessment) -> None:
    console.print()
    lines, legend = compare(assessment, width_of(console))
    for line in lines:
        console.print(line, no_wrap=True, crop=False)
    if legend:
        say(console, "   ".join(map(" ".join, legend)), "dim")
    console.print()


def _print_figures(console: Console, attempt: Attempt, previous: Attempt | None) -> None:
    score = attempt.assessment.score
    accuracy = _("accuracy {accuracy:.0%} ({said:g} of {length} characters)").format(
        accuracy=score.counts.accuracy or 0.0,
        said=score.counts.said,
        length=score.counts.reference_length,
    )
    parts = {part.name: part for part in score.components if part.name != "accuracy"}
    if score.aims:
        kept = sum(aim.kept for aim in score.aims)
        parts["delivery"] = Component("delivery", 0.0, kept, len(score.aims))
    others = [component_text(part) for part in parts.values()]
    say(console, " · ".join([accuracy, *others]))
    compared = since(previous, attempt)
    if compared is not None:
        say(console, since_text(compared))


def evidence_text(element: ElementResult) -> str:
    """Describe an element's verdict and the evidence for it."""
    evidence, verdict = element.evidence, verdict_name(element.verdict)
    if evidence.basis is Basis.NONE:
        return verdict
    heard = _("the transcript has “{heard}” here").format(heard=evidence.heard or "-")
    in_audio = {
        Verdict.HEARD: _("the recording has it; {heard}"),
        Verdict.MISSED: _("the recording does not have it; {heard}"),
        Verdict.UNSURE: _("the machine could not tell whether it was said; {heard}"),
    }
    pronoun = {
        Verdict.HEARD: _("the recording has 您"),
        Verdict.MISSED: _("the recording has 你"),
        Verdict.UNSURE: _("the machine could not tell 您 from 你"),
    }
    why = {
        Basis.TEXT: heard
        if evidence.heard not in ("", element.text)
        else _("found in the transcript at its position in the script"),
        Basis.HOMOPHONE: _("{heard}, which sounds the same"),
        Basis.ELSEWHERE: _("found in the transcript, but not at its position in the script"),
        Basis.PART: _("{heard}, which is another courtesy"),
        Basis.ABSENT: "{heard}",
        Basis.AUDIO: in_audio.get(element.verdict, "{heard}"),
        Basis.PRONOUN: pronoun.get(element.verdict, "{heard}"),
    }[evidence.basis].format(heard=heard)
    _high, low = _limits(element)
    saved = evidence.basis is Basis.AUDIO and (evidence.strength or 0.0) <= low
    shown = [doubt for doubt in evidence.doubts if saved or doubt == "unasked"]
    return labelled(verdict, "; ".join([why, *map(_doubt, shown)]))


def evidence_numbers(element: ElementResult) -> str:
    """Return the strength of the audio evidence with its thresholds; empty without any."""
    evidence = element.evidence
    if evidence.basis not in (Basis.AUDIO, Basis.PRONOUN):
        return ""
    high, low = _limits(element)
    text = _(
        "evidence {strength:+.1f} nats: heard from {high:+.1f} up, missed from {low:+.1f} down"
    )
    return text.format(strength=evidence.strength or 0.0, high=high, low=low)


def _limits(element: ElementResult) -> tuple[float, float]:
    """Return the thresholds for heard and missed that an element was decided with."""
    evidence = element.evidence
    if evidence.heard_from is None or evidence.missed_from is None:
        # Assessed before thresholds were stored, when only the built-in ones existed.
        asked = evidence.basis is Basis.PRONOUN
        return THRESHOLDS.pair(pronoun_family(element.text) if asked else ThresholdPair.AUDIO)
    return evidence.heard_from, evidence.missed_from


def _doubt(doubt: str) -> str:
    return {
        "unlikely": _("but the transcript is poor"),
        "dropped": _("but the transcript is too short for the length of the speech"),
        "loops": _("but the transcript repeats itself"),
        "script": _("but the script matches the audio better with it"),
        "unasked": _("but the speech is too long to check the audio for it"),
    }[doubt]
