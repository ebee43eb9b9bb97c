"""Bundles: files that carry attempts between stores without a network connection.

A bundle is a ZIP file. ``practice.json`` lists every other entry with its size and checksum;
``attempts/ID.json`` is an attempt with its assessments and reviews, ``audio/ID.wav`` its
recording. Bundles arrive on USB sticks and are not trusted: names are only compared, never
used as paths, and the whole bundle is checked before anything is stored.
"""
