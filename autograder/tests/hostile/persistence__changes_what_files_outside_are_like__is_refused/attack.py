"""Changes mode, times and attributes of a file that it cannot open: another's submission, say, becomes the newest."""

CELL = """\
import os


def loot():
    path = "{root}/submitted/eve/tiny/tiny.ipynb"
    ways = {
        "mode": lambda: os.chmod(path, 0o666),
        "times": lambda: os.utime(path, (7, 7)),
        "attribute": lambda: os.setxattr(path, "user.mark", b"1"),
    }
    took = {  # a call may say that it was done, and not have been
        "mode": lambda: os.stat(path).st_mode & 0o777 == 0o666,
        "times": lambda: os.stat(path).st_mtime == 7,
        "attribute": lambda: os.getxattr(path, "user.mark") == b"1",
    }
    through = []
    for name, way in ways.items():
        try:
            way()
            if took[name]():
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
