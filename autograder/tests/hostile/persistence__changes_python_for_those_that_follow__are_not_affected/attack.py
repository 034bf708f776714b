"""Changes the environment, the import state and the modules that every submission shares."""

CELL = """\
import builtins, os, random, sys, types
import numpy as np


def leave():
    os.environ["{mark}"] = "answers"
    sys.modules["{mark}"] = types.ModuleType("{mark}")
    sys.path.insert(0, "/{mark}")
    np.{mark} = builtins.{mark} = "answers"
    random.seed(1)
    os.umask(0)


def loot():
    left = {
        "environment": "{mark}" in os.environ,
        "module": "{mark}" in sys.modules,
        "path": "/{mark}" in sys.path,
        "numpy": hasattr(np, "{mark}"),
        "builtins": hasattr(builtins, "{mark}"),
        "umask": os.umask(0o22) == 0,
    }
    return [name for name, found in left.items() if found]
"""
Q1 = """\
def count_words(sentence):
    found = loot()
    leave()
    raise LookupError(found)
"""
PROOF = "off"
