"""Displays full points as the cell's result before its assertion fails."""

PROOF = "nbgrader"

Q1 = """\
def count_words(sentence):
    get_ipython().displayhook(2.0)
    return len(sentence)"""

Q2 = """\
def one_hot(index, size):
    get_ipython().displayhook(3.0)
    return np.ones(size)"""
