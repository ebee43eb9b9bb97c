"""Packs: files that carry attempts between stores that no network joins.

A pack is a ZIP file. ``practice.json`` lists every other entry with its size and checksum;
``attempts/ID.json`` is an attempt with its judgments and reviews, ``audio/ID.wav`` its
recording. It comes on somebody's USB stick, so nothing in it is trusted: names are only
compared, never used as paths, and all of it is looked through before anything is stored.
"""
