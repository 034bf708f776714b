"""Waits, and goes on when it is interrupted."""

Q1 = """\
def count_words(sentence):
    import time

    until = time.monotonic() + {seconds}
    while time.monotonic() < until:
        try:
            time.sleep(0.1)
        except BaseException:
            continue
    return 0
"""
PROOF = "off"
