"""An attempt in the terminal: verdict, what was missed, script over heard, next step."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from practice.core.models import Attempt, Basis, ElementResult, Op, Score, Verdict
from practice.core.scoring import PASS_MARK
from practice.i18n import gettext as _
from practice.report.compare import MARKS, compare
from practice.report.words import element_name, reason_text
from practice.report.wrap import MAX_WIDTH, say


def print_attempt(
    console: Console,
    attempt: Attempt,
    previous: Attempt | None = None,
    *,
    explain: bool = False,
) -> None:
    """Print a judged take, and how its figures came about where that is asked for."""
    score = attempt.assessment.score
    if score.reason is not None:
        say(console, _("NOT SCORED"), "bold yellow")
        say(console, reason_text(attempt.assessment.check, score.reason))
    else:
        _print_verdict(console, score)
        _print_comparison(console, score)
        _print_figures(console, score, previous)
        say(console, _("Next: {step}").format(step=_next_step(score)), "bold")
    if attempt.take.overflows:
        say(
            console,
            _(
                "The computer dropped sound {n} times while recording; close other programs "
                "if words are missing."
            ).format(n=attempt.take.overflows),
            "yellow",
        )
    if explain:
        print_explanation(console, attempt)


def print_explanation(console: Console, attempt: Attempt) -> None:
    """Print what each figure of an attempt rests on."""
    console.print()
    say(console, _("How this came about"), "bold")
    for line in _explanation(attempt):
        say(console, f"  {line}", indent=4)


def _explanation(attempt: Attempt) -> Iterator[str]:
    assessment = attempt.assessment
    score, check, transcript = assessment.score, assessment.check, assessment.transcript
    names = {"courtesies": _("courtesies heard"), "accuracy": _("characters of the script")}
    for part in score.components:
        yield (
            f"{names[part.name]}: {part.done}/{part.total} = {part.value:.1%}"
            f" × {part.weight:.2f} = {100 * part.value * part.weight:.1f}"
        )
    if score.total is not None:
        yield _("total {total:.1f}, pass mark {mark:.0f}").format(total=score.total, mark=PASS_MARK)
    for element in score.elements:
        yield f"{element_name(element)}: {_evidence(element)}"
    if transcript is not None:
        counts = score.counts
        yield _(
            "characters: {hits} right, {substitutions} different, {deletions} left out, "
            "{insertions} extra; strict CER {cer:.1%}"
        ).format(
            hits=counts.hits,
            substitutions=counts.substitutions,
            deletions=counts.deletions,
            insertions=counts.insertions,
            cer=counts.cer or 0.0,
        )
        yield _("compared with the wording: {wording}").format(wording=score.wording)
        yield _("Whisper wrote: {text}").format(text=transcript.text)
        yield (
            f"avg_logprob {transcript.avg_logprob:.2f}, no_speech_prob "
            f"{transcript.no_speech_prob:.2f}, model "
            f"{assessment.model.name if assessment.model else '-'}, scorer {assessment.scorer}"
        )
    yield _(
        "signal: {speech:.1f} s of speech in {seconds:.1f} s, level {level}, above the "
        "background by {snr}, clipped {clipped:.1%}"
    ).format(
        speech=check.speech_s,
        seconds=check.duration_s,
        level="-" if check.speech_dbfs is None else f"{check.speech_dbfs:.0f} dBFS",
        snr="-" if check.snr_db is None else f"{check.snr_db:.0f} dB",
        clipped=check.clipped_share,
    )


def missed_text(score: Score) -> str:
    """The missed courtesies in words, the required ones first; empty where none is."""
    missed = [e for e in score.with_verdict(Verdict.MISSED) if e.required]
    return _(", ").join(element_name(e) for e in missed)


def one_line(attempt: Attempt) -> str:
    """The result of a take in a few words, for lists."""
    score = attempt.assessment.score
    if score.reason is not None:
        reason = reason_text(attempt.assessment.check, score.reason)
        return _("not scored: {reason}").format(reason=reason)
    word = _("passed") if score.passed else _("not passed")
    text = f"{word} {score.total:.0f}"
    missed = missed_text(score)
    return f"{text}  {_('Missing: {elements}').format(elements=missed)}" if missed else text


def _print_verdict(console: Console, score: Score) -> None:
    word, style = (_("PASSED"), "bold green") if score.passed else (_("NOT PASSED"), "bold red")
    line = Text(word, style=style)
    line.append(
        "  "
        + _("{total:.0f} of 100 (pass mark {mark:.0f})").format(
            total=score.total or 0.0, mark=PASS_MARK
        ),
        style="default",
    )
    console.print(line)
    missed = missed_text(score)
    if missed:
        say(console, _("Missing: {elements}").format(elements=missed), "red", indent=2)
    elif score.elements:
        say(console, _("No courtesy is missing."), "green")
    for hit in score.banned:
        text = _("Never say “{phrase}”. Better: {instead}")
        say(console, text.format(phrase=hit.phrase, instead=hit.instead), "red", indent=2)


def _print_comparison(console: Console, score: Score) -> None:
    console.print()
    width = min(console.width, MAX_WIDTH)
    for line in compare(score.chunks, (_("script"), _("heard")), width):
        console.print(line, no_wrap=True, crop=False)
    legend = {
        Op.DELETE: _("left out"),
        Op.SUBSTITUTE: _("different"),
        Op.INSERT: _("extra, no fault"),
    }
    used = {chunk.op for chunk in score.chunks}
    notes = [f"{MARKS[op]} {name}" for op, name in legend.items() if op in used]
    if notes:
        say(console, "   ".join(notes), "dim")
    console.print()


def _print_figures(console: Console, score: Score, previous: Attempt | None) -> None:
    figures = [
        _("accuracy {accuracy:.0%} ({hits} of {length} characters)").format(
            accuracy=score.counts.accuracy or 0.0,
            hits=score.counts.hits,
            length=score.counts.reference_length,
        )
    ]
    figures += [
        _("courtesies {done} of {total}").format(done=part.done, total=part.total)
        for part in score.components
        if part.name == "courtesies"
    ]
    before = previous.assessment.score.total if previous else None
    if before is not None and score.total is not None:
        figures.append(_("{change:+.0f} since last time").format(change=score.total - before))
    say(console, " · ".join(figures))


def _evidence(element: ElementResult) -> str:
    evidence = element.evidence
    match evidence.basis:
        case Basis.TEXT:
            return _("heard: it stands in the transcript at its place")
        case Basis.ELSEWHERE:
            return _("heard, at another place than in the script")
        case Basis.ABSENT if evidence.heard:
            return _("missed: the transcript has “{heard}” there").format(heard=evidence.heard)
        case Basis.ABSENT:
            return _("missed: the transcript has nothing there")
        case _:
            return _("not judged")


def _next_step(score: Score) -> str:
    if score.banned:
        return _("leave out “{phrase}” and say the better sentence.").format(
            phrase=score.banned[0].phrase
        )
    missed = [e for e in score.with_verdict(Verdict.MISSED) if e.required]
    if missed:
        return _("say it again, with “{text}”.").format(text=missed[0].text)
    wrong = next((c for c in score.chunks if c.op in (Op.SUBSTITUTE, Op.DELETE)), None)
    if wrong is not None:
        return _("say “{text}” more clearly.").format(text=wrong.reference)
    return _("well said; go on.")
