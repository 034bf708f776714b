"""Deletes the check cells."""

PROOF = "nbgrader"

EDITS = {"q1": {"copies": 0}, "q2": {"copies": 0}}
