"""Reading and checking of one scenario's file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from practice.i18n import gettext as _
from practice.mandarin.normalization import normal_form, normalize
from practice.mandarin.pinyin import parse_pinyin
from practice.records.delivery import DEFAULT_TARGETS, Targets
from practice.records.kinds import (
    CHINESE,
    CHINESE_SCENARIO_KINDS,
    Kind,
    ScenarioKind,
    parse_scenario_kind,
)
from practice.records.scenario import BannedPhrase, Branch, Judging, Line, Scenario, Wording
from practice.scenarios.dialogue import read_exits
from practice.scenarios.markup import MAX_WORDINGS, MarkupError, parse_script
from practice.scenarios.shapes import (
    ALL_SWAPS,
    JUDGINGS,
    ORIGINS,
    VOLUMES,
    DeliveryFile,
    LineFile,
    ScenarioFile,
)
from practice.scenarios.yaml_file import (
    Document,
    InvalidFileError,
    Location,
    Problem,
    key_name,
    parse,
)
from practice.scoring.banned import banned_in_text

SLOWEST, FASTEST = 0.5, 10.0
"""Bounds of a target pace in characters a second. Speech does not go beyond them."""

_HAN = re.compile("[\u4e00-\u9fff]")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_scenario(
    path: Path, banned: Sequence[BannedPhrase] = (), *, thorough: bool = False
) -> Scenario:
    """Read a scenario.

    Args:
        path: File of the scenario; its stem is the scenario's id.
        banned: Banned phrases. With ``swaps``, the scenario has a line for each of them.
        thorough: Also report scripts that contain a banned phrase, texts that could never
            be recognized, forms of address that do not fit the customer, and unused
            readings. Takes longer.

    Raises:
        InvalidFileError: The file has mistakes; the error has all of them.
    """
    document = parse(path)
    if not is_id(path.stem):
        message = _(
            "the file name is the scenario's id. Use only lowercase letters and digits, "
            "with single hyphens between them, like id-missing.yaml."
        )
        raise InvalidFileError(Problem(path, 1, message))
    file = document.fill(ScenarioFile)
    _check_slots(document, file)
    _check_keys(document, file)
    _check_delivery(document, ("delivery",), file.delivery)
    for number, entry in enumerate(file.lines):
        _check_delivery(document, ("lines", number, "delivery"), entry.delivery)
    readings = _readings(document, file)
    scripts = [
        _wordings(document, file, number, banned, thorough=thorough)
        for number in range(len(file.lines))
    ]
    if thorough:
        _check_readings_are_used(document, file, scripts)
    exits = read_exits(document, file.lines)
    if file.swaps and not banned:
        message = _(
            "{file} has no banned phrases to replace, or it has mistakes. Add phrases, or "
            "correct the file."
        )
        document.report(("swaps",), message, file="rules/banned.yaml")
    document.raise_problems()

    raw = document.raw
    targets = _targets(DEFAULT_TARGETS, file.delivery)
    if file.swaps:
        raw += repr(banned).encode()
        lines = [_swap(phrase, targets) for phrase in banned]
        exits = tuple((Branch("", n),) for n in (*range(2, len(lines) + 1), None))
    else:
        lines = [
            Line(
                _fill(entry.cue, file),
                wordings,
                entry.body,
                readings,
                _fill(entry.customer, file),
                targets=_targets(targets, entry.delivery),
                origin=entry.origin or file.origin,
                judging=_judging(file, entry),
                note=entry.note,
            )
            for entry, wordings in zip(file.lines, scripts, strict=True)
        ]
    return Scenario(
        id=path.stem,
        title=file.title,
        when=file.when,
        lines=tuple(lines),
        exits=exits,
        names=tuple(entry.name for entry in file.lines),
        kind=parse_scenario_kind(file.kind) or ScenarioKind.OTHER,
        role=file.role,
        source=file.source,
        origin=file.origin,
        address=file.address,
        covers=file.covers,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def is_id(text: str) -> bool:
    """Return True if a text can be a scenario's id."""
    return _ID.fullmatch(text) is not None


def _swap(phrase: BannedPhrase, targets: Targets) -> Line:
    """Return the line for a banned phrase, which is shown; the script is the better sentence."""
    cue = _("A customer is waiting for your answer.") + (f"（{phrase.why}）" if phrase.why else "")
    return Line(
        cue,
        phrase.wordings,
        customer=phrase.customer,
        instead_of=phrase.shown,
        targets=targets,
        origin="extension",
        judging=Judging.FREE,
    )


def _judging(file: ScenarioFile, entry: LineFile) -> Judging:
    """Return how a line is judged: as its file says, or by whose words they are."""
    for given in (entry.judging, "" if entry.origin else file.judging):
        if given in JUDGINGS:
            return JUDGINGS[given]
    free = (entry.origin or file.origin) == "extension"
    return Judging.FREE if free else Judging.EXACT


def _targets(usual: Targets, file: DeliveryFile) -> Targets:
    """Override targets with the ones that a file gives."""
    if file.pace:
        low, high = file.pace
        usual = replace(usual, pace=(low, high))
    if file.volume:
        usual = replace(usual, volume=VOLUMES[file.volume])
    if "may_fail" in file.model_fields_set:
        usual = replace(usual, may_fail=file.may_fail)
    return usual


def _fill(text: str, file: ScenarioFile) -> str:
    for name, values in file.slots.items():
        text = text.replace(f"{{{name}}}", values[0])
    return text


def _wordings(
    document: Document,
    file: ScenarioFile,
    number: int,
    banned: Sequence[BannedPhrase],
    *,
    thorough: bool,
) -> tuple[Wording, ...]:
    """Return the wordings of a line without the scripts that have mistakes, which are reported."""
    entry = file.lines[number]
    wordings: list[Wording] = []
    keys: list[Location] = [("lines", number, "script")]
    keys += [("lines", number, "also", i) for i in range(len(entry.also))]
    for location, script in zip(keys, (entry.script, *entry.also), strict=True):
        try:
            expanded = parse_script(script, file.slots)
        except MarkupError as error:
            report_markup(document, location, error)
            continue
        if thorough:
            check_is_spoken(document, location, expanded)
            check_banned(document, location, expanded, banned)
        if wordings and wordings[0].elements and not expanded[0].elements:
            document.report(
                location, _("this wording has no courtesies marked. Mark them with 【】.")
            )
        wordings += expanded
    forms = {e.text for w in wordings for e in w.elements if e.kind is Kind.ADDRESS}
    if thorough and forms and file.address and not forms & set(file.address):
        message = _(
            "the scenario's form of address is “{forms}”, but the script says “{others}”. "
            "Change one."
        )
        address, others = "、".join(file.address), "、".join(sorted(forms))
        document.report(keys[0], message, forms=address, others=others)
    return tuple(wordings)


def _check_keys(document: Document, file: ScenarioFile) -> None:
    """Check the keys outside the lines, except delivery, slots and readings."""
    if file.kind and parse_scenario_kind(file.kind) is None:
        message = _("“{kind}” is not a kind of scenario. Use one of: {kinds}.")
        kinds = "、".join(CHINESE_SCENARIO_KINDS.values())
        document.report(("kind",), message, kind=file.kind, kinds=kinds)
    places: list[tuple[Location, ScenarioFile | LineFile]] = [((), file)]
    places += [(("lines", number), entry) for number, entry in enumerate(file.lines)]
    for place, part in places:
        if part.origin and part.origin not in ORIGINS:
            message = _("“{origin}” is not an origin. Write standard or extension.")
            document.report((*place, "origin"), message, origin=part.origin)
        if part.judging and part.judging not in JUDGINGS:
            message = _("“{judging}” is not a way of judging. Write exact (原话) or free (自由).")
            document.report((*place, "judging"), message, judging=part.judging)
    if file.swaps and file.swaps != ALL_SWAPS:
        message = _("“{swaps}” is not a valid value here. Write “swaps: all”.")
        document.report(("swaps",), message, swaps=file.swaps)
    if file.swaps and file.lines:
        message = _("a scenario can have “lines” or “swaps”, not both. Remove one.")
        document.report(("swaps",), message)
    elif not file.swaps and not file.lines:
        message = _("{key} is empty. Add a value, or remove the key.")
        document.report(("lines",), message, key=key_name("lines"))
    for number, form in enumerate(file.address):
        if not re.fullmatch(f"{_HAN.pattern}+", form):
            message = _(
                "“{form}” is not a form of address. Use Chinese characters only, like 先生."
            )
            document.report(("address", number), message, form=form)


def _check_delivery(document: Document, place: Location, file: DeliveryFile) -> None:
    pace = file.pace
    if "pace" in file.model_fields_set and not (
        len(pace) == 2 and SLOWEST <= pace[0] < pace[1] <= FASTEST
    ):
        message = _(
            "{key} must be a minimum and a maximum of characters a second, between {low:g} "
            "and {high:g}, like [3, 5]."
        )
        key = key_name("pace")
        document.report((*place, "pace"), message, key=key, low=SLOWEST, high=FASTEST)
    if file.volume and file.volume not in VOLUMES:
        message = _("“{volume}” is not a volume. Write soft (轻柔) or clear (清晰).")
        document.report((*place, "volume"), message, volume=file.volume)


def _check_slots(document: Document, file: ScenarioFile) -> None:
    """Check for slots without values in cues and customers' words, and for unused or invalid ones.

    ``parse_script`` reports slots without values in scripts.
    """
    for number, line in enumerate(file.lines):
        for key in ("cue", "customer"):
            for name in re.findall(r"\{([^{}]*)\}", getattr(line, key)):
                if name not in file.slots:
                    message = _("the slot “{detail}” has no values. List them under “slots”.")
                    document.report(("lines", number, key), message, detail=name)
    scripts = [text for line in file.lines for text in (line.script, *line.also)]
    for name, values in file.slots.items():
        place = ("slots", name)
        if not any(f"{{{name}}}" in script for script in scripts):
            message = _("the slot “{detail}” is not used in any script. Use it, or remove it.")
            document.report(place, message, detail=name)
        for value in values:
            if "，" in value:
                message = _("“{value}” counts as one value. Separate values with “,”, not “，”.")
                document.report(place, message, value=value)
            elif re.search(r"[【】{}|｜]", value) or not normal_form(value).text:
                message = _("“{value}” cannot be a slot value. Write plain words.")
                document.report(place, message, value=value)


def _readings(document: Document, file: ScenarioFile) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the phrases with unusual readings, in normal form, each with its syllables."""
    found = []
    for phrase, pinyin in file.readings.items():
        text, syllables = normalize(phrase), parse_pinyin(pinyin) or ()
        if not syllables or len(syllables) != len(text):
            message = _(
                "“{pinyin}” is not the reading of “{phrase}”. Write one syllable for each "
                "character, like “huán nín”."
            )
            document.report(("readings", phrase), message, pinyin=pinyin, phrase=phrase)
        found.append((text, syllables))
    return tuple(found)


def _check_readings_are_used(
    document: Document, file: ScenarioFile, wordings: Sequence[Sequence[Wording]]
) -> None:
    scripts = [normalize(wording.script) for line in wordings for wording in line]
    for phrase in file.readings:
        if not any(normalize(phrase) in script for script in scripts):
            message = _("“{phrase}” is not in any script. Correct it, or remove it.")
            document.report(("readings", phrase), message, phrase=phrase)


def check_banned(
    document: Document,
    location: Location,
    wordings: Sequence[Wording],
    banned: Sequence[BannedPhrase],
) -> None:
    """Report each banned phrase that the wordings of a script contain, once per phrase."""
    found: dict[str, str] = {}
    for wording in wordings:
        for hit in banned_in_text(wording.script, tuple(banned)):
            found.setdefault(hit.phrase, wording.script)
    for phrase, script in found.items():
        message = _(
            "the script “{script}” contains the banned phrase “{phrase}”. Change the "
            "script, or edit {file}: remove the phrase, or list the proper wording under "
            "“unless”."
        )
        document.report(location, message, script=script, phrase=phrase, file="rules/banned.yaml")


def check_is_spoken(document: Document, location: Location, wordings: Sequence[Wording]) -> None:
    """Report the first wording or element that could never be recognized, if there is one.

    Such a wording has no Chinese characters; such an element has only punctuation.
    """
    for wording in wordings:
        if not _HAN.search(wording.script):
            message = _("the script “{script}” has no Chinese characters. Write the words to say.")
            document.report(location, message, script=wording.script)
            return
        for element in wording.elements:
            start, end = normal_form(wording.script).span(element.start, element.end)
            if start == end:
                message = _("the courtesy “{text}” has only punctuation. Write the words to say.")
                document.report(location, message, text=element.text)
                return


def report_markup(document: Document, location: Location, error: MarkupError) -> None:
    """Report an error in a script's markup, with the correct form."""
    message = {
        "bracket": _("“{detail}” has an unmatched bracket. Write a courtesy like 【请|敬语】."),
        "other-bracket": _(
            "“{detail}” is not allowed here. Write a courtesy like 【请|敬语】, a slot like "
            "{{业务}}."
        ),
        "slot-inside": _("“【{detail}】” contains a slot. Write the slot outside 【】."),
        "empty": _("“【{detail}】” contains an empty text. Write a courtesy like 【请|敬语】."),
        "no-kind": _("“【{detail}】” has no kind. Write 【{detail}|kind】 with one of: {kinds}."),
        "unknown-kind": _("“{detail}” is not a kind of courtesy. Use one of: {kinds}."),
        "flag": _(
            "“{detail}” is not allowed here. Only 可选 (optional) or 关键 (critical) can "
            "follow the kind."
        ),
        "both-flags": _(
            "“【{detail}】” cannot be both 可选 (optional) and 关键 (critical). Remove one."
        ),
        "unknown-slot": _("the slot “{detail}” has no values. List them under “slots”."),
        "too-many": _(
            "alternatives and slots make {detail} wordings, but at most {limit} are "
            "allowed. Split the line."
        ),
    }[error.code]
    kinds = "、".join(CHINESE.values())
    document.report(location, message, detail=error.detail, kinds=kinds, limit=MAX_WORDINGS)
