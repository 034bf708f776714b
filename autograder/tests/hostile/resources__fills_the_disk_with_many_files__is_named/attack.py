"""Writes many files, each of them small."""

Q1 = """\
def count_words(sentence):
    for number in range(256 * {scratch}):
        with open(f"small-{number}", "wb") as file:
            file.write(b"x" * 4096)
    return 0
"""
PROOF = "off"
