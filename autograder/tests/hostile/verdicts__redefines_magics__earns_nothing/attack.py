"""Gives the cell magics of a check another meaning: they no longer run the cell."""

PROOF = "nbgrader"

CELL = """\
shell = get_ipython()
for name in ("time", "timeit", "capture", "prun"):
    shell.register_magic_function(lambda line, cell=None: None, "line_cell", name)
"""
