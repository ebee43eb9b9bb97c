"""Bundle format: serialize records, and parse and validate untrusted ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from practice.mandarin.pinyin import is_syllable
from practice.records.attempt import Assessment, Mode, Take
from practice.records.delivery import FIGURES, REMOVED_FIGURES, Delivery
from practice.records.limits import ID_PATTERN, Id, LimitError, Moment, Sha256
from practice.scoring.decision import DOUBTS
from practice.scoring.score import WEIGHTS
from practice.store.exchange import Record

VERSION = 5
"""Format version, raised with each change of what an entry may hold. Readers reject newer ones.

Version 2 added the data of conversations: session context, the customer's words, the reason for
and certainty of banned phrases, and who observed. Version 3 added the delivery of an attempt, the
log-probability of each character of a transcript, and delivery targets. Version 4 has no
``REMOVED_FIGURES``, and the reason for not scoring only in the score. Version 5 added how a line
is judged, and the best score."""

SUFFIX = ".practice"
RECORDING_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
CONTENTS = "practice.json"

MOST_ATTEMPTS = 100_000
MOST_CONTENTS_BYTES = 64_000_000
MOST_RECORD_BYTES = 4_000_000
"""An assessment takes 5 kB, so that a record of this size has several hundred."""

MOST_RECORDING_BYTES = 64_000_000
"""A minute in stereo at 96 kHz and 32 bits takes 46 MB."""

_MOST_CHARACTERS = 20_000
_MOST_INTEGER = 2**31 - 1  # an integer column of PostgreSQL
_MOST_NUMBER = 1e9
_MOST_STEPS = 1000

_NAME = re.compile(
    rf"attempts/(?P<record>{ID_PATTERN})\.json|audio/(?P<recording>{ID_PATTERN})"
    rf"(?:{'|'.join(map(re.escape, RECORDING_SUFFIXES))})"
)

_RECORD = TypeAdapter(Record)


class FormatError(ValueError):
    """The data is not in the format of a bundle."""


class NewerFormatError(FormatError):
    """The bundle has a newer format version than this program supports."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Version(BaseModel, strict=True):
    """The version of a list of contents; a newer one may have other fields."""

    format: int


class Entry(_Strict):
    """The size in bytes and the checksum of an entry, in the list of contents."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0, le=max(MOST_RECORDING_BYTES, MOST_RECORD_BYTES))]


class Contents(_Strict):
    """The list of contents of a bundle."""

    format: Annotated[int, Field(ge=1, le=VERSION)]
    id: Id
    created_at: Moment
    entries: dict[str, Entry]


def contents_to_bytes(bundle_id: str, created_at: str, entries: Mapping[str, Entry]) -> bytes:
    """Serialize the list of contents.

    Args:
        bundle_id: Id of the bundle.
        created_at: Time of its creation, ISO 8601 in UTC.
        entries: All other entries, by name.
    """
    contents = Contents(format=VERSION, id=bundle_id, created_at=created_at, entries=dict(entries))
    return contents.model_dump_json().encode()


def contents_from_bytes(data: bytes) -> Contents:
    """Parse the list of contents.

    Raises:
        NewerFormatError: The bundle has a newer format version.
        FormatError: The list is invalid.
    """
    try:
        if _Version.model_validate_json(data).format <= VERSION:
            return Contents.model_validate_json(data)
    except (ValidationError, LimitError):
        raise FormatError("list of contents") from None
    raise NewerFormatError


def record_name(attempt_id: str) -> str:
    """Return the name of an attempt's entry."""
    return f"attempts/{attempt_id}.json"


def recording_name(attempt_id: str, suffix: str) -> str:
    """Return the name of the entry of an attempt's recording; ``suffix`` begins with a dot."""
    return f"audio/{attempt_id}{suffix}"


def attempts_of(names: Iterable[str]) -> dict[str, str | None]:
    """Find the attempts among the entries of a bundle.

    Returns:
        For each attempt's id, the name of its recording's entry, or None without recording.

    Raises:
        FormatError: A name is invalid, a recording has no attempt, an attempt has two
            recordings, or there are too many attempts.
    """
    found: dict[str, str | None] = {}
    recordings: dict[str, str] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            raise FormatError("name of an entry")
        if match["record"]:
            found[match["record"]] = None
        else:
            require(match["recording"] not in recordings, "two recordings")
            recordings[match["recording"]] = name
    require(recordings.keys() <= found.keys(), "recording without attempt")
    require(len(found) <= MOST_ATTEMPTS, "number of attempts")
    return {**found, **recordings}


def record_to_bytes(record: Record) -> bytes:
    """Serialize a record. ``take.audio`` must be None: each store has its own path for it."""
    return _RECORD.dump_json(record)


def record_from_bytes(attempt_id: str, data: bytes) -> Record:
    """Parse and validate a record.

    Args:
        attempt_id: Id that the record must have.
        data: Content of the entry.

    Raises:
        FormatError: This program would not have written such a record.
    """
    try:
        given = from_json(data)
        _drop_removed(given)
        record = _RECORD.validate_json(to_json(given), strict=True)
    except (ValueError, KeyError, TypeError, AttributeError):  # also a ValidationError
        raise FormatError("record") from None
    except LimitError as error:
        raise FormatError(str(error)) from None
    require(_is_plain(given), "text or number")
    require(record.take.id == attempt_id, "id")
    _require_consistent_take(record.take)
    for judgement in record.judgements:
        _require_consistent_assessment(judgement.assessment)
    require(len({review.id for review in record.reviews}) == len(record.reviews), "reviews")
    return record


def _drop_removed(given: Any) -> None:
    """Drop what only earlier versions stored from the JSON of a record."""
    for judgement in given["judgements"]:
        assessment = judgement["assessment"]
        assessment["check"].pop("reason", None)
        delivery = assessment.get("delivery") or {}
        for name in REMOVED_FIGURES:
            delivery.pop(name, None)
            delivery.get("untold", {}).pop(name, None)


def require(holds: bool, what: str) -> None:
    """Raise a ``FormatError`` that names ``what`` unless a condition holds."""
    if not holds:
        raise FormatError(what)


# ---- validation ------------------------------------------------------------------
# The types of the records limit each field (``practice.records.limits``). These checks cover
# fields that depend on each other or on tables of the scoring.


def _is_plain(value: Any) -> bool:
    """Return False if JSON has a number or a text that a database cannot hold."""
    match value:
        case dict():
            return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
        case list():
            return all(map(_is_plain, value))
        case str():
            return len(value) <= _MOST_CHARACTERS and "\0" not in value
        case int():
            return abs(value) <= _MOST_INTEGER
        case float():  # also not NaN or infinity
            return abs(value) <= _MOST_NUMBER
    return True


def _require_consistent_take(take: Take) -> None:
    require(take.audio is None, "path")
    if take.setting is not None:
        terms, steps = take.setting.terms, take.setting.steps
        require(len(steps) <= _MOST_STEPS, "steps")
        require((terms is not None) is (take.setting.mode is Mode.EXAM), "terms")
        require(terms is None or len(terms.asked) == len(steps), "steps")
    for _phrase, own in take.spec.readings:
        require(all(map(is_syllable, own)), "readings")
    for wording in take.spec.wordings:
        for element in wording.elements:
            require(0 <= element.start <= element.end <= len(wording.script), "element")


def _require_consistent_assessment(assessment: Assessment) -> None:
    score, transcript = assessment.score, assessment.transcript
    require({component.name for component in score.components} <= WEIGHTS.keys(), "component")
    for element in score.elements:
        require(DOUBTS.issuperset(element.evidence.doubts), "doubts")
    if score.reason is None:
        require(transcript is not None and score.total is not None, "score")
    else:
        require(score.total is None and score.passed is None, "score")
    length = len(transcript.text) if transcript else 0
    for chunk in score.chunks:
        require(all(0 <= place < length for place in chunk.origin), "alignment")
    for heard in (transcript, assessment.second):
        if heard is not None:
            require(len(heard.times_s) <= len(heard.text), "times")
            require(len(heard.logprobs) in (0, len(heard.text)), "logprobs")
    if assessment.delivery is not None:
        _require_consistent_delivery(assessment.delivery, score.wording)


def _require_consistent_delivery(delivery: Delivery, script: str) -> None:
    # Pages show either the figure or the reason.
    missing = {name for name in FIGURES if getattr(delivery, name) is None}
    require(delivery.untold.keys() == missing, "delivery")
    for pause in delivery.pauses or ():
        require(pause.after is None or 0 <= pause.after <= len(script), "pause")
