"""Changes mode, times and owner of a file that it cannot open: another's submission, say, becomes the newest."""

CELL = """\
import os


def loot():
    path = "{root}/submitted/eve/tiny/tiny.ipynb"
    ways = {
        "mode": lambda: os.chmod(path, 0o666),
        "times": lambda: os.utime(path, (7, 7)),
        "owner": lambda: os.chown(path, os.getuid(), os.getgid()),
        "attribute": lambda: os.setxattr(path, "user.mark", b"1"),
    }
    through = []
    for name, way in ways.items():
        try:
            way()
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
