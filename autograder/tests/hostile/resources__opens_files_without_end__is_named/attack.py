"""Opens files and keeps them open."""

Q1 = """\
def count_words(sentence):
    import os

    held = [open(os.devnull) for _ in range({many})]
    return 0 * len(held)
"""
PROOF = "off"
