"""Fresh inputs: random, yet the same for the same key, submission and check on every road and every repeat."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np


class Draw(np.random.Generator):
    """A numpy Generator with the few extra draws that hidden checks share."""

    @classmethod
    def keyed(cls, key: bytes, student_code: str, check: str) -> Draw:
        """Make the draws of one check for one submission.

        Args:
            key: the draw key; without it nobody can foresee the inputs.
            student_code: the exact text of the submission's own code, as ``notebook.Opened.student_code`` gives it.
            check: such as ``padding/test_q2_pad.py::test_pads``.
        """
        digest = hmac.new(key, f"{check}\0{student_code}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return cls(np.random.PCG64(int.from_bytes(digest, "big")))

    def distinct(self, low: int, high: int, n: int) -> list[int]:
        """Draw ``n`` different whole numbers from ``low`` to ``high``, both included."""
        return [int(i) for i in self.choice(np.arange(low, high + 1), size=n, replace=False)]

    def distinct_pairs(self, low: int, high: int, n: int) -> list[tuple[int, int]]:
        """Draw ``n`` different pairs of different whole numbers from ``low`` to ``high``, both included."""
        numbers = [(a, b) for a in range(low, high + 1) for b in range(low, high + 1) if a != b]
        return [numbers[i] for i in self.choice(len(numbers), size=n, replace=False)]

    def ragged(self, n: int, low: int, high: int, max_length: int) -> list[list[int]]:
        """Draw ``n`` lists of whole numbers from ``low`` to ``high``: one empty, one of a single number, one of ``max_length``."""
        lengths = [0, 1, max_length, *self.integers(2, max_length + 1, size=max(0, n - 3))][:n]
        return [[int(i) for i in self.integers(low, high + 1, size=length)] for length in self.permutation(lengths)]
