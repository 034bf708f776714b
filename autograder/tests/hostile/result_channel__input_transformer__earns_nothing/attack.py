"""Replaces the text of later cells before they run, by an input transformer."""

PROOF = "nbgrader"

CELL = """\
def harmless(lines):
    return ["pass\\n"] if any("assert" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(harmless)
"""
