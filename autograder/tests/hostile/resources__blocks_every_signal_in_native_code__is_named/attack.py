"""Blocks and ignores all signals, and waits where Python has no say."""

Q1 = """\
def count_words(sentence):
    import ctypes, signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    ctypes.CDLL(None).sleep({seconds})
    return 0
"""
PROOF = "off"
