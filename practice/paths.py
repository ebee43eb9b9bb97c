"""Where things lie: prompts, recordings, weights, and what is remembered of the user.

A checkout is where ``pyproject.toml`` stands beside ``cli.py``: its ``prompts/`` and
``recordings/`` serve. An installed wheel carries the prompts and keeps recordings in the
user's data folder. ``PRACTICE_PROMPTS``, ``PRACTICE_RECORDINGS`` and options override.
"""

from pathlib import Path

import platformdirs

APP = "practice"
_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The checkout that this code runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "cli.py").is_file() else None


def default_prompts() -> Path:
    """The folder of scenarios that is used when none is named."""
    root = checkout()
    return root / "prompts" if root else _PACKAGE / "prompts_bundled"


def default_recordings() -> Path:
    """The folder of takes and records that is used when none is named."""
    root = checkout()
    if root:
        return root / "recordings"
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "recordings"


def models_dir() -> Path:
    """The folder of Whisper checkpoints; shared by all checkouts of a user."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "models"


def cache_dir() -> Path:
    """The folder of files that can be made again at any time."""
    return Path(platformdirs.user_cache_dir(APP, appauthor=False))


def settings_file() -> Path:
    """The file that remembers who practices here."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "settings.json"
