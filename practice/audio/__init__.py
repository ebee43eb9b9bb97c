"""Audio: recordings, the microphone, voice activity detection, playback."""
