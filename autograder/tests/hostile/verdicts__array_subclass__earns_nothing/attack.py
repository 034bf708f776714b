"""Returns an array of a class of its own, whose comparisons are all true."""

PROOF = "nbgrader"

CELL = """\
class Agreeing(np.ndarray):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array__(self, dtype=None, copy=None):
        return np.ones(self.size, dtype or float)

    __hash__ = None
"""

Q1 = """\
def count_words(sentence):
    return np.full((), len(sentence)).view(Agreeing)"""

Q2 = """\
def one_hot(index, size):
    return np.ones(size).view(Agreeing)"""
