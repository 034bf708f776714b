"""Writes one large file."""

Q1 = """\
def count_words(sentence):
    with open("large", "wb") as file:
        for _ in range({scratch}):
            file.write(b"x" * (1 << 20))
    return 0
"""
PROOF = "off"
