"""Connects to Unix sockets, named by a file and abstract, and sends them datagrams."""

CELL = """\
import socket


def loot():
    through = []
    for kind, names in (
        (socket.SOCK_STREAM, ("{stream_file}", "\\0{abstract}-stream")),
        (socket.SOCK_DGRAM, ("{datagram_file}", "\\0{abstract}-datagram")),
    ):
        for name in names:
            for way in ("connect", "sendto", "sendmsg"):
                try:
                    with socket.socket(socket.AF_UNIX, kind) as out:
                        if way == "connect":
                            out.connect(name)
                            out.send(b"connected")
                        elif way == "sendto":
                            out.sendto(b"sent", name)
                        else:
                            out.sendmsg([b"sent"], [], 0, name)
                        through.append(way + " " + name.strip("\\0").split("/")[-1])
                except OSError:
                    pass
    return through
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
