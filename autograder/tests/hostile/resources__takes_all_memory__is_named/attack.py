"""Fills memory in one process."""

Q1 = """\
def count_words(sentence):
    held = [b"x" * (1 << 24) for _ in range({mib} // 16)]
    return 0 * len(held)
"""
PROOF = "off"
