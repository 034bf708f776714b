"""Replaces the comparisons of numpy, its testing module and unittest."""

PROOF = "nbgrader"

CELL = """\
import unittest

for module in (np.testing, np.testing._private.utils, unittest.TestCase):
    for name in dir(module):
        if name.startswith("assert"):
            setattr(module, name, lambda *args, **kwargs: None)
for name in ("allclose", "array_equal", "isclose", "all"):
    setattr(np, name, lambda *args, **kwargs: True)
"""
