"""Connects over TCP, IPv4 and IPv6."""

CELL = """\
import socket


def loot():
    through = []
    for family, place in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as out:
                out.settimeout(3)
                out.connect((place, {tcp}))
                out.sendall(b"over TCP")
                through.append(place)
        except OSError:
            pass
    return through
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
