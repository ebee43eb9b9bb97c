"""Speech practice for service halls: say the phrase, see which courtesies were missed."""

__version__ = "0.1.0"
