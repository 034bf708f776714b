"""Returns arrays of objects and the bytes of such an .npy file; loading them unpickles, which writes a file."""

PROOF = "otter"

CELL = """\
import io
import os
import sys

here = os.getpid()


class Evil:
    def __reduce__(self):
        return exec, (f"import os\\nif os.getpid() != {here}: open('{canary}', 'w').write('unpickled')",)


objects = np.empty(2, dtype=object)
objects[:] = [Evil(), Evil()]
saved = io.BytesIO()
np.save(saved, objects, allow_pickle=True)
checker = sys.modules.get("otter.execute.checker")
if checker is not None:
    found = checker.Checker.get_results.__func__

    def get_results(cls):
        for test_file in found(cls):
            test_file.array = objects
        return found(cls)

    checker.Checker.get_results = classmethod(get_results)
"""

Q1 = """\
def count_words(sentence):
    return saved.getvalue()"""

Q2 = """\
def one_hot(index, size):
    return objects"""
