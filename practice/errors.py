"""Errors that a user can fix, each in one line: what happened, then what to do."""

import errno

from practice.i18n import gettext as _


class PracticeError(Exception):
    """A wrong input or a failure of the environment that a user can fix.

    The text is the whole message: what happened and what to do next, already in the user's
    language. ``cli.main`` prints it on one line and exits with 1.
    """


class PromptError(PracticeError):
    """A mistake in a trainer's scenario or data file."""


class AudioError(PracticeError):
    """A failure to read or write a recording."""


class DeviceError(PracticeError):
    """A failure or absence of the microphone, or of PortAudio, the library that accesses it."""


class WeightsError(PracticeError):
    """Missing, damaged or unobtainable weights of Whisper."""


class StoreError(PracticeError):
    """A failure to open, read or write the database of the records."""


class ConsentError(PracticeError):
    """A trainee's refusal to be recorded."""


class ExportError(PracticeError):
    """A failure to write an output file."""


class BundleError(PracticeError):
    """A failure to write a bundle, or to read a file as one."""


def system_reason(error: Exception) -> str:
    """Return why the operating system refused, in the user's language if the reason is common."""
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
