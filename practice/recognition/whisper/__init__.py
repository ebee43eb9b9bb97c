"""openai-whisper as a recognizer."""
