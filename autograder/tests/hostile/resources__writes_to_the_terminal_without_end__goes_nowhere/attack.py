"""Writes a flood to file descriptors 1 and 2."""

Q1 = """\
def count_words(sentence):
    import os

    for _ in range({output}):
        os.write(1, b"x" * (1 << 16))
        os.write(2, b"x" * (1 << 16))
    return 0
"""
PROOF = "off"
