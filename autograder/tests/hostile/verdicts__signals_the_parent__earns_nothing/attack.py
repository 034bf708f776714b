"""Sends signals to the process that started it."""

PROOF = "otter"

CELL = """\
import os
import signal
import time

parent = os.getppid()


def disturb():
    if os.getppid() == parent:
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(parent, number)
            except OSError:
                pass
            time.sleep(0.05)
"""

Q1 = """\
def count_words(sentence):
    disturb()
    return len(sentence)"""

Q2 = """\
def one_hot(index, size):
    disturb()
    return np.ones(size)"""
