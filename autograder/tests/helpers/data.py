"""The real data that tests and measurements use where they are."""

from __future__ import annotations

import pytest

from autograder.tests.helpers import ROOT
from solutions import reviews

REAL = ROOT.parent / "shared" / "data"
needs_real_reviews = pytest.mark.skipif(
    not (REAL / reviews.REVIEWS).is_file(), reason=f"the real reviews are not there: {REAL / reviews.REVIEWS}"
)
