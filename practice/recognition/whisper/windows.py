"""Which stretches of speech Whisper hears at once, and in how much context."""

import math

from practice.audio.signal_check import MARGIN_S, Spans

FULL_CONTEXT_S = 30
"""The context that Whisper was trained on."""

WINDOW_S = 28.0
"""Longest stretch given to Whisper at once."""

LEAST_CONTEXT_S = 10
SPARE_S = 2.0
"""What Whisper encodes of a take instead of all its context: never less than the first, and
as much silence after the speech as the second. In a context that fits the speech closely
the decoder repeats itself: with one second of silence five to ten times the errors were
measured on the labeled clips, with these none more that matters (docs/speed.md)."""


def windows(spans_s: Spans) -> tuple[Spans, ...]:
    """Group spans of speech into windows of at most WINDOW_S of sound each.

    What counts is the speech with its margins, since the silence between goes out. A
    single span that is longer is cut hard.
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
    """How much context so much speech gets from Whisper, in whole seconds."""
    return min(FULL_CONTEXT_S, max(LEAST_CONTEXT_S, math.ceil(duration_s + SPARE_S)))
