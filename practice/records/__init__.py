"""Frozen records: what the other rooms hand to each other."""
