"""Prints a flood."""

Q1 = """\
def count_words(sentence):
    for _ in range({output}):
        print("x" * (1 << 20))
    return 0
"""
PROOF = "off"
