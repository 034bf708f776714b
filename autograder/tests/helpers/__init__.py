"""What several tests need: courses, submissions, attacks, and stand-ins."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]  # of the repository
TESTS = ROOT / "autograder/tests"
SOAK = bool(os.environ.get("SOAK"))  # everything on everything, as `make soak` sets it
