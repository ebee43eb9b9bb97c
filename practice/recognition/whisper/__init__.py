"""The recognizer engine that runs openai-whisper."""
