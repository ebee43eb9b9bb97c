"""What to ask the recognizer about an element: texts with it against texts without it.

The transcript is what the recognizer likes best; an element that it lacks is put in, at
its place or in place of what sounds most like it, and the recognizer says by how much
the audio speaks for the one text or the other. Everything else is the same in both texts
and cancels. Here the texts are made and the answers are summed up; nothing is heard.

No published validation of the method on short courtesies exists; the figures that chose
it are in docs/verdicts.md.
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
"""Stretches of the transcript that are tried in the element's stead, besides its place."""

REACH = 2
"""How far from its aligned place an element is looked for, in characters."""

CONTEXT = ((0, 1), (0, 2), (1, 0), (2, 0), (1, 1))
"""Characters of the script, before and after, that are put right along with an element
where the transcript has them wrong as well."""

_SIGNS = "，。！？、；：,.!?;: "
_AWAY = 0.08  # what a place beside the aligned one must be better by, per character


class TextMatch(StrEnum):
    """What the transcript alone says of an element."""

    PLAINLY = "plainly"  # exactly its characters, side by side
    HOMOPHONE = "homophone"  # characters with exactly its sounds
    PARTLY = "partly"  # some of it
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands in script and transcript, in characters of the normal forms.

    ``hyp_start == hyp_end`` where nothing is aligned to it. ``distance`` is the mean
    distance by sound, a gap counting 1.
    """

    ref_start: int
    ref_end: int
    hyp_start: int
    hyp_end: int
    says: TextMatch
    distance: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of putting the element in.

    ``sound`` is how far what it replaces sounds from it, per character. The gain is the
    least over ``pairs``: an element must beat every rival. ``plain_you`` are the same
    pairs with 你 where the element has 您.
    """

    sound: float
    pairs: tuple[TextPair, ...]
    plain_you: tuple[TextPair, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceQuery:
    """All that is asked about one element. ``script`` compares the script's own wording."""

    trials: tuple[Variant, ...]
    script: Variant | None

    def pairs(self) -> list[TextPair]:
        """Every pair whose answer is needed."""
        trials = (*self.trials, *((self.script,) if self.script else ()))
        return [pair for trial in trials for pair in (*trial.pairs, *trial.plain_you)]

    def finding(self, answers: Mapping[TextPair, float]) -> Finding:
        """Sum up the answers."""
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
    """What the audio says of an element, in nats; positive speaks for it.

    ``spliced``: the best trial against the transcript; ``sound``: what that trial
    replaced; ``script``: the script's wording with it against without it; ``pronoun``:
    您 against 你, where the element has it.
    """

    spliced: float
    sound: float
    script: float | None
    pronoun: float | None


def place_of(alignment: Alignment, span: tuple[int, int]) -> Place:
    """Find an element, given by its span of the reference, in the transcript."""
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


def inquire(alignment: Alignment, place: Place) -> EvidenceQuery:
    """Put together what is to be asked about the element at a place."""
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
    """A script with the recognizer's punctuation: a full-width comma costs it 20 nats."""
    return re.sub("[，、；;]", ",", script).rstrip("。，,")


# ---- splices ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Splice:
    """The transcript as written with ``start:end`` replaced by ``put``.

    ``less`` is ``put`` without the element, where neighbors were put right along: then
    that is a rival too, so that mending the neighbors earns the element nothing.
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
    """Replacements by closeness of sound, insertions, and splices that bring context along."""
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
    """Stretches of the transcript near the place that answer to nothing else in the script."""
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
    elif place.distance > 0.5:  # what stands there sounds otherwise, so it may stand beside it
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
        # On the script's side of a comma.
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
    """Edit distance by sound of an element and a stretch, per character of the element."""
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
    """The script less one element and the punctuation that goes with it."""
    while end < len(script) and script[end] in _SIGNS:
        end += 1
    return script[:start] + script[end:]


def _gain(trial: Variant, answers: Mapping[TextPair, float]) -> float:
    gain = _least(trial.pairs, answers)
    return max(gain, _least(trial.plain_you, answers)) if trial.plain_you else gain


def _least(pairs: Sequence[TextPair], answers: Mapping[TextPair, float]) -> float:
    return min(answers[pair] for pair in pairs)
