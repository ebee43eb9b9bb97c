"""The pipeline from a recording and a line to an assessment."""
