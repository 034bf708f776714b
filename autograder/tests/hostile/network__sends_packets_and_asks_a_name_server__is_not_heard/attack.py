"""Sends UDP packets, one of them a question to a name server."""

CELL = """\
import socket, struct


def question(name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\\0" + struct.pack(">2H", 1, 1)


def loot():
    through = []
    for content in (b"over UDP", question("stolen.example.invalid")):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                out.sendto(content, ("127.0.0.1", {udp}))
                through.append(len(content))
        except OSError:
            pass
    return through
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
