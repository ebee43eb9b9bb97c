"""Telemetry switch of onnxruntime, which runs the networks for voice activity and pitch."""

from __future__ import annotations

from functools import cache


@cache
def disable_telemetry() -> None:
    """Disable the events that onnxruntime's Windows builds send to the system.

    Call it before a network is loaded. The other builds obey the environment variable that
    ``practice/__init__.py`` sets.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
