"""onnxruntime, which runs the networks for voice activity and pitch, with its telemetry off."""

from __future__ import annotations

from functools import cache


@cache
def disable_telemetry() -> None:
    """Turn off the events that onnxruntime's Windows builds hand to the system.

    To be called before a network is loaded. The other builds obey the variable that is set
    in ``practice/__init__.py``.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
