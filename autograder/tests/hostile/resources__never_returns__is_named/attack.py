"""Waits without end."""

Q1 = """\
def count_words(sentence):
    import time

    until = time.monotonic() + {seconds}
    while time.monotonic() < until:
        time.sleep(0.1)
    return 0
"""
PROOF = "off"
