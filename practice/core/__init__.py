"""The scoring core: pure functions over frozen records; no files, no clock, no printing."""
