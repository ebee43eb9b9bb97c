"""Output for people and programs: terminal, JSON, exports, and plots."""
