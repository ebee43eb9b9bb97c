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
from practice.output.wording import local_time, result_name
from practice.records.attempt import Attempt
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
_MODEL = "#D55E00"
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
    return Layout(rows, row_s, _glyphs(attempt, rows, row_s), pauses(attempt))


def pauses(attempt: Attempt) -> tuple[Pause, ...]:
    """Return the pauses of an attempt.

    If the delivery has none measured, all silences of at least ``PAUSE_S`` are returned.
    """
    delivery = attempt.assessment.delivery
    if delivery is not None and delivery.pauses is not None:
        return delivery.pauses
    silences = attempt.assessment.check.silences_s
    gaps = (Pause(begin, end - begin) for begin, end in silences)
    return tuple(pause for pause in gaps if pause.length_s >= PAUSE_S)


def _glyphs(attempt: Attempt, rows: int, row_s: float) -> tuple[Glyph, ...]:
    assessment = attempt.assessment
    transcript, chunks = assessment.transcript, assessment.score.chunks
    if transcript is None or not transcript.times_s:
        return ()
    shown = columns(chunks)
    # The recognizer gets a margin before the speech and lets the first character begin there.
    spoken = assessment.check.spans_s
    begin = spoken[0][0] if spoken else 0.0
    silences = [(pause.start_s, pause.start_s + pause.length_s) for pause in pauses(attempt)]
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
    times = [at_s or 0.0 for at_s in moments_s]
    i = 0
    while i < len(times):
        j = i
        while j < len(times) and is_missing[j]:
            j += 1
        if j > i:
            after = times[j] if j < len(times) else times[i] + 0.2 * (j - i + 1)
            before = times[i - 1] if i else max(0.0, after - 0.2 * (j - i + 1))
            for k in range(i, j):
                times[k] = before + (after - before) * (k - i + 1) / (j - i + 1)
        i = j + 1
    return times


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


def svg(attempt: Attempt, sound: bytes, model: PitchTrack | None = None) -> bytes:
    """Draw an attempt as SVG; the text is rendered with the browser's fonts.

    The output is deterministic.

    Args:
        attempt: Attempt to draw.
        sound: Its recording, as the bytes of an audio file.
        model: Pitch of the reference recording, aligned to the attempt, to draw over it.

    Raises:
        AudioError: The recording cannot be read.
    """
    return as_svg(_figure(attempt, _samples(attempt, sound), ["sans-serif"], model))


def png(attempt: Attempt, sound: bytes, model: PitchTrack | None = None) -> bytes:
    """Draw an attempt as PNG.

    Args:
        attempt: Attempt to draw.
        sound: Its recording, as the bytes of an audio file.
        model: Pitch of the reference recording, aligned to the attempt, to draw over it.

    Raises:
        AudioError: The recording cannot be read.
        ExportError: No installed font has the characters.
    """
    samples = _samples(attempt, sound)
    transcript = attempt.assessment.transcript
    words = (_title(attempt), attempt.take.spec.script, transcript.text if transcript else "")
    fonts = families("".join((*words, *_notes())))
    return as_png(_figure(attempt, samples, fonts, model))


def _samples(attempt: Attempt, sound: bytes) -> Samples:
    clip = audio.decode(sound, attempt.take.audio or "")
    if not len(clip.samples):
        raise AudioError(_("The recording contains no sound. Nothing can be drawn."))
    return clip.samples


def _figure(
    attempt: Attempt, samples: Samples, fonts: list[str], model: PitchTrack | None
) -> Figure:
    from matplotlib.figure import Figure

    duration_s = len(samples) / RATE_HZ
    plan = layout(attempt, duration_s)
    height = _height(plan)
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    text: dict[str, Any] = {"family": fonts, "parse_math": False}
    figure.text(
        _LEFT / WIDTH,
        1 - 28 / height,
        one_line(_title(attempt)),
        fontsize=15,
        weight="bold",
        **text,
    )
    peak = max(float(np.max(np.abs(samples), initial=0.0)), 0.01)
    # Only within speech: the tracker finds pitch in noise, too.
    spans = attempt.assessment.check.spans_s
    pitch = without_octave_errors(within(track(samples), spans))
    limits = _pitch_limits(pitch)
    for row in range(plan.rows):
        wave = _panel(figure, plan, row, _ABOVE, fonts)
        _draw_wave(wave, samples, peak, plan, row, text)
        _draw_glyphs(wave, plan, row, text)
        tones = _panel(figure, plan, row, _ABOVE + _PANEL, fonts)
        _draw_pitch(tones, pitch, limits, plan, row, text)
        if model is not None and limits is not None:
            tones.plot(model.times_s, model.hz, color=_MODEL, linewidth=1.6, linestyle=(0, (3, 2)))
    legend = _legend(attempt, plan, has_reference=model is not None)
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
    for pause, (start, end) in _in_row(plan, row):
        axes.axvspan(start, end, facecolor="none", edgecolor="#cccccc", hatch="///", linewidth=0)
        seconds = _("{seconds:.1f} s").format(seconds=pause.length_s)
        note = f"{seconds} !" if pause.inside else seconds
        paper = {"boxstyle": "square,pad=0.2", "facecolor": "white", "edgecolor": "none"}
        middle = (start + end) / 2
        axes.text(middle, -0.6, note, ha="center", fontsize=11, bbox=paper, **text)


def _in_row(plan: Layout, row: int) -> list[tuple[Pause, tuple[float, float]]]:
    """Return the pauses in a row with their start and end, in seconds, clipped to it."""
    begin, end = row * plan.row_s, (row + 1) * plan.row_s
    found = []
    for pause in plan.pauses:
        part = max(pause.start_s, begin), min(pause.start_s + pause.length_s, end)
        if part[1] - part[0] > 0.05:
            found.append((pause, part))
    return found


def _draw_glyphs(axes: Axes, plan: Layout, row: int, text: dict[str, Any]) -> None:
    """Draw the characters above the waveform, each with a line to its time."""
    style: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", **text}
    for glyph in plan.glyphs:
        if glyph.row != row:
            continue
        frame = {
            "boxstyle": "square,pad=0.12",
            "facecolor": "none",
            "edgecolor": _MISSING,
            "linestyle": "--",
        }
        axes.text(
            glyph.x,
            1.12,
            one_line(glyph.text),
            fontsize=13,
            color=_MISSING if glyph.is_missing else "#000000",
            bbox=frame if glyph.is_missing else None,
            **style,
        )
        if glyph.heard:
            heard = frame | {"edgecolor": _OTHER, "linestyle": "-"}
            axes.text(
                glyph.x,
                1.39,
                one_line(glyph.heard),
                fontsize=11,
                color=_OTHER,
                bbox=heard,
                **style,
            )
        if not glyph.is_missing:
            x = (glyph.at_s / plan.row_s) - row
            tie: dict[str, Any] = {"color": "#aaaaaa", "linewidth": 0.6, "clip_on": False}
            axes.plot([x, x, glyph.x], [0.0, 1.0, 1.1], transform=axes.transAxes, **tie)


def _pitch_limits(pitch: PitchTrack) -> tuple[float, float] | None:
    """Return the frequencies to show, in Hz; None if no pitch was found."""
    middle = median_hz(pitch)
    return None if middle is None else (middle / _PITCH_RANGE, middle * _PITCH_RANGE)


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
    for _pause, (start, end) in _in_row(plan, row):
        axes.axvspan(start, end, facecolor="none", edgecolor="#cccccc", hatch="///", linewidth=0)
    at_s = pitch.times_s
    here = (at_s >= row * plan.row_s) & (at_s <= (row + 1) * plan.row_s)
    axes.plot(at_s[here], pitch.hz[here], color=_PITCH, linewidth=1.8)


def _title(attempt: Attempt) -> str:
    take, score = attempt.take, final_score(attempt)
    total = "" if score.total is None else f" {score.total:.0f}"
    return "  ".join(
        (
            take.trainee.name,
            take.title,
            local_time(take.created_at),
            f"{result_name(score)}{total}",
        )
    )


def _legend(attempt: Attempt, plan: Layout, *, has_reference: bool) -> str:
    """Explain the signs, but only those that the plot contains."""
    left_out, other, silence, inside, unknown, reading = _notes()
    notes = [_("horizontal axis: seconds")]
    if any(g.is_missing for g in plan.glyphs):
        notes.append(left_out)
    if any(g.heard for g in plan.glyphs):
        notes.append(other)
    if plan.pauses:
        notes.append(silence)
    if any(pause.inside for pause in plan.pauses):
        notes.append(inside)
    if not plan.glyphs and attempt.assessment.score.reason is None:
        notes.append(unknown)
    if has_reference:
        notes.append(reading)
    lines = notes[:_NOTES_A_LINE], notes[_NOTES_A_LINE:]
    return "\n".join(" · ".join(line) for line in lines if line)


def _notes() -> tuple[str, ...]:
    return (
        _("dashed frame: left out"),
        _("frame above: different or extra words"),
        _("hatched: pause"),
        _("!: inside a phrase"),
        _("character times unavailable for this attempt"),
        _("dashed line: reference recording, aligned in pitch"),
    )
