"""Raises an error whose type is called like a script."""

Q1 = """\
def count_words(sentence):
    raise type("<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[2J\\x1b]0;owned\\x07[red]{mark}[/]", (Exception,), {})
"""
PROOF = "off"
