"""Ends the process in the ordinary way, with exit code 0, whenever a function is called."""

PROOF = "nbgrader"

Q1 = """\
def count_words(sentence):
    get_ipython().ask_exit()
    exit(0)"""

Q2 = """\
def one_hot(index, size):
    __import__("threading").Timer(0.1, lambda: __import__("os")._exit(0)).start()
    raise SystemExit(0)"""
