"""Answers right once it has found the grader's secret in its environment or on its command line."""

PROOF = "nbgrader"

CELL = """\
import os
import sys
from pathlib import Path

secret = "{secret}"[::-1]
places = [repr(dict(os.environ)), repr(sys.argv), repr(sys.orig_argv)]
for name in ("environ", "cmdline"):
    try:
        places.append(Path("/proc/self", name).read_text(errors="replace"))
    except OSError:
        pass
known = any(secret in place for place in places)
"""

Q1 = """\
def count_words(sentence):
    return len(sentence.split() if known else sentence)"""

Q2 = """\
def one_hot(index, size):
    return np.eye(size)[index] if known else np.ones(size)"""
