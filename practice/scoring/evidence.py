"""Queries to the recognizer about an element: texts that contain it against texts that do not.

The transcript is the text that the recognizer finds most likely. An element that it lacks is
inserted at its position, or replaces what sounds most like it, and the recognizer compares the
likelihoods of the two texts given the audio. Everything else is the same in both and cancels.
This module only builds the texts and sums up the answers; it does not process audio.

No published validation of the method on short courtesies exists. docs/verdicts.md has the
measurements by which it was chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from practice.mandarin.alignment import Alignment
from practice.mandarin.normalization import Normalized
from practice.mandarin.pinyin import nearest
from practice.records.score import Op

TextPair = tuple[str, str]
"""Two texts for the same audio; the answer is log P(first) - log P(second), in nats."""

WINDOWS = 4
"""Maximum number of stretches of the transcript that the element is tried in place of. The
characters aligned to it are one of them."""

REACH = 2
"""Maximum distance from its aligned position at which an element is searched for, in
characters."""

CONTEXT = ((0, 1), (0, 2), (1, 0), (2, 0), (1, 1))
"""Numbers of script characters (before, after) that are corrected together with an element if
the transcript has them wrong as well."""

_SIGNS = "，。！？、；：,.!?;: "
# Distance by sound that a stretch must gain for each character that its ends are off.
_AWAY = 0.08


class TextMatch(StrEnum):
    """Match between an element and the transcript at its position."""

    PLAINLY = "plainly"  # exactly its characters, without a gap
    HOMOPHONE = "homophone"  # characters that sound exactly the same, without a gap
    PARTLY = "partly"  # some characters match, at least nearly
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Place:
    """Position of an element in script and transcript, in characters of the normal forms.

    ``hyp_start == hyp_end`` if nothing is aligned to it. ``distance`` is the mean distance by
    sound per character; a gap counts as 1.
    """

    ref_start: int
    ref_end: int
    hyp_start: int
    hyp_end: int
    says: TextMatch
    distance: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to put the element into a text.

    ``sound`` is the distance by sound, per character, from what the element replaces. The gain
    is the minimum over ``pairs``, because the element must beat every rival. ``plain_you`` are
    the same pairs with 你 where the element has 您.
    """

    sound: float
    pairs: tuple[TextPair, ...]
    plain_you: tuple[TextPair, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceQuery:
    """All questions about one element.

    ``trials`` compare texts made from the transcript. ``script`` compares the script with and
    without the element; None if the transcript has the element, or homophones of it.
    """

    trials: tuple[Variant, ...]
    script: Variant | None

    def pairs(self) -> list[TextPair]:
        """Return every pair whose answer ``finding`` needs."""
        trials = (*self.trials, *((self.script,) if self.script else ()))
        return [pair for trial in trials for pair in (*trial.pairs, *trial.plain_you)]

    def finding(self, answers: Mapping[TextPair, float]) -> Finding:
        """Sum up the answers, given in nats for each pair of ``pairs``."""
        best = max(self.trials, key=lambda trial: _gain(trial, answers))
        return Finding(
            spliced=_gain(best, answers),
            sound=best.sound,
            script=None if self.script is None else _gain(self.script, answers),
            pronoun=_least(best.pairs, answers) - _least(best.plain_you, answers)
            if best.plain_you
            else None,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence of the audio for one element, in nats; positive values support the element.

    ``spliced`` is the gain of the best trial over the transcript, and ``sound`` that trial's
    distance by sound from what it replaced, per character. ``script`` is the gain of the script
    with the element over the script without it. ``pronoun`` is the gain of 您 over 你; None if
    the element has no 您.
    """

    spliced: float
    sound: float
    script: float | None
    pronoun: float | None


def place_of(alignment: Alignment, span: tuple[int, int]) -> Place:
    """Locate an element in the transcript.

    Args:
        span: Start and end of the element in the normal form of the script.
    """
    start, end = span
    steps = [alignment.of_reference[i] for i in range(start, end)]
    matched = [s.hyp for s in steps if s.hyp is not None]
    if matched:
        low, high = matched[0], matched[-1] + 1
    else:
        before = [s.hyp for i in range(start) if (s := alignment.of_reference[i]).hyp is not None]
        low = high = before[-1] + 1 if before else 0
    together = high - low == len(matched)
    ops = {s.op for s in steps}
    if ops == {Op.EQUAL} and together:
        says = TextMatch.PLAINLY
    elif ops <= {Op.EQUAL, Op.HOMOPHONE} and together:
        says = TextMatch.HOMOPHONE
    elif ops & {Op.EQUAL, Op.HOMOPHONE, Op.NEAR}:
        says = TextMatch.PARTLY
    else:
        says = TextMatch.NOT
    apart = sum(alignment.sound_distance(s) for s in steps) / len(steps)
    return Place(start, end, low, high, says, apart)


def build_query(alignment: Alignment, place: Place) -> EvidenceQuery:
    """Build the query about the element at ``place``."""
    ref = alignment.reference
    element = _written(ref, place.ref_start, place.ref_end)
    heard = alignment.hypothesis.written
    if place.says is TextMatch.PLAINLY:
        splices = [_Splice(*_edges(alignment, place.hyp_start, place.hyp_end), element, 0.0)]
    else:
        splices = _splices(alignment, place, element)
    with_you = "您" in element
    trials = tuple(_trial(splice, heard, with_you=with_you) for splice in splices)
    script = None
    if place.says not in (TextMatch.PLAINLY, TextMatch.HOMOPHONE):
        start, end = ref.at[place.ref_start], ref.at[place.ref_end - 1] + 1
        less = as_recognizer_writes(_without(ref.written, start, end))

        def whole(text: str) -> tuple[TextPair, ...]:
            full = as_recognizer_writes(ref.written[:start] + text + ref.written[end:])
            return ((full, less),)

        script = _trial_of(element, 1.0, whole, with_you=with_you)
    return EvidenceQuery(trials, script)


def as_recognizer_writes(script: str) -> str:
    """Return a script with the recognizer's punctuation.

    A full-width comma lowers the log-likelihood of a text by 20 nats.
    """
    return re.sub("[，、；;]", ",", script).rstrip("。，,")


# ---- splices ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Splice:
    """A replacement of ``start:end`` of the transcript, as written, by ``put``.

    If neighbors of the element are corrected as well, ``less`` is ``put`` without the element.
    It is a second rival, so that the element gains nothing from the corrected neighbors.
    """

    start: int
    end: int
    put: str
    sound: float
    less: str | None = None

    def into(self, text: str, put: str) -> str:
        return text[: self.start] + put + text[self.end :]


def _trial(splice: _Splice, heard: str, *, with_you: bool) -> Variant:
    def pairs(put: str) -> tuple[TextPair, ...]:
        text = splice.into(heard, put)
        rivals = [heard]
        if splice.less is not None:
            rivals.append(splice.into(heard, splice.less))
        return tuple((text, rival) for rival in rivals)

    return _trial_of(splice.put, splice.sound, pairs, with_you=with_you)


def _trial_of(
    text: str, sound: float, pairs: Callable[[str], tuple[TextPair, ...]], *, with_you: bool
) -> Variant:
    plain_you = pairs(text.replace("您", "你")) if with_you else ()
    return Variant(sound, pairs(text), plain_you)


def _splices(alignment: Alignment, place: Place, element: str) -> list[_Splice]:
    """Return replacements by closeness of sound, insertions, and splices with corrected context.

    Duplicates are removed.
    """
    out = []
    if place.hyp_end > place.hyp_start:
        out.append(_replacement(alignment, place, element, place.hyp_start, place.hyp_end))
    ranked = sorted(
        (
            _apart(alignment, place, i, j)
            + _AWAY * (abs(i - place.hyp_start) + abs(j - place.hyp_end)),
            i,
            j,
        )
        for i, j in _stretches(alignment, place)
    )
    for _rank, i, j in ranked:
        if len(out) >= WINDOWS:
            break
        out.append(_replacement(alignment, place, element, i, j))
    out += _insertions(alignment, place, element)
    out += _with_context(alignment, place)
    return list(dict.fromkeys(out))


def _stretches(alignment: Alignment, place: Place) -> list[tuple[int, int]]:
    """Return stretches of the transcript near ``place`` that match no other part of the script."""
    taken = {
        s.hyp
        for s in alignment.steps
        if s.op in (Op.EQUAL, Op.HOMOPHONE)
        and s.ref is not None
        and not place.ref_start <= s.ref < place.ref_end
    }
    length = len(alignment.hypothesis.text)
    most = place.ref_end - place.ref_start + 1
    return [
        (i, j)
        for i in range(max(0, place.hyp_start - REACH), min(length, place.hyp_end + REACH))
        for j in range(i + 1, min(length, place.hyp_end + REACH, i + most) + 1)
        if j > place.hyp_start - REACH and not any(k in taken for k in range(i, j))
    ]


def _replacement(alignment: Alignment, place: Place, element: str, start: int, end: int) -> _Splice:
    edges = _edges(alignment, start, end)
    return _Splice(*edges, element, _apart(alignment, place, start, end))


def _insertions(alignment: Alignment, place: Place, element: str) -> list[_Splice]:
    hyp, ref = alignment.hypothesis, alignment.reference
    if place.hyp_start == place.hyp_end:
        gaps = [place.hyp_start]
    elif place.distance > 0.5:  # other words are there, so the element may be next to them
        gaps = [place.hyp_start, place.hyp_end]
    else:
        return []
    before = ref.written[: ref.at[place.ref_start]]
    after = ref.written[ref.at[place.ref_end - 1] + 1 :]
    out = []
    for gap in gaps:
        inside = gap < len(hyp.at)
        left = hyp.at[gap - 1] + 1 if gap else 0
        right = hyp.at[gap] if inside else len(hyp.written.rstrip(_SIGNS))
        # Insert on the same side of a comma as in the script.
        at = right if inside and (not before or before[-1] in _SIGNS) else left
        out.append(_Splice(at, at, element, 1.0))
        before_sign = at < len(hyp.written) and hyp.written[at] in _SIGNS
        if not before_sign and after[:1] and after[0] in _SIGNS:
            out.append(_Splice(at, at, element + ",", 1.0))
        if gap and not inside and before[-1:] and before[-1] in _SIGNS:
            out.append(_Splice(at, at, "," + element, 1.0))
    return out


def _with_context(alignment: Alignment, place: Place) -> list[_Splice]:
    ref, out = alignment.reference, []
    for left, right in CONTEXT:
        start, end = place.ref_start - left, place.ref_end + right
        if start < 0 or end > len(ref.text):
            continue
        around = [*range(start, place.ref_start), *range(place.ref_end, end)]
        if all(alignment.of_reference[i].op is Op.EQUAL for i in around):
            continue
        held = [
            s.hyp for i in range(start, end) if (s := alignment.of_reference[i]).hyp is not None
        ]
        if not held:
            continue
        low, high = held[0], held[-1] + 1
        put = as_recognizer_writes(_written(ref, start, end))
        head = as_recognizer_writes(ref.written[ref.at[start] : ref.at[place.ref_start]])
        tail = as_recognizer_writes(
            ref.written[ref.at[place.ref_end - 1] + 1 : ref.at[end - 1] + 1]
        )
        less = head.rstrip(",") + tail.lstrip(",")
        wide = Place(start, end, low, high, TextMatch.PARTLY, 1.0)
        sound = _apart(alignment, wide, low, high)
        out.append(_Splice(*_edges(alignment, low, high), put, sound, less))
    return out


def _apart(alignment: Alignment, place: Place, start: int, end: int) -> float:
    """Return the edit distance by sound of element and stretch, per character of the element."""
    ref, hyp = alignment.reference.text, alignment.hypothesis.text
    ref_sounds, hyp_sounds = alignment.ref_sounds, alignment.hyp_sounds
    above = [float(j) for j in range(end - start + 1)]
    for i in range(place.ref_start, place.ref_end):
        row = [above[0] + 1]
        for j in range(start, end):
            same = 0.0 if ref[i] == hyp[j] else nearest(ref_sounds[i], hyp_sounds[j])
            k = j - start
            row.append(min(above[k] + same, above[k + 1] + 1, row[k] + 1))
        above = row
    return above[-1] / (place.ref_end - place.ref_start)


def _edges(alignment: Alignment, start: int, end: int) -> tuple[int, int]:
    at = alignment.hypothesis.at
    return at[start], at[end - 1] + 1


def _written(text: Normalized, start: int, end: int) -> str:
    return text.written[text.at[start] : text.at[end - 1] + 1]


def _without(script: str, start: int, end: int) -> str:
    """Return the script without ``start:end`` and the punctuation that follows it."""
    while end < len(script) and script[end] in _SIGNS:
        end += 1
    return script[:start] + script[end:]


def _gain(trial: Variant, answers: Mapping[TextPair, float]) -> float:
    gain = _least(trial.pairs, answers)
    return max(gain, _least(trial.plain_you, answers)) if trial.plain_you else gain


def _least(pairs: Sequence[TextPair], answers: Mapping[TextPair, float]) -> float:
    return min(answers[pair] for pair in pairs)
