"""The failures that a user can mend, each told in one line: what happened, what to do."""

import errno

from practice.i18n import gettext as _


class PracticeError(Exception):
    """A mistake of input or a failure of the environment that a user can mend.

    The text is the whole message: what happened and what to do next, already in the
    user's language. ``cli.main`` prints it on one line and exits with 1.
    """


class PromptError(PracticeError):
    """A scenario or data file of the trainer's has a mistake."""


class AudioError(PracticeError):
    """A recording cannot be read or written."""


class DeviceError(PracticeError):
    """The microphone, or the PortAudio library that reaches it, is missing or failed."""


class WeightsError(PracticeError):
    """Whisper's weights are missing, damaged, or not to be had."""


class StoreError(PracticeError):
    """The records' database cannot be opened, read or written."""


class ConsentError(PracticeError):
    """A trainee did not agree to being recorded."""


class ExportError(PracticeError):
    """A file that is to go out cannot be written."""


class PackError(PracticeError):
    """A pack cannot be written, or a file is no pack that can be read."""


def system_reason(error: Exception) -> str:
    """Why the system refused: in the user's language where the reason is a usual one."""
    usual = {
        errno.EACCES: _("permission denied"),
        errno.EPERM: _("operation not permitted"),
        errno.EROFS: _("it is read-only"),
        errno.ENOSPC: _("the disk is full"),
        errno.EDQUOT: _("the user's disk quota is used up"),
        errno.ENOENT: _("no such file or folder"),
        errno.EISDIR: _("it is a folder"),
        errno.ENOTDIR: _("it is not a folder"),
        errno.EEXIST: _("it already exists"),
        errno.ENAMETOOLONG: _("the name is too long"),
        errno.EIO: _("the disk or device failed"),
        errno.EADDRINUSE: _("the port is in use"),
    }
    if isinstance(error, OSError) and error.errno in usual:
        return usual[error.errno]
    return getattr(error, "strerror", None) or str(error)
