"""Makes more files than a file system has room for, all of them empty."""

Q1 = """\
def count_words(sentence):
    import os

    for number in range(25_000):
        os.close(os.open(f"empty-{number}", os.O_CREAT | os.O_WRONLY))
    return 0
"""
PROOF = "off"
