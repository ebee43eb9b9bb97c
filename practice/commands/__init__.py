"""The commands of ``practice``, one thin file each."""
