"""Ends the process at once, by os._exit and by a signal to itself, in the middle of a call."""

PROOF = "nbgrader"

Q1 = """\
import os
import signal


def count_words(sentence):
    os._exit(0)"""

Q2 = """\
def one_hot(index, size):
    os.kill(os.getpid(), signal.SIGKILL)"""
