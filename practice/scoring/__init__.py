"""Scoring: verdicts, scores, conversation and exam results, progress, calibration. No I/O."""
