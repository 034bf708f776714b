"""Computes without end, and ignores what it is told about it."""

Q1 = """\
def count_words(sentence):
    import signal, time

    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while time.process_time() < {seconds}:
        pass
    return 0
"""
PROOF = "off"
