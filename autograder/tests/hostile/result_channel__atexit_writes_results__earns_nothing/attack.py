"""Rewrites the file of results when the kernel ends."""

PROOF = "otter"

CELL = """\
import atexit
import pickle
import tempfile
from pathlib import Path


def forge():
    for path in Path(tempfile.gettempdir()).glob("*.pkl"):
        results = pickle.loads(path.read_bytes())
        for test_file in results.results.values():
            test_file.update_score(test_file.possible)
        path.write_bytes(pickle.dumps(results))


atexit.register(forge)
"""
