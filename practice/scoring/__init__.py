"""Scoring: elements, evidence, decision, score, and what is added up of scores. Pure."""
