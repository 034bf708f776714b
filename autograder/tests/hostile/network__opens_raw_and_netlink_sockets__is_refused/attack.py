"""Opens sockets that see every packet, or that talk to the kernel."""

CELL = """\
import socket

KINDS = {
    "netlink": (socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "packet": (socket.AF_PACKET, socket.SOCK_RAW, 0),
    "raw": (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "vsock": (socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    "crypto": (socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
}


def loot():
    through = []
    for name, kind in KINDS.items():
        try:
            socket.socket(*kind).close()
            through.append(name)
        except OSError:
            pass
    return through
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
