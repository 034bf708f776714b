"""Forks children that end and are never waited for."""

Q1 = """\
def count_words(sentence):
    import os

    for _ in range({many}):
        if os.fork() == 0:
            os._exit(0)
    return 0
"""
PROOF = "off"
