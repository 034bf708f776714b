"""Shows HTML, a mebibyte at a time."""

Q1 = """\
def count_words(sentence):
    from IPython.display import HTML, display

    for _ in range({output}):
        display(HTML("<b>" + "x" * (1 << 20) + "</b>"))
    return 0
"""
PROOF = "off"
