"""Starts threads that stay."""

Q1 = """\
def count_words(sentence):
    import threading

    done = threading.Event()
    try:
        for _ in range({many}):
            threading.Thread(target=done.wait, args=({seconds},)).start()
    finally:
        done.set()
    return 0
"""
PROOF = "off"
