"""Default locations of scenarios, recordings, weights, cache and settings.

A checkout is a folder with ``pyproject.toml`` and ``cli.py``; its ``prompts/`` and ``recordings/``
are used. An installed wheel contains the scenarios and keeps recordings in the user's data folder.
``PRACTICE_PROMPTS``, ``PRACTICE_RECORDINGS`` and options override the defaults.
"""

from pathlib import Path

import platformdirs

APP = "practice"
_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """Return the checkout that this code runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "cli.py").is_file() else None


def default_prompts() -> Path:
    """Return the default folder of the scenarios."""
    root = checkout()
    return root / "prompts" if root else _PACKAGE / "prompts_bundled"


def default_recordings() -> Path:
    """Return the default folder of the recordings and records."""
    root = checkout()
    if root:
        return root / "recordings"
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "recordings"


def models_dir() -> Path:
    """Return the folder of Whisper checkpoints, which all of a user's checkouts share."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "models"


def cache_dir() -> Path:
    """Return the folder of files that can be created again at any time."""
    return Path(platformdirs.user_cache_dir(APP, appauthor=False))


def settings_file() -> Path:
    """Return the settings file, which stores who practices on this machine."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "settings.json"
