"""The edges that deal with sound: microphone, files, voice activity, Whisper."""
