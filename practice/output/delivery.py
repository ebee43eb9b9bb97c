"""Delivery of an attempt in words: one hint at most, all figures, and hints on tones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.records.attempt import Attempt
from practice.records.delivery import FIGURES, Aim, AimResult, Delivery, Flaw, Pause, Unavailable
from practice.records.score import Score

_SHOWN_BEFORE = 4
"""Number of characters of the script quoted to show the position of a pause."""


def hint(attempt: Attempt) -> str:
    """Return the most important hint on the delivery; empty if there is none."""
    score, delivery = attempt.assessment.score, attempt.assessment.delivery
    if delivery is None or score.off_script:
        return ""
    for aim in score.aims:
        if not aim.kept:
            return _aim_hint(aim, score, delivery)
    for flaw in delivery.flaws:
        return _flaw_hint(flaw)
    return ""


def _aim_hint(aim: AimResult, score: Score, delivery: Delivery) -> str:
    low, high = aim.low or 0.0, aim.high or 0.0
    match aim.aim:
        case Aim.PACE:
            text = (
                _(
                    "Speak more slowly: {value:.1f} characters a second; {low:g} to {high:g} "
                    "is good."
                )
                if aim.value > high
                else _(
                    "Speak a little faster: {value:.1f} characters a second; {low:g} to "
                    "{high:g} is good."
                )
            )
            return text.format(value=aim.value, low=low, high=high)
        case Aim.FLUENCY:
            inside = [pause for pause in delivery.pauses or () if pause.inside]
            longest = max(inside, key=lambda pause: pause.length_s, default=None)
            if longest is None:
                return ""
            return _("Speak more fluently: you paused {seconds:.1f} s after “{words}”.").format(
                seconds=longest.length_s, words=_words_before(longest, score.wording)
            )
        case Aim.VOLUME:
            if aim.value < low:
                return _("Speak louder: this line should be clear.")
            return _("Speak more softly: this line should be soft.")


def _flaw_hint(flaw: Flaw) -> str:
    return {
        Flaw.LOW: _("Move closer to the microphone: the recording is quiet."),
        Flaw.CLIPPED: _("Move away from the microphone a little: the recording is clipped."),
        Flaw.NOISY: _("Find a quieter place: the background noise masks pace and pitch."),
    }[flaw]


def _words_before(pause: Pause, script: str) -> str:
    after = pause.after or 0
    return script[max(0, after - _SHOWN_BEFORE) : after]


def points(score: Score) -> str:
    """Describe the effect of the delivery on the score; empty if it was not measured."""
    if not score.aims:
        return ""
    if score.aims_may_fail:
        return _("delivery can fail the attempt; it counts where it lowers the score")
    return _("delivery does not count for the score")


def rows(attempt: Attempt) -> Iterator[tuple[str, str]]:
    """Yield the name and value of each figure of a delivery, or why it is unavailable.

    Neighboring figures that are unavailable for the same reason share a row. An attempt that
    was not scored has no rows.
    """
    delivery = attempt.assessment.delivery
    if delivery is None or attempt.assessment.score.reason is not None:
        return
    for reason, names in groupby(FIGURES, delivery.untold.get):
        if reason is not None:
            text = _("unavailable: {reason}").format(reason=_reason(reason))
            yield _(", ").join(_figure(name)[0] for name in names), text
            continue
        for name in names:
            yield _figure(name)[0], _value(name, delivery, attempt.assessment.score.wording)
    for flaw in delivery.flaws:
        yield _("recording"), _flaw_hint(flaw)


def _figure(name: str) -> tuple[str, str]:
    """Return the name of a figure for the user, and the format of its value."""
    return {
        "articulation_cps": (_("pace without pauses"), _("{value:.1f} characters a second")),
        "speech_cps": (_("pace"), _("{value:.1f} characters a second")),
        "pauses": (_("pauses"), ""),
        "level_dbfs": (_("loudness"), _("{value:.0f} dBFS (active speech level)")),
        "pitch_hz": (_("pitch"), _("{value:.0f} Hz (median)")),
        "pitch_range_st": (
            _("pitch range"),
            _("{value:.1f} semitones (10th to 90th percentile)"),
        ),
        "pitch_variation": (_("pitch variation"), _("{value:.2f} (0: monotonous)")),
        "final_st": (_("pitch at the end"), ""),
    }[name]


def _value(figure: str, delivery: Delivery, script: str) -> str:
    if figure == "pauses":
        return _pauses_text(delivery, script)
    value = getattr(delivery, figure)
    if figure != "final_st":
        return _figure(figure)[1].format(value=value)
    text = _("rises by {value:.1f} semitones") if value > 0 else _("falls by {value:.1f} semitones")
    return text.format(value=abs(value))


def _pauses_text(delivery: Delivery, script: str) -> str:
    longest = delivery.longest_pause
    if longest is None:
        return _("none")
    number = len(delivery.pauses or ())
    text = ngettext("{n}, {seconds:.1f} s", "{n}, longest {seconds:.1f} s", number)
    parts = [text.format(n=number, seconds=longest.length_s)]
    if longest.inside is not None:
        where = _("inside a phrase") if longest.inside else _("at a punctuation mark")
        words = _words_before(longest, script)
        parts.append(_("after “{words}”, {where}").format(words=words, where=where))
    return _(", ").join(parts)


def _reason(reason: Unavailable) -> str:
    return {
        Unavailable.UNSCORED: _("the attempt was not scored"),
        Unavailable.SHORT: _("too little speech"),
        Unavailable.TEXT: _("the transcript is not reliable enough"),
        Unavailable.UNVOICED: _("whispered, or too little voiced speech"),
        Unavailable.NOISY: _("the background noise is too loud"),
        Unavailable.OTHERS: _("more than one voice, or music"),
    }[reason]
