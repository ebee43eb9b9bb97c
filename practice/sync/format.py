"""Bundle format: serialize records, and parse and validate untrusted ones."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from practice.mandarin.pinyin import is_syllable
from practice.records.attempt import Assessment, Mode, SessionContext, Take
from practice.records.delivery import FIGURES, REMOVED_FIGURES, Delivery, Targets
from practice.records.exchange import Record
from practice.records.review import Review
from practice.records.scenario import Line
from practice.scoring.decision import DOUBTS
from practice.scoring.score import WEIGHTS
from practice.text import is_name, is_visible

VERSION = 4
"""Format version, raised with each change of what an entry may hold. Readers reject newer ones.

Version 2 added the data of conversations: session context, the customer's words, the reason for
and certainty of banned phrases, and who observed. Version 3 added the delivery of an attempt, the
log-probability of each character of a transcript, and delivery targets. Version 4 has no
``REMOVED_FIGURES``, and the reason for not scoring only in the score."""

SUFFIX = ".practice"
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
CONTENTS = "practice.json"

MOST_ATTEMPTS = 100_000
MOST_CONTENTS_BYTES = 64_000_000
MOST_RECORD_BYTES = 4_000_000
"""An assessment takes 5 kB, so that a record of this size has several hundred."""

MOST_SOUND_BYTES = 64_000_000
"""A minute in stereo at 96 kHz and 32 bits takes 46 MB."""

_MOST_CHARACTERS = 20_000
_MOST_INTEGER = 2**31 - 1  # an integer column of PostgreSQL
_MOST_NUMBER = 1e9
_MOST_NAME = 200
_MOST_STEPS = 1000

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SCENARIO = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\+00:00")
_SHA256 = re.compile("[0-9a-f]{64}")
_RECORD_NAME = re.compile(r"attempts/([0-9a-f-]{36})\.json")
_SOUND_NAME = re.compile(
    "audio/([0-9a-f-]{36})(?:" + "|".join(map(re.escape, SOUND_SUFFIXES)) + ")"
)

_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")

_RECORD = TypeAdapter(Record)


class FormatError(ValueError):
    """The data is not in the format of a bundle."""


class NewerFormatError(FormatError):
    """The bundle has a newer format version than this program supports."""


class Entry(BaseModel):
    """The size in bytes and the checksum of an entry, in the list of contents."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, le=max(MOST_SOUND_BYTES, MOST_RECORD_BYTES))]


class LazyGroup(BaseModel):
    """The list of contents of a bundle."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: int
    id: str
    created_at: str
    entries: dict[str, Entry]


def contents_to_bytes(pack_id: str, created_at: str, entries: Mapping[str, Entry]) -> bytes:
    """Serialize the list of contents.

    Args:
        pack_id: Id of the bundle.
        created_at: Time of its creation, ISO 8601 in UTC.
        entries: All other entries, by name.
    """
    contents = LazyGroup(format=VERSION, id=pack_id, created_at=created_at, entries=dict(entries))
    return contents.model_dump_json().encode()


def contents_from_bytes(data: bytes) -> LazyGroup:
    """Parse the list of contents.

    Raises:
        NewerFormatError: The bundle has a newer format version.
        FormatError: The list is invalid.
    """
    version = _parse(data)
    version = version.get("format") if isinstance(version, dict) else None
    if type(version) is int and version > VERSION:
        raise NewerFormatError
    try:
        contents = LazyGroup.model_validate_json(data)
    except ValidationError:
        raise FormatError("list of contents") from None
    _require(1 <= contents.format <= VERSION, "version")
    _require_id(contents.id)
    _require_moment(contents.created_at)
    return contents


def record_name(attempt_id: str) -> str:
    """Return the name of an attempt's entry."""
    return f"attempts/{attempt_id}.json"


def sound_name(attempt_id: str, suffix: str) -> str:
    """Return the name of the entry of an attempt's recording; ``suffix`` begins with a dot."""
    return f"audio/{attempt_id}{suffix}"


def attempts_of(names: list[str]) -> dict[str, str | None]:
    """Find the attempts among the entries of a bundle.

    Returns:
        For each attempt's id, the name of its recording's entry, or None without recording.

    Raises:
        FormatError: A name is invalid, a recording has no attempt, an attempt has two
            recordings, or there are too many attempts.
    """
    found: dict[str, str | None] = {}
    sounds: dict[str, str] = {}
    for name in names:
        record, sound = _RECORD_NAME.fullmatch(name), _SOUND_NAME.fullmatch(name)
        if record:
            found[_require_id(record[1])] = None
        elif sound:
            _require(sound[1] not in sounds, "two recordings")
            sounds[sound[1]] = name
        else:
            raise FormatError("name of an entry")
    _require(sounds.keys() <= found.keys(), "recording without attempt")
    _require(len(found) <= MOST_ATTEMPTS, "number of attempts")
    return {**found, **sounds}


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
    given = _parse(data)
    try:
        record = _RECORD.validate_json(data, strict=True)
    except ValidationError:
        raise FormatError("record") from None
    # Reject unknown fields. Fields that an older version lacks have defaults.
    _drop_removed(given)
    _require(_is_within(given, _parse(record_to_bytes(record))), "record")
    _require_plain(given)
    _require(record.take.id == attempt_id, "id")
    _require_take(record.take)
    _require(bool(record.judgements), "judgements")
    for judgement in record.judgements:
        _require_moment(judgement.created_at)
        _require_assessment(judgement.assessment)
    for review in record.reviews:
        _require_review(review)
    _require(len({review.id for review in record.reviews}) == len(record.reviews), "reviews")
    return record


# ---- validation ------------------------------------------------------------------
# Types alone do not keep a forged record from breaking what reads it later: a page, a
# report, a column of a database. These checks cover what readers rely on.


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise FormatError("JSON") from None


def _drop_removed(given: Any) -> None:
    """Drop what only earlier versions stored from the JSON of a record with valid types."""
    for judgement in given["judgements"]:
        assessment = judgement["assessment"]
        assessment["check"].pop("reason", None)
        delivery = assessment.get("delivery") or {}
        for name in REMOVED_FIGURES:
            delivery.pop(name, None)
            delivery.get("untold", {}).pop(name, None)


def _is_within(given: Any, understood: Any) -> bool:
    """Return True if all of the given JSON is in the understood one with the same values."""
    if isinstance(given, dict) and isinstance(understood, dict):
        return all(k in understood and _is_within(v, understood[k]) for k, v in given.items())
    if isinstance(given, list) and isinstance(understood, list):
        return len(given) == len(understood) and all(map(_is_within, given, understood))
    return bool(given == understood)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise FormatError(what)


def _require_id(text: str) -> str:
    _require(_ID.fullmatch(text) is not None, "id")
    return text


def _require_moment(text: str) -> None:
    _require(_MOMENT.fullmatch(text) is not None, "moment")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise FormatError("moment") from None


def _require_plain(value: Any) -> None:
    """Reject numbers and texts that JSON can hold and a database cannot."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str):
            _require(len(item) <= _MOST_CHARACTERS and "\0" not in item, "text")
        elif isinstance(item, float):
            _require(math.isfinite(item) and abs(item) <= _MOST_NUMBER, "number")
        elif isinstance(item, int):
            _require(abs(item) <= _MOST_INTEGER, "number")


def _require_harmless(*texts: str) -> None:
    """Reject control characters in texts that are printed to a terminal unescaped."""
    _require(not any(_CONTROLS.search(text) for text in texts), "text")


def _require_take(take: Take) -> None:
    _require_id(take.id)
    _require_id(take.session)
    _require_moment(take.created_at)
    _require(is_name(take.trainee.name) and is_name(take.trainee.group), "trainee")
    _require(_SCENARIO.fullmatch(take.scenario) is not None, "scenario")
    _require(is_visible(take.title) and len(take.scenario) <= _MOST_NAME, "scenario")
    _require(_SHA256.fullmatch(take.prompt_sha256) is not None, "checksum")
    _require(take.line >= 1 and take.take >= 1 and take.overflows >= 0, "number")
    _require(take.source in ("microphone", "file"), "source")
    _require(take.audio is None, "path")
    if take.setting is not None:
        _require_setting(take.setting)
    _require_line(take.spec)


def _require_setting(setting: SessionContext) -> None:
    _require_harmless(setting.name, *setting.steps)
    _require(len(setting.steps) <= _MOST_STEPS, "steps")
    terms = setting.terms
    _require((terms is not None) is (setting.mode is Mode.EXAM), "terms")
    if terms is not None:
        _require(0 <= terms.pass_mark <= 100, "pass mark")
        _require(len(terms.asked) == len(setting.steps), "steps")
        _require_harmless(terms.title)
        for asked in terms.asked:
            _require_harmless(asked.title, asked.script)
            _require(asked.courtesies >= 0 and asked.characters >= 0, "counts")


def _require_line(line: Line) -> None:
    _require(bool(line.wordings), "wordings")
    _require_harmless(line.customer, line.instead_of)
    _require_targets(line.targets)
    for _phrase, own in line.readings:
        _require(all(map(is_syllable, own)), "readings")
    for wording in line.wordings:
        _require_harmless(wording.script)
        for element in wording.elements:
            _require_harmless(element.name)
            _require(0 <= element.start <= element.end <= len(wording.script), "element")


def _require_targets(targets: Targets) -> None:
    _require(0 < targets.pace[0] < targets.pace[1], "targets")


def _require_delivery(delivery: Delivery, script: str) -> None:
    _require(delivery.untold.keys() <= set(FIGURES), "delivery")
    for name in FIGURES:
        # Pages show either the figure or the reason.
        _require((getattr(delivery, name) is None) is (name in delivery.untold), "delivery")
    for pause in delivery.pauses or ():
        _require(pause.start_s >= 0 and pause.length_s >= 0, "pause")
        _require(pause.after is None or 0 <= pause.after <= len(script), "pause")


def _require_assessment(assessment: Assessment) -> None:
    score, transcript = assessment.score, assessment.transcript
    _require(len(assessment.scorer) <= _MOST_NAME, "scorer")
    for component in score.components:
        _require(component.name in WEIGHTS and component.total >= 1, "component")
    for element in score.elements:
        _require(set(element.evidence.doubts) <= DOUBTS, "doubts")
        _require_harmless(element.text, element.name)
    for hit in score.banned:
        _require_harmless(hit.phrase, hit.instead, hit.why, hit.heard)
    _require(min(astuple(score.counts) + astuple(score.strict)) >= 0, "counts")
    if score.reason is None:
        _require(transcript is not None and score.total is not None, "score")
    else:
        _require(score.total is None and score.passed is None, "score")
    _require(all(0 <= begin <= end for begin, end in assessment.check.spans_s), "spans")
    length = len(transcript.text) if transcript else 0
    for chunk in score.chunks:
        _require_harmless(chunk.reference, chunk.hypothesis)
        _require(all(0 <= place < length for place in chunk.origin), "alignment")
    for heard in (transcript, assessment.second):
        _require(heard is None or len(heard.times_s) <= len(heard.text), "times")
        _require(heard is None or min(heard.times_s, default=0.0) >= 0, "times")
        _require(heard is None or len(heard.logprobs) in (0, len(heard.text)), "logprobs")
    if assessment.delivery is not None:
        _require_delivery(assessment.delivery, score.wording)


def _require_review(review: Review) -> None:
    _require_id(review.id)
    _require_moment(review.created_at)
    _require(review.base is None or _ID.fullmatch(review.base) is not None, "id")
    _require(review.reviewer.strip() != "", "reviewer")
    for name in (review.reviewer, *(seen.by for seen in review.observations)):
        _require(is_visible(name) and len(name) <= _MOST_NAME, "reviewer")
