"""Plot of an attempt: waveform, pitch, characters at their times, and pauses.

The plot has rows of equal duration, like sheet music, so that a minute is as readable as a
second. The trainer's page and `practice show-attempt` draw the same plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples
from practice.delivery.pitch import PitchTrack, median_hz, within, without_octave_errors
from practice.delivery.pitch_tracker import track
from practice.errors import AudioError
from practice.i18n import gettext as _
from practice.mandarin.alignment import after_pauses, columns, moments
from practice.output.plots.files import as_png, as_svg, families
from practice.output.wording import local_time, result_text
from practice.records.attempt import Assessment, Attempt
from practice.records.delivery import Pause
from practice.records.score import Op
from practice.scoring.review import final_score
from practice.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 960
"""Width of the plot in points: 1280 pixels on a page."""

ROW_S = 10.0
"""Maximum duration of a row: the characters of fast speech just fit side by side."""

PAUSE_S = 0.3
"""Shortest silence between speech that is marked; shorter ones are breaths."""

_HEADER, _ROW, _PANEL, _FOOTER = 46, 256, 88, 48
_ABOVE = 48
"""Points above a row's waveform, for the characters and those recognized in their place."""

_LEFT, _RIGHT = 58, 14
_NOTES_A_LINE = 4
_APART = 17
"""Least distance between the centers of two characters, in points."""

# Okabe and Ito's colors for pitch, as in the plot of scores; color is never the only cue.
_WAVE, _PITCH, _MISSING, _OTHER = "#56737f", "#0072B2", "#C03000", "#7a5200"
_REFERENCE, _DASHES = "#D55E00", (0, (3, 2))
_NOTE = "#555555"

_PITCH_RANGE = 1.9
"""Range of pitch shown above and below the median, as a factor: almost an octave."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character to draw above the waveform.

    Attributes:
        text: Character of the script; empty for one that was said in addition to it.
        at_s: Time in the recording.
        x: Horizontal position with room for the character, as a fraction of its row.
        is_missing: The character was not said.
        heard: Recognized character, if it sounds different from ``text`` or is additional.
    """

    text: str
    at_s: float
    x: float
    row: int
    is_missing: bool
    heard: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of characters and pauses in ``rows`` rows of ``row_s`` seconds each."""

    rows: int
    row_s: float
    glyphs: tuple[Glyph, ...]
    pauses: tuple[Pause, ...]


def layout(attempt: Attempt, duration_s: float) -> Layout:
    """Arrange the characters and pauses of an attempt in rows."""
    rows = max(1, ceil(duration_s / ROW_S))
    row_s = max(duration_s, 0.5) / rows
    pauses = _pauses(attempt.assessment)
    return Layout(rows, row_s, _glyphs(attempt.assessment, rows, row_s, pauses), pauses)


def _pauses(assessment: Assessment) -> tuple[Pause, ...]:
    """Return the measured pauses; if there are none, the silences of at least ``PAUSE_S``."""
    if assessment.delivery is not None and assessment.delivery.pauses is not None:
        return assessment.delivery.pauses
    gaps = (Pause(begin, end - begin) for begin, end in assessment.check.silences_s)
    return tuple(pause for pause in gaps if pause.length_s >= PAUSE_S)


def _glyphs(
    assessment: Assessment, rows: int, row_s: float, pauses: tuple[Pause, ...]
) -> tuple[Glyph, ...]:
    transcript, chunks = assessment.transcript, assessment.score.chunks
    if transcript is None or not transcript.times_s:
        return ()
    shown = columns(chunks)
    # The recognizer gets a margin before the speech and lets the first character begin there.
    spoken = assessment.check.spans_s
    begin = spoken[0][0] if spoken else 0.0
    silences = [(pause.start_s, pause.start_s + pause.length_s) for pause in pauses]
    times_s = after_pauses([max(at_s, begin) for at_s in transcript.times_s], silences)
    times = _spread_missing([c.op is Op.DELETE for c in shown], moments(chunks, times_s))
    by_row: list[list[int]] = [[] for _row in range(rows)]
    for index, at_s in enumerate(times):
        by_row[min(max(int(at_s / row_s), 0), rows - 1)].append(index)
    step = _APART / (WIDTH - _LEFT - _RIGHT)
    found = []
    for row, indices in enumerate(by_row):
        wanted = [times[i] / row_s - row for i in indices]
        for i, x in zip(indices, room_for(wanted, step), strict=True):
            column = shown[i]
            is_missing = column.op is Op.DELETE
            is_other = column.op in (Op.SUBSTITUTE, Op.NEAR, Op.INSERT)
            heard = column.hypothesis if is_other else ""
            found.append(Glyph(column.reference, times[i], x, row, is_missing, heard))
    return tuple(found)


def _spread_missing(is_missing: Sequence[bool], moments_s: Sequence[float | None]) -> list[float]:
    """Return the time of each column, with omitted characters evenly between their neighbors."""
    n = len(is_missing)
    known = [i for i in range(n) if not is_missing[i]]
    if not known:
        return [at_s or 0.0 for at_s in moments_s]
    times = [moments_s[i] or 0.0 for i in known]
    # Before the first and after the last known character, one takes 0.2 s.
    indices = [-1, *known, n]
    begin, end = max(0.0, times[0] - 0.2 * (known[0] + 1)), times[-1] + 0.2 * (n - known[-1])
    return [float(at_s) for at_s in np.interp(range(n), indices, [begin, *times, end])]


def room_for(wanted: Sequence[float], step: float) -> list[float]:
    """Move positions so that neighbors are at least ``step`` apart.

    Args:
        wanted: Ascending positions in a row, from 0 to 1.
        step: Least distance, as a fraction of the row.

    Returns:
        Positions from 0 to 1, close to those wanted; evenly spaced if the row is too full.
    """
    n = len(wanted)
    if n * step > 1:
        return [(i + 0.5) / n for i in range(n)]
    places = list(wanted)
    for i in range(n):
        least = places[i - 1] + step if i else step / 2
        places[i] = max(places[i], least)
    for i in reversed(range(n)):
        most = places[i + 1] - step if i + 1 < n else 1 - step / 2
        places[i] = min(places[i], most)
    return places


# ---- drawing ---------------------------------------------------------------------


def svg(attempt: Attempt, recording: bytes, reference: PitchTrack | None = None) -> bytes:
    """Draw an attempt as SVG; the text is rendered with the browser's fonts.

    The output is deterministic.

    Args:
        attempt: Attempt to draw.
        recording: Its recording, as the bytes of an audio file.
        reference: Pitch of the reference recording, aligned to the attempt, to draw over it.

    Raises:
        AudioError: The recording cannot be read.
    """
    return as_svg(_figure(attempt, _samples(attempt, recording), ["sans-serif"], reference))


def png(attempt: Attempt, recording: bytes, reference: PitchTrack | None = None) -> bytes:
    """Draw an attempt as PNG; arguments and errors as for ``svg``.

    Raises:
        ExportError: No installed font has the characters.
    """
    samples = _samples(attempt, recording)
    transcript = attempt.assessment.transcript
    plan = layout(attempt, len(samples) / RATE_HZ)
    legend = _legend(attempt, plan, has_reference=reference is not None)
    words = (attempt.take.spec.script, transcript.text if transcript else "", legend)
    fonts = families("".join((_title(attempt), *words)))
    return as_png(_figure(attempt, samples, fonts, reference))


OUTLINE_WIDTH, OUTLINE_HEIGHT = 1000, 120
"""Size of the outline, regardless of the duration."""


def outline(attempt: Attempt, recording: bytes) -> tuple[str, float]:
    """Return the outline of a waveform and its duration, for the player on a page.

    Args:
        attempt: Attempt to draw.
        recording: Its recording, as the bytes of an audio file.

    Returns:
        The ``d`` attribute of an SVG path of the outline's size, and the duration in seconds.

    Raises:
        AudioError: The recording cannot be read.
    """
    samples = _samples(attempt, recording)
    # If there are fewer samples than columns, they are repeated.
    edges = np.linspace(0, len(samples), OUTLINE_WIDTH + 1).astype(int)
    starts = np.minimum(edges[:-1], len(samples) - 1)
    peaks = np.maximum.reduceat(np.abs(samples), starts)
    half = OUTLINE_HEIGHT / 2
    heights = np.maximum(peaks / _loudest(samples) * (half - 2), 0.5)
    upper = [f"{x} {half - y:.1f}" for x, y in enumerate(heights)]
    lower = [f"{x} {half + y:.1f}" for x, y in reversed(list(enumerate(heights)))]
    return "M" + "L".join(upper + lower) + "Z", len(samples) / RATE_HZ


def _samples(attempt: Attempt, recording: bytes) -> Samples:
    clip = audio.decode(recording, attempt.take.audio or "")
    if not len(clip.samples):
        raise AudioError(_("The recording contains no sound. Nothing can be drawn."))
    return clip.samples


def _loudest(samples: Samples) -> float:
    """Return the peak to scale by: that of the samples, so that quiet speech is visible.

    The noise of a silent recording is drawn as a line.
    """
    return max(float(np.max(np.abs(samples))), 0.01)


def _figure(
    attempt: Attempt, samples: Samples, fonts: list[str], reference: PitchTrack | None
) -> Figure:
    from matplotlib.figure import Figure

    plan = layout(attempt, len(samples) / RATE_HZ)
    height = _height(plan)
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    text: dict[str, Any] = {"family": fonts, "parse_math": False}
    title = one_line(_title(attempt))
    figure.text(_LEFT / WIDTH, 1 - 28 / height, title, fontsize=15, weight="bold", **text)
    peak = _loudest(samples)
    # Only within speech: the tracker finds pitch in noise, too.
    spans = attempt.assessment.check.spans_s
    pitch = without_octave_errors(within(track(samples), spans))
    middle = median_hz(pitch)
    limits = None if middle is None else (middle / _PITCH_RANGE, middle * _PITCH_RANGE)
    for row in range(plan.rows):
        wave = _panel(figure, plan, row, _ABOVE, fonts)
        _draw_wave(wave, samples, peak, plan, row, text)
        _draw_glyphs(wave, plan, row, text)
        tones = _panel(figure, plan, row, _ABOVE + _PANEL, fonts)
        _draw_pitch(tones, pitch, limits, plan, row, text)
        if reference is not None and limits is not None:
            style: dict[str, Any] = {"color": _REFERENCE, "linewidth": 1.6, "linestyle": _DASHES}
            tones.plot(reference.times_s, reference.hz, **style)
    legend = _legend(attempt, plan, has_reference=reference is not None)
    figure.text(_LEFT / WIDTH, 10 / height, legend, fontsize=10, color=_NOTE, **text)
    return figure


def _panel(figure: Figure, plan: Layout, row: int, below: int, fonts: list[str]) -> Axes:
    """Add axes over a row's time, ``below`` points under the top of the row."""
    height = _height(plan)
    bottom = height - _HEADER - row * _ROW - below - _PANEL
    axes: Axes = figure.add_axes(
        (_LEFT / WIDTH, bottom / height, (WIDTH - _LEFT - _RIGHT) / WIDTH, _PANEL / height)
    )
    axes.set_xlim(row * plan.row_s, (row + 1) * plan.row_s)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10, labelfontfamily=fonts)
    return axes


def _height(plan: Layout) -> int:
    return _HEADER + plan.rows * _ROW + _FOOTER


def _draw_wave(
    axes: Axes, samples: Samples, peak: float, plan: Layout, row: int, text: dict[str, Any]
) -> None:
    """Draw the outline of a row's samples, relative to the attempt's peak, and its pauses."""
    first, last = (int((row + r) * plan.row_s * RATE_HZ) for r in (0, 1))
    part = samples[first:last]
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.tick_params(labelbottom=False, length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    if len(part):
        starts = np.unique(np.linspace(0, len(part), WIDTH, endpoint=False).astype(int))
        high = np.maximum.reduceat(part, starts) / peak
        low = np.minimum.reduceat(part, starts) / peak
        at_s = (first + starts) / RATE_HZ
        axes.fill_between(at_s, low, high, color=_WAVE, linewidth=0.4)
    for pause, middle in _draw_pauses(axes, plan, row):
        seconds = _("{seconds:.1f} s").format(seconds=pause.length_s)
        note = f"{seconds} !" if pause.inside else seconds
        paper = {"boxstyle": "square,pad=0.2", "facecolor": "white", "edgecolor": "none"}
        axes.text(middle, -0.6, note, ha="center", fontsize=11, bbox=paper, **text)


def _draw_pauses(axes: Axes, plan: Layout, row: int) -> list[tuple[Pause, float]]:
    """Hatch the pauses in a row; return each with the middle of its part there, in seconds."""
    begin, end = row * plan.row_s, (row + 1) * plan.row_s
    found = []
    for pause in plan.pauses:
        first, last = max(pause.start_s, begin), min(pause.start_s + pause.length_s, end)
        if last - first > 0.05:
            axes.axvspan(
                first, last, facecolor="none", edgecolor="#cccccc", hatch="///", linewidth=0
            )
            found.append((pause, (first + last) / 2))
    return found


def _draw_glyphs(axes: Axes, plan: Layout, row: int, text: dict[str, Any]) -> None:
    """Draw the characters above the waveform, each with a line to its time."""
    style: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", **text}
    frame = {"boxstyle": "square,pad=0.12", "facecolor": "none"}
    missing = frame | {"edgecolor": _MISSING, "linestyle": "--"}
    other = frame | {"edgecolor": _OTHER, "linestyle": "-"}
    tie: dict[str, Any] = {"color": "#aaaaaa", "linewidth": 0.6, "clip_on": False}
    for glyph in plan.glyphs:
        if glyph.row != row:
            continue
        color, box = (_MISSING, missing) if glyph.is_missing else ("#000000", None)
        character, heard = one_line(glyph.text), one_line(glyph.heard)
        axes.text(glyph.x, 1.12, character, fontsize=13, color=color, bbox=box, **style)
        if heard:
            axes.text(glyph.x, 1.39, heard, fontsize=11, color=_OTHER, bbox=other, **style)
        if not glyph.is_missing:
            x = (glyph.at_s / plan.row_s) - row
            axes.plot([x, x, glyph.x], [0.0, 1.0, 1.1], transform=axes.transAxes, **tie)


def _draw_pitch(
    axes: Axes,
    pitch: PitchTrack,
    limits: tuple[float, float] | None,
    plan: Layout,
    row: int,
    text: dict[str, Any],
) -> None:
    """Draw the pitch of a row on a logarithmic scale: equal intervals have equal heights."""
    from matplotlib.ticker import NullFormatter, NullLocator

    if limits is None:
        axes.set_yticks([])
        note = _("no pitch was found")
        axes.text(0.5, 0.45, note, transform=axes.transAxes, ha="center", color=_NOTE, **text)
        return
    axes.set_yscale("log")
    axes.set_ylim(*limits)
    ticks = [hz for hz in (50, 70, 100, 140, 200, 280, 400, 560) if limits[0] < hz < limits[1]]
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(ticks, [str(hz) for hz in ticks])
    axes.set_ylabel(_("pitch (Hz)"), fontsize=10, **text)
    axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
    _draw_pauses(axes, plan, row)
    at_s = pitch.times_s
    here = (at_s >= row * plan.row_s) & (at_s <= (row + 1) * plan.row_s)
    axes.plot(at_s[here], pitch.hz[here], color=_PITCH, linewidth=1.8)


def _title(attempt: Attempt) -> str:
    take, result = attempt.take, result_text(final_score(attempt))
    return "  ".join((take.trainee.name, take.title, local_time(take.created_at), result))


def _legend(attempt: Attempt, plan: Layout, *, has_reference: bool) -> str:
    """Explain the signs, but only those that the plot contains."""
    is_scored = attempt.assessment.score.reason is None
    notes = {
        _("horizontal axis: seconds"): True,
        _("dashed frame: left out"): any(g.is_missing for g in plan.glyphs),
        _("frame above: different or extra words"): any(g.heard for g in plan.glyphs),
        _("hatched: pause"): bool(plan.pauses),
        _("!: inside a phrase"): any(pause.inside for pause in plan.pauses),
        _("character times unavailable for this attempt"): is_scored and not plan.glyphs,
        _("dashed line: reference recording, aligned in pitch"): has_reference,
    }
    used = [note for note, is_used in notes.items() if is_used]
    lines = used[:_NOTES_A_LINE], used[_NOTES_A_LINE:]
    return "\n".join(" · ".join(line) for line in lines if line)
