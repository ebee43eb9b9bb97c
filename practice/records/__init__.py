"""Frozen records that the other rooms exchange."""
