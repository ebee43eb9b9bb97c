"""Numbered migrations, one per module; a released migration is never edited."""
