"""A thread watches for the file of results and rewrites it again and again."""

PROOF = "otter"

CELL = """\
import pickle
import tempfile
import threading
import time
from pathlib import Path


def watch():
    until = time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(0.002)
        for path in Path(tempfile.gettempdir()).glob("*.pkl"):
            try:
                results = pickle.loads(path.read_bytes())
                for test_file in results.results.values():
                    test_file.update_score(test_file.possible)
                path.write_bytes(pickle.dumps(results))
            except (EOFError, OSError, pickle.UnpicklingError):
                pass


threading.Thread(target=watch, daemon=True).start()
"""
