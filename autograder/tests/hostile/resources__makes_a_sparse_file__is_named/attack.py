"""Makes a file that says it is larger than the disk."""

Q1 = """\
def count_words(sentence):
    with open("sparse", "wb") as file:
        file.seek({scratch} << 20)
        file.write(b"x")
    return 0
"""
PROOF = "off"
