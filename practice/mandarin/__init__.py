"""Mandarin text: normal forms, pinyin, alignment. Pure functions only."""
