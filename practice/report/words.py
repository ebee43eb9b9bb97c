"""How kinds, reasons and verdicts are called in the user's language."""

from collections.abc import Iterable
from datetime import datetime

from practice.core.kinds import CHINESE, CHINESE_SCENARIO_KINDS, Kind, ScenarioKind
from practice.core.models import ElementResult, Op, Score, SpeechCheck, Unscored, Verdict
from practice.i18n import gettext as _
from practice.i18n import is_chinese


def local_time(created_at: str) -> str:
    """A stored moment on the clock of this machine."""
    return datetime.fromisoformat(created_at).astimezone().strftime("%Y-%m-%d %H:%M")


def kind_name(kind: Kind) -> str:
    """A kind's name; in English with the standard's own name beside it."""
    if is_chinese():
        return CHINESE[kind]
    english = {
        Kind.POLITE: "polite word",
        Kind.RESPECT: "respectful “you”",
        Kind.ADDRESS: "form of address",
    }
    return english.get(kind, str(kind))


def scenario_kind_name(kind: ScenarioKind) -> str:
    """The name of a kind of scenario; in English with the standard's own name beside it."""
    chinese = CHINESE_SCENARIO_KINDS[kind]
    return chinese if is_chinese() else f"{kind} {chinese}"


def element_name(element: ElementResult) -> str:
    """An element as it is reported: ``请（敬语）``."""
    if element.kind is None:
        return element.name
    return _("{text} ({kind})").format(text=element.name, kind=kind_name(element.kind))


def verdict_name(verdict: Verdict) -> str:
    """A verdict in the user's language."""
    return {
        Verdict.HEARD: _("heard"),
        Verdict.MISSED: _("missed"),
        Verdict.UNSURE: _("unsure"),
        Verdict.UNSCORED: _("not judged"),
    }[verdict]


def element_names(elements: Iterable[ElementResult]) -> str:
    """Elements as they are reported, one after the other."""
    return _(", ").join(element_name(e) for e in elements)


def missed_text(score: Score) -> str:
    """The missed courtesies in words; empty where none is."""
    return element_names(e for e in score.with_verdict(Verdict.MISSED) if e.required)


def result_name(score: Score) -> str:
    """What a take came to, in a word or two."""
    if score.passed is None and score.reason is not None:
        return _("not scored")
    return {True: _("passed"), False: _("not passed"), None: _("for the trainer")}[score.passed]


def difference_name(op: Op) -> str:
    """What is said of a difference between script and transcript; nothing of what is equal."""
    return {
        Op.EQUAL: "",
        Op.HOMOPHONE: _("sounds the same, no fault"),
        Op.NEAR: _("sounds almost the same"),
        Op.DELETE: _("left out"),
        Op.SUBSTITUTE: _("different"),
        Op.INSERT: _("extra, no fault"),
    }[op]


def reason_text(check: SpeechCheck, reason: Unscored) -> str:
    """Why a take was not scored, and what to do about it."""
    from practice.core.speechcheck import MAX_TAKE_S

    text = {
        Unscored.NO_SPEECH: _("No speech was found. Check the microphone and speak again."),
        Unscored.TOO_QUIET: _(
            "The speech is too quiet ({level:.0f} dBFS). Move the microphone closer or turn it "
            "up, and record again."
        ),
        Unscored.CLIPPED: _(
            "The sound is clipped ({clipped:.0%} of it). Turn the microphone down or move back, "
            "and record again."
        ),
        Unscored.NOISY: _(
            "The background is almost as loud as the speech ({snr:.0f} dB). Find a quieter place "
            "and record again."
        ),
        Unscored.TOO_SHORT: _("The recording is too short ({seconds:.1f} s). Record again."),
        Unscored.TOO_LONG: _(
            "The recording is too long ({seconds:.0f} s; at most {limit:.0f} s). Cut it to one "
            "utterance."
        ),
        Unscored.NO_TEXT: _("No words were recognised. Speak again, a little more clearly."),
        Unscored.CUT_OFF: _(
            "The microphone went away while you spoke. Check its plug and record again."
        ),
    }[reason]
    return text.format(
        level=check.speech_dbfs or 0.0,
        clipped=check.clipped_share,
        snr=check.snr_db or 0.0,
        seconds=check.duration_s,
        limit=MAX_TAKE_S,
    )
