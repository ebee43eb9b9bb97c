"""Free lines: a required kind of courtesy is heard in any accepted word, anywhere in the sentence.

A free line has words of its own, not of the service standard, so what counts is which courtesies
were said and what was conveyed, not the wording. The transcript is searched for the accepted words
first. Only for what it lacks is the recognizer asked, with the script's word and its most common
alternatives in the place where the script has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from practice.mandarin.alignment import RIVALS, Alignment, align
from practice.records.kinds import Kind
from practice.records.scenario import AcceptedWords, Element, Line, Wording
from practice.records.score import Basis, ElementResult, Evidence, Verdict
from practice.scoring.decision import RANK, Reliability, Thresholds, by_pronoun, pronoun_family
from practice.scoring.elements import Candidate, find_candidates, result_of
from practice.scoring.evidence import EvidenceQuery, TextPair, Variant
from practice.scoring.phrases import PhraseText, parse_phrase

ALTERNATIVES = 2
"""Maximum number of other words that the recognizer is asked for in place of the script's."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An accepted word at ``start:end`` of the transcript in normal form.

    Attributes:
        pronoun: Index of the 您 that only the audio can tell from 你; None if the word has none.
        spelled: The transcript has 您 there, not 你.
        exact: The transcript has the word's own characters, not homophones.
    """

    start: int
    end: int
    word: str
    pronoun: int | None
    spelled: bool
    exact: bool


@dataclass(frozen=True)
class Requirement:
    """A kind of courtesy, or a content, that a free line requires.

    Attributes:
        element: The script's element that stands for it.
        occurrence: Where the transcript has it; None if it lacks it.
        candidates: The script's word and its alternatives at the place where the script has it.
        pronouns: A query for each 您 or 你 that may be the word's, with what was written there.
    """

    element: Element
    occurrence: Occurrence | None
    candidates: tuple[Candidate, ...]
    pronouns: tuple[tuple[str, EvidenceQuery], ...]

    @cached_property
    def questions(self) -> list[TextPair]:
        """Text pairs that the recognizer should compare."""
        pairs = [pair for _heard, query in self.pronouns for pair in query.pairs()]
        return pairs + [pair for c in self.candidates for pair in c.questions]

    def decide(
        self,
        answers: Mapping[TextPair, float] | None,
        reliability: Reliability,
        limits: Thresholds,
    ) -> ElementResult:
        """Decide on the requirement by its best evidence."""
        found = [*self._by_text(answers, reliability, limits)]
        found += [c.decide(answers, reliability, limits) for c in self.candidates]
        found.append(result_of(self.element, Verdict.MISSED, Evidence(Basis.ABSENT)))
        best = max(found, key=lambda result: RANK[result.verdict])
        element = self.element
        return replace(best, text=element.text, name=element.name, kind=element.kind)

    def _by_text(
        self,
        answers: Mapping[TextPair, float] | None,
        reliability: Reliability,
        limits: Thresholds,
    ) -> Iterator[ElementResult]:
        place = self.occurrence
        if place is not None and place.pronoun is None:
            basis = Basis.TEXT if place.exact else Basis.HOMOPHONE
            yield result_of(self.element, Verdict.HEARD, Evidence(basis, place.word))
            return
        for heard, query in self.pronouns:
            if answers is None:
                verdict = Verdict.HEARD if "您" in heard else Verdict.MISSED
                doubts = ("unasked",) if reliability.unasked else ()
                evidence = Evidence(Basis.TEXT if "您" in heard else Basis.ABSENT, heard)
                yield result_of(
                    self.element,
                    Verdict.UNSURE if doubts else verdict,
                    replace(evidence, doubts=doubts),
                )
                continue
            margin = query.finding(answers).pronoun or 0.0
            family = pronoun_family(heard.replace("你", "您"))
            high, low = limits.pair(family)
            verdict = by_pronoun(margin, Verdict.HEARD, family, limits)
            evidence = Evidence(Basis.PRONOUN, heard, margin, heard_from=high, missed_from=low)
            yield result_of(self.element, verdict, evidence)


def required_elements(line: Line) -> tuple[Element, ...]:
    """Return the elements that a free line requires: one of each kind.

    Contents, and elements that the author marked as critical, are required each on its own.
    """
    out: list[Element] = []
    for element in line.wordings[0].elements:
        if element.required and (
            _is_alone(element) or all(e.kind is not element.kind for e in out)
        ):
            out.append(element)
    return tuple(out)


def find_requirements(
    line: Line, wording: Wording, alignment: Alignment, accepted: Sequence[AcceptedWords]
) -> tuple[Requirement, ...]:
    """Search a transcript for what a free line requires.

    Args:
        wording: The wording of the line that is closest to the transcript.
        alignment: The alignment of that wording with the transcript.
        accepted: Accepted words of each kind, besides those of the line.
    """
    elements = required_elements(line)
    text = PhraseText.of(alignment.hypothesis)
    words = [_words(line, element, accepted) for element in elements]
    places = [list(_occurrences(text, *words_and_unless)) for words_and_unless in words]
    out = []
    for nth, place in enumerate(_assign(elements, places)):
        element = elements[nth]
        candidates: tuple[Candidate, ...] = ()
        if place is None or place.pronoun is not None:
            candidates = _candidates(line, element, words[nth][0], wording, alignment)
        asked = places[nth] if element.kind is Kind.RESPECT else [place]
        out.append(Requirement(element, place, candidates, _pronouns(alignment, asked)))
    return tuple(out)


def _words(
    line: Line, element: Element, accepted: Sequence[AcceptedWords]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the accepted words of an element, the line's own first, and their exceptions."""
    same = [e for w in line.wordings for e in w.elements if _stands_for(e, element)]
    own = [text for e in same for text in (e.text, *e.also)]
    if element.kind is Kind.CONTENT:
        return tuple(dict.fromkeys(own)), ()
    groups = [group for group in accepted if group.kind is element.kind]
    common = [word for group in groups for word in group.words]
    unless = tuple(phrase for group in groups for phrase in group.unless)
    return tuple(dict.fromkeys([*own, *common])), unless


def _occurrences(
    text: PhraseText, words: Sequence[str], unless: Sequence[str]
) -> Iterator[Occurrence]:
    for word in words:
        phrase = parse_phrase(word)
        for start in range(len(text) - len(phrase) + 1):
            found = _match(phrase, text, start)
            if found is None or not len(phrase):
                continue
            end = start + len(phrase)
            if not any(
                longer.chars == text.chars[first : first + len(longer)]
                and longer.is_bounded(text, first, first + len(longer))
                for longer in map(parse_phrase, unless)
                for first in range(max(0, end - len(longer)), start + 1)
            ):
                yield found


def _match(phrase: PhraseText, text: PhraseText, start: int) -> Occurrence | None:
    end = start + len(phrase)
    if not phrase.is_bounded(text, start, end):
        return None
    pronoun, spelled, exact = None, True, True
    for i, char in enumerate(phrase.chars):
        there = text.chars[start + i]
        if char == "您" and {char, there} <= RIVALS:
            pronoun, spelled = start + i, there == "您"
        elif char != there:
            if len(phrase) == 1 or {char, there} == RIVALS:
                return None
            if not phrase.sounds[i] & text.sounds[start + i]:
                return None
            exact = False
    return Occurrence(start, end, text.chars[start:end], pronoun, spelled, exact)


def _assign(
    elements: Sequence[Element], places: Sequence[Sequence[Occurrence]]
) -> list[Occurrence | None]:
    """Choose an occurrence for each element, so that no two share a character.

    As many elements as possible get one. 您 may be a part of any other courtesy (您好, 谢谢您).
    """
    order = sorted(range(len(elements)), key=lambda nth: len(places[nth]))
    best: list[Occurrence | None] = [None] * len(elements)

    def rank(place: Occurrence) -> tuple[bool, bool, bool, int]:
        return (place.pronoun is not None, not place.spelled, not place.exact, place.start)

    def search(depth: int, chosen: dict[int, Occurrence], taken: frozenset[int]) -> None:
        nonlocal best
        if len(chosen) + len(order) - depth <= sum(place is not None for place in best):
            return
        if depth == len(order):
            best = [chosen.get(nth) for nth in range(len(elements))]
            return
        nth = order[depth]
        for place in sorted(places[nth], key=rank):
            span = frozenset(range(place.start, place.end))
            if elements[nth].kind is Kind.RESPECT:
                search(depth + 1, {**chosen, nth: place}, taken)
            elif not span & taken:
                search(depth + 1, {**chosen, nth: place}, taken | span)
        search(depth + 1, chosen, taken)

    search(0, {}, frozenset())
    return best


def _candidates(
    line: Line,
    element: Element,
    words: Sequence[str],
    wording: Wording,
    alignment: Alignment,
) -> tuple[Candidate, ...]:
    """Return the script's word and its alternatives as candidates, each where the script has it."""
    there = [e for e in wording.elements if _stands_for(e, element)]
    if not there:
        wording = line.wordings[0]
        there = [e for e in wording.elements if _stands_for(e, element)]
        alignment = align(wording.script, alignment.hypothesis.written, (), line.readings)
    out = list(find_candidates(tuple(there), alignment))
    first = there[0]
    others = [w.strip("^$") for w in words if w.strip("^$") != first.text][:ALTERNATIVES]
    for other in others:
        script = wording.script[: first.start] + other + wording.script[first.end :]
        moved = replace(first, text=other, end=first.start + len(other))
        spans = [(moved.start, moved.end)]
        aligned = align(script, alignment.hypothesis.written, spans, line.readings)
        out += find_candidates((moved,), aligned)
    # What the text settles was searched for before, with its exceptions: the 请 of 申请.
    return tuple(c for c in out if c.inquiry is not None)


def _stands_for(other: Element, element: Element) -> bool:
    return other.name == element.name if _is_alone(element) else other.kind is element.kind


def _is_alone(element: Element) -> bool:
    """Return True if an element is required on its own, and not as one of its kind."""
    return element.critical or element.kind is Kind.CONTENT


def _pronouns(
    alignment: Alignment, places: Sequence[Occurrence | None]
) -> tuple[tuple[str, EvidenceQuery], ...]:
    """Return a query for each 您 or 你 that may be the one of an accepted word."""
    written, at = alignment.hypothesis.written, alignment.hypothesis.at
    out: dict[int, tuple[str, EvidenceQuery]] = {}
    for place in places:
        if place is None or place.pronoun is None:
            continue
        spot = at[place.pronoun]
        polite = written[:spot] + "您" + written[spot + 1 :]
        plain_you = written[:spot] + "你" + written[spot + 1 :]
        variant = Variant(0.0, ((polite, written),), ((plain_you, written),))
        following = alignment.hypothesis.text[place.pronoun + 1 : place.pronoun + 2]
        heard = written[spot] + (following if following == "好" else "")
        out[spot] = (heard, EvidenceQuery((variant,), None))
    return tuple(out.values())
