"""Words never to be said to a customer, found in a transcript."""

from practice.core.models import BannedHit, BannedPhrase
from practice.core.normalize import normalize


def find_banned(
    hypothesis: str, script: str, phrases: tuple[BannedPhrase, ...]
) -> tuple[BannedHit, ...]:
    """List the banned phrases in a normalised transcript, in the list's order.

    Inside one of its innocent longer phrases (``unless``), or where the script itself
    has it, a phrase is no fault.
    """
    hits = []
    for phrase in phrases:
        needle = normalize(phrase.phrase)
        if needle in script:
            continue
        text = hypothesis
        for innocent in phrase.unless:
            # A mark that no phrase contains keeps the two sides from joining up.
            text = text.replace(normalize(innocent), "\n")
        if needle in text:
            hits.append(BannedHit(phrase.phrase, phrase.instead))
    return tuple(hits)
