"""Forks children that stay."""

Q1 = """\
def count_words(sentence):
    import os, signal, time

    children = []
    try:
        for _ in range({many}):
            child = os.fork()
            if child == 0:
                time.sleep({seconds})
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return 0
"""
PROOF = "off"
