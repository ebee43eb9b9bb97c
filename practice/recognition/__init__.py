"""Speech recognition: the protocol of a recognizer, and a folder for each engine."""
