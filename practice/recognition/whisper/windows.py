"""Windows of speech that Whisper recognizes at once, and the encoder context that each gets."""

import math

from practice.audio.signal_check import MARGIN_S, Spans

FULL_CONTEXT_S = 30
"""Context that Whisper was trained on, in seconds."""

WINDOW_S = 28.0
"""Longest window that Whisper gets, in seconds."""

LEAST_CONTEXT_S = 10
SPARE_S = 2.0
"""Minimum context, and minimum silence after the speech, in seconds.

Whisper encodes this much instead of its full context. In a context that fits the speech closely,
the decoder repeats itself: on the labeled clips, one second of silence led to five to ten times
the errors, and these values to no more errors that matter (docs/speed.md)."""


def windows(spans_s: Spans) -> tuple[Spans, ...]:
    """Group spans of speech (seconds) into windows of at most WINDOW_S each.

    The length of a window is that of its speech with margins, since the silence between the
    spans is cut out. A span that is longer than a window is split at a fixed length.
    """
    out: list[list[tuple[float, float]]] = []
    used = 0.0
    for span_start, span_end in spans_s:
        start = span_start
        while start < span_end:
            end = min(span_end, start + WINDOW_S - 2 * MARGIN_S)
            length = end - start + 2 * MARGIN_S
            if out and used + length <= WINDOW_S:
                out[-1].append((start, end))
                used += length
            else:
                out.append([(start, end)])
                used = length
            start = end
    return tuple(tuple(window) for window in out)


def context_s(duration_s: float) -> int:
    """Return how much context speech of a duration gets in the encoder, in whole seconds."""
    return min(FULL_CONTEXT_S, max(LEAST_CONTEXT_S, math.ceil(duration_s + SPARE_S)))
