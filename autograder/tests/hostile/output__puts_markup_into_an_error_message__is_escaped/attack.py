"""Raises an error whose text holds HTML, a script and commands to a terminal."""

Q1 = """\
def count_words(sentence):
    raise ValueError("<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[2J\\x1b]0;owned\\x07[red]{mark}[/]")
"""
PROOF = "off"
