"""Returns text, and containers of it, that hold HTML and commands to a terminal."""

Q1 = """\
def count_words(sentence):
    text = "<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[2J\\x1b]0;owned\\x07[red]{mark}[/]"
    return [text, {text: (text,)}] if sentence.startswith(" ") else text
"""
PROOF = "off"
