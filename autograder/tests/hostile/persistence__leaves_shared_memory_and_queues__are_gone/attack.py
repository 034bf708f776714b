"""Leaves System V and POSIX shared memory, semaphores and message queues."""

CELL = """\
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
CREATE = 0o1000


def things(flags):
    yield "shmget", lambda: libc.shmget({ipc_key}, 4096, flags)
    yield "semget", lambda: libc.semget({ipc_key}, 1, flags)
    yield "msgget", lambda: libc.msgget({ipc_key}, flags)
    made = os.O_RDWR | (os.O_CREAT if flags & CREATE else 0)
    yield "shm_open", lambda: libc.shm_open(b"/{mark}", made, 0o600)
    yield "mq_open", lambda: libc.mq_open(b"/{mark}", made, 0o600, None)


def leave():
    for _, make in things(CREATE | 0o600):
        make()


def loot():
    return [name for name, get in things(0o600) if get() >= 0]


def tidy():
    libc.shmctl(libc.shmget({ipc_key}, 4096, 0), 0, None)
    libc.semctl(libc.semget({ipc_key}, 1, 0), 0, 0)
    libc.msgctl(libc.msgget({ipc_key}, 0), 0, None)
    libc.shm_unlink(b"/{mark}")
    libc.mq_unlink(b"/{mark}")
"""
Q1 = """\
def count_words(sentence):
    found = loot()
    leave()
    raise LookupError(found)
"""
PROOF = "off"
