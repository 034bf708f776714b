"""Makes every cell look as if it had raised nothing: custom exception handlers, and results that hold no error."""

PROOF = "nbgrader"

CELL = """\
from IPython.core.interactiveshell import ExecutionResult

shell = get_ipython()
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: [])
for name in ("showtraceback", "showsyntaxerror", "_showtraceback", "show_usage_error"):
    setattr(shell, name, lambda *args, **kwargs: None)
for name in ("error_in_exec", "error_before_exec"):
    setattr(ExecutionResult, name, property(lambda self: None, lambda self, value: None))
"""
