"""Plots of an attempt and of progress."""
