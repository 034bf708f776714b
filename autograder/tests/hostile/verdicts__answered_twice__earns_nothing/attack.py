"""Hands in every answer and every check twice, with the same ids."""

PROOF = "nbgrader"

EDITS = {
    "q1-solution": {"copies": 2},
    "q1": {"copies": 2, "source": "2.0"},
    "q2-solution": {"copies": 2},
    "q2": {"copies": 2, "source": "3.0"},
}
