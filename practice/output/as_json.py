"""Conversion of attempts to JSON data, for ``--json`` and exports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from practice.delivery.clarity import clarity
from practice.errors import PracticeError
from practice.mandarin.alignment import columns, places
from practice.records.attempt import Assessment, Attempt
from practice.records.score import Basis, Component, Evidence, Verdict
from practice.scoring.review import final_score
from practice.scoring.score import PASS_MARK, Tally, deduction

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from practice.scoring.conversation import ConversationResult
    from practice.scoring.exam import ExamResult


def attempt_to_dict(attempt: Attempt) -> dict[str, Any]:
    """Convert an attempt to JSON data; docs/json.md documents the keys."""
    take, final = attempt.take, final_score(attempt)
    return {
        "id": take.id,
        "session": take.session,
        "created_at": take.created_at,
        "trainee": take.trainee.name,
        "group": take.trainee.group,
        "scenario": take.scenario,
        "title": take.title,
        "line": take.line,
        "take": take.take,
        "script": take.spec.script,
        "source": take.source,
        "device": take.device,
        "overflows": take.overflows,
        "setting": _optional(take.setting),
        "prompt_sha256": take.prompt_sha256,
        "audio": take.audio,
        **assessment_to_dict(attempt.assessment),
        "review": _optional(attempt.review),
        "final": {
            "passed": final.passed,
            "score": final.total,
            "elements": [{"name": e.name, "verdict": e.verdict} for e in final.elements],
        },
    }


def row_to_dict(keys: dict[str, Any], outcome: Assessment | PracticeError) -> dict[str, Any]:
    """Add the assessment to a row of a manifest.

    An element text that occurs several times in the script gets the best of its verdicts.

    Args:
        keys: Row of the manifest; its keys take precedence over those of the assessment.
        outcome: Assessment of the recording, or the error that prevented it.

    Returns:
        The row with the assessment, and a verdict and evidence for each of its elements.
    """
    if isinstance(outcome, PracticeError):
        nothing = {"verdict": str(Verdict.UNSCORED), "evidence": asdict(Evidence(Basis.NONE))}
        elements = [{**e, **nothing} for e in keys["elements"]]
        return {**keys, "elements": elements, "status": "unscored", "reason": "unreadable"}
    facts = assessment_to_dict(outcome)
    judged = facts.pop("elements")
    elements = []
    for element in keys["elements"]:
        places = [e for e in judged if e["text"] == element["text"]]
        best = min(places, key=lambda e: _BEST_FIRST.index(e["verdict"]))
        elements.append({**element, "verdict": best["verdict"], "evidence": best["evidence"]})
    return {**facts, **keys, "elements": elements}


_BEST_FIRST = (Verdict.HEARD, Verdict.UNSURE, Verdict.MISSED, Verdict.UNSCORED)


def assessment_to_dict(assessment: Assessment) -> dict[str, Any]:
    """Convert an assessment to JSON data."""
    score, check = assessment.score, assessment.check
    recognition = _optional(assessment.transcript)
    text = recognition.pop("text") if recognition else None
    return {
        "wording": score.wording,
        "transcript": text,
        "status": score.status,
        "reason": score.reason,
        "passed": score.passed,
        "score": score.total,
        "pass_mark": PASS_MARK,
        "off_script": score.off_script,
        "counts": {**asdict(score.counts), "accuracy": score.counts.accuracy},
        "strict": {**asdict(score.strict), "cer": score.strict.cer},
        "components": _components(score.components),
        "best_score": score.best,
        "deciding_score": score.total,
        "judging": score.judging,
        "delivery": _delivery(assessment),
        "clarity": _clarity(assessment),
        "elements": [asdict(element) for element in score.elements],
        "banned": [asdict(hit) for hit in score.banned],
        "deduction": deduction(score),
        "remarks": [asdict(remark) for remark in score.remarks],
        "alignment": [asdict(chunk) for chunk in score.chunks],
        "recogniser": recognition,
        "second_look": _optional(assessment.second),
        "signal": {
            "duration_s": check.duration_s,
            "speech_s": check.speech_s,
            "spans_s": check.spans_s,
            "peak_dbfs": check.peak_dbfs,
            "speech_dbfs": check.speech_dbfs,
            "snr_db": check.snr_db,
            "clipped_share": check.clipped_share,
        },
        "model": _optional(assessment.model),
        "scorer": assessment.scorer,
    }


def outcome_to_dict(
    result: ExamResult | ConversationResult, counted: Tally | ConversationResult, pass_mark: float
) -> dict[str, Any]:
    """Convert what is added up of several attempts to JSON data."""
    return {
        "passed": result.passed,
        "score": counted.total,
        "best_score": result.best,
        "deciding_score": counted.total,
        "pass_mark": pass_mark,
        "components": _components(counted.components),
        "deduction": counted.deducted,
    }


def _components(parts: Iterable[Component]) -> list[dict[str, Any]]:
    return [{**asdict(part), "value": part.value} for part in parts]


def _optional(record: DataclassInstance | None) -> dict[str, Any] | None:
    return None if record is None else asdict(record)


def _delivery(assessment: Assessment) -> dict[str, Any] | None:
    if assessment.delivery is None:
        return None
    score = assessment.score
    return {
        **asdict(assessment.delivery),
        "aims": [asdict(aim) for aim in score.aims],
        "may_fail": score.aims_may_fail,
    }


def _clarity(assessment: Assessment) -> list[dict[str, Any]] | None:
    """Convert the clarity of each character of the script; None if it is unavailable."""
    levels = clarity(assessment)
    if not levels:
        return None
    chunks, transcript = assessment.score.chunks, assessment.transcript
    logprobs = transcript.logprobs if transcript else ()
    return [
        {
            "character": column.reference,
            "level": level,
            "logprob": None if place is None else logprobs[place],
        }
        for column, level, place in zip(columns(chunks), levels, places(chunks), strict=True)
        if level is not None
    ]
