"""Starts a daemon that leaves its session, ignores every signal it can, and would run on for twenty seconds."""

CELL = """\
import ctypes, os, signal, time


def loot():
    if (child := os.fork()) == 0:
        os.setsid()
        if os.fork() == 0:
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            ctypes.CDLL(None).prctl(15, b"{daemon}", 0, 0, 0)
            time.sleep(20)
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.5)
    return []
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
