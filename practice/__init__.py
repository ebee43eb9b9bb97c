"""Speech practice for service halls: say the phrase, see which courtesies were missed."""

import os

# onnxruntime 1.29 and later sends telemetry on Linux and macOS unless this is set before it is
# imported. The locked version sends none; this is for any other version.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
