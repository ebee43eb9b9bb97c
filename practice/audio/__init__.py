"""Sound: clips, the microphone, voice activity, playback."""
