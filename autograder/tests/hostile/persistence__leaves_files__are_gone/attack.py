"""Leaves files wherever it may write, for the next submission to find."""

CELL = """\
import os, tempfile

PLACES = {os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir(), "/tmp", "/dev/shm", "{folder}"}


def leave():
    for place in PLACES:
        try:
            with open(os.path.join(place, "{mark}"), "w") as file:
                file.write("answers")
        except OSError:
            pass


def loot():
    return sorted(place for place in PLACES if os.path.exists(os.path.join(place, "{mark}")))
"""
Q1 = """\
def count_words(sentence):
    found = loot()
    leave()
    raise LookupError(found)
"""
PROOF = "off"
