"""Fills memory in eight processes, each of which stays small."""

Q1 = """\
def count_words(sentence):
    import os, time

    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            held = [b"x" * (1 << 24) for _ in range({mib} // 128)]
            time.sleep(1.5)
            os._exit(0 * len(held))
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise ChildProcessError(codes)
    return 0
"""
PROOF = "off"
