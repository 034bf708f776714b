"""Prints and shows HTML and commands to a terminal, and writes them to every descriptor."""

CELL = """\
from IPython.display import HTML, Javascript, display

text = "<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[2J\\x1b]0;owned\\x07[red]{mark}[/]"
print(text)
display(HTML(text), Javascript("alert(1)"))
text
"""
Q1 = """\
def count_words(sentence):
    import os, sys

    print(text, file=sys.stderr)
    for descriptor in (1, 2):
        os.write(descriptor, text.encode())
    return 0
"""
PROOF = "off"
