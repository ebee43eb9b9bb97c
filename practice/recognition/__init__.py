"""Speech recognition: the recognizer protocol, and one folder per engine."""
