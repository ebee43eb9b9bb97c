"""Delivery: pace, pauses, level, pitch, clarity, and the comparison with a reference recording."""
