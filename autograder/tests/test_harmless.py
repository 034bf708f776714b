"""What students write reads as written where nbgrader shows it, and nothing in it is live, whichever parser reads it."""

from __future__ import annotations

import base64
import random
import re
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.server_extensions.formgrader import handlers
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from autograder.intake.harmless import MAX_CELL, disarm_markdown, disarm_notebook, with_printable_code

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
#: The whole language that a harmless text may be written in; anything else in angle brackets is live.
TAG = re.compile(
    r"</?(?:div|p|h[1-6]|ul|ol|li|blockquote|pre|code|em|strong|del|table|thead|tbody|tr|th|td|dl|dt|dd|span)>|<br(?: /)?>|<hr />"
    r'|<ol start="\d+">|<t[hd] style="text-align:(?:left|right|center)">|</a>'
    r'|<a href="(?:https?://[a-z0-9.-]+\.[a-z]+(?::\d+)?(?:[/?#][^"<>]*)?|mailto:[^"<>]+|#[^"<>]*)" rel="noreferrer">'
    r'|<img alt="[^"<>]*" src="data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+">',
    re.IGNORECASE,
)
RUNS = "document.body.dataset.ran=1"

HOSTILE = [
    f"<script>{RUNS}</script>",
    f"<img src=x onerror='{RUNS}'>",
    f"<svg/onload={RUNS}>",
    f"<svg><script>{RUNS}</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=/formgrader/?path=x><button>Save</button></form>",
    "<style>* { display: none }</style>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=0;url=https://evil.example>",
    "<div>\n\n*a*\n\n</div>",
    "<!-- a\n\n--> <script>b</script>",
    "<?php a ?>",
    "<![CDATA[ <b> ]]>",
    "<!DOCTYPE html>",
    "< script>a</ script >",
    "<a\nhref=javascript:a>b</a>",
    "<x-y z>",
    "<b/ onclick='a'",
    "&lt;script&gt;a&lt;/script&gt; &#60;b&#62; &#x3c;i&#x3e; &lt",
    f"[a](javascript:{RUNS})",
    "[a](JaVaScRiPt:alert(1))",
    "[a]( javascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](<java\tscript:alert(1)>)",
    "[a](java&Tab;script&colon;alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](\\javascript:alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](javascript%3Aalert(1))",
    "[a](vbscript:a)",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](file:///etc/passwd)",
    "[a](//evil.example)",
    "[a](\\\\evil.example)",
    "[a](/formgrader/?path=/tmp)",
    "[a](page.html)",
    "[a](http://localhost:8888/formgrader/?path=/tmp)",
    "[a](http://127.0.0.1/)",
    "[a](https://user@evil.example)",
    '[a](https://a.example "b\\" onclick=c")',
    "[a](https://a.example/'onclick=b)",
    '[a](https://a.example/"onclick=b)',
    "[a][b]\n\n[b]: javascript:alert(1) 'c'",
    "[b]\n\n[b]:\n<javascript:alert(1)>",
    "<javascript:alert(1)>",
    "<https://a.example/<b>>",
    "![a](https://evil.example/a.png)",
    "![a](/logout)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "![a](attachment:missing.png)",
    "![a](attachment:page.html)",
    "![a](attachment:drawing.svg)",
    '![a"onerror=b](attachment:pixel.png)',
    "![![a](javascript:b)](attachment:pixel.png)",
    "![$\\href{a}{b}$ &#92;href](attachment:pixel.png) [c](https://a.example/$\\href$`d`)",
    "[![a](attachment:pixel.png)](javascript:b)",
    "![a][b]\n\n[b]: javascript:alert(1)",
    "$\\href{javascript:alert(1)}{x}$",
    "$$\n\\href{javascript:alert(1)}{x}\n\n<b>\n$$",
    "\\\\(\\require{action}\\\\) \\\\[\\style{position:fixed}{x}\\\\]",
    "\\begin{align}\\cssId{a}{b}\\class{c}{d}\\unicode{x26}\\includegraphics{e}\\end{align}",
    "$\\def\\a{\\a}\\a \\csname href\\endcsname$",
    "$\\\\href{javascript:a}{b}$ \\\\\\href{javascript:a}{b} $\\hr%\nef{a}{b}$",
    "\\hr*ef*{a}{b} $a<b/onclick=c>$",
    "```mermaid\ngraph TD; a-->b; click a 'javascript:alert(1)'\n```",
    "~~~mermaid\n<img src=x onerror=a>\n~~~",
    '```"onclick="a\nb\n```',
    "``` html\n<script>a</script>\n```",
    "```\n<script>a</script>",
    "`a\n\n<script>b</script>`",
    "`` ` <script>a</script>",
    "    <script>a</script>\n\n\t<b>",
    "a\n    <script>b</script>",
    "- a\n\n      <script>b</script>\n\n  <b>\n<i>",
    "> <div onclick=a>\nb\n<hr>",
    "1. <b>\n   ```\n   <i>\n  ```",
    "|a|<b>|\n|-|:-:|\n|`|`|<script>a</script>|",
    "a\n: <b>\n: `<i>",
    "- [ ] <b>\n- [x] [a](javascript:b)",
    "{{ config }} {% raw %} {html}`<b>`\n:::{iframe} https://evil.example\n:::",
    "[^1]\n\n[^1]: <b>",
    "\u202e\u2066<b>\x00\x1b[31m\x07",
    "[a]: https://a.example",
    "q1\n=-\n",
    "> q1\n> -",
    "[" * 200,
    "> " * 300 + "<b>",
    "\\\\(" * 3000,
    "*a **b " * 300,
]
PICTURES = {
    "pixel.png": {"image/png": PIXEL},
    "page.html": {"text/html": base64.b64encode(b"<script>a</script>").decode()},
    "drawing.svg": {"image/svg+xml": "PHN2Zz4=", "image/png": "PHN2Zz4="},
}

HONEST = {  # what was typed -> what is read
    "a < b, x<y and y>x": "a < b, x<y and y>x",
    "if a<b then <b>bold</b>": "if a<b then <b>bold</b>",
    "R&D &amp; AT&T &lt;": "R&D & AT&T <",
    "Use `<script>` and `a && b`, not `&lt;`": "Use <script> and a && b, not &lt;",
    "``a ` b``": "a ` b",
    '```html\n<p class="x">\n\n  &amp;\n</p>\n```': '<p class="x">\n\n  &amp;\n</p>',
    "```python\nif a < b:\n    print('*x*')\n```": "if a < b:\n    print('*x*')",
    "~~~\n[a](b)\n~~~": "[a](b)",
    "    if x < 1:\n\n        y": "if x < 1:\n\n    y",
    "The loss is $\\frac{a}{b} < c_1 * d_2 * e$, isn't it?": "The loss is $\\frac{a}{b} < c_1 * d_2 * e$, isn't it?",
    "$$\na < b \\\\ c\n$$": "$$\na < b \\\\ c\n$$",
    "\\begin{align}a &= b\\\\c &< d\\end{align}": "\\begin{align}a &= b\\\\c &< d\\end{align}",
    "costs \\$5 and 2\\*3": "costs $5 and 2*3",
    "*a* **b** ~~c~~ _d_ snake_case_name": "a b c d snake_case_name",
    "| a | b |\n|---|:-:|\n| `x` | <i> |": "a b x <i>",
    "1. one\n2. two\n   - three `[x]`\n     - four": "one two three [x] four",
    "- [x] done\n- [ ] open": "[x] done [ ] open",
    "> a quote\n> with [a link](https://keras.io/api/)": "a quote with a link",
    "# A title\n\nA second\n========\n\n***": "A title A second",
    "see <https://keras.io> or https://keras.io/a_b_c": "see https://keras.io or https://keras.io/a_b_c",
    "[my notes](notes.ipynb) [x](javascript:alert(1))": "[my notes](notes.ipynb) [x](javascript:alert(1))",
    '[a](data:text/html,x "t") ![b](https://a.example/b.png)': '[a](data:text/html,x "t") ![b](https://a.example/b.png)',
    "term\n: meaning [1]": "term meaning [1]",
    "<!-- a remark --> [0, 1]": "<!-- a remark --> [0, 1]",
    "größer als 1 – „so“ 🙂 שלום": "größer als 1 – „so“ 🙂 שלום",
    "$\\href{https://a.example}{x}$ and $\\foo$": "$\\href{https://a.example}{x}$ and $\\foo$",
    "h<sub>t-1</sub>": "h<sub>t-1</sub>",
}


def read(page: str) -> str:
    """What one reads: text, with the spaces between blocks as one."""
    soup = BeautifulSoup(page, "html.parser")
    for end in soup.find_all(["p", "li", "td", "th", "h1", "h2", "pre", "dt", "dd", "br"]):
        end.insert_after(" ")
    return soup.get_text()


def words(text: str) -> list[str]:
    return text.replace("¶", "").split()


def assert_inert(text: str) -> None:
    """A harmless text is in the language of ``TAG``, every renderer leaves it as it is, and MathJax knows its commands."""
    for page in (markdown2html(text), MarkdownIt("commonmark", {"html": True}).render(text)):
        if text.startswith("<div>"):
            assert page.strip() == text, "a parser found something to parse"
        rest = TAG.sub("", page)
        assert "<" not in rest, re.findall("<.{0,60}", rest)
    assert "<script" not in MarkdownIt("commonmark", {"html": False}).render(text)
    for command in re.findall(r"(?<!>)&#92;([A-Za-z]+)", text.replace("&#92;&#92;", "")):
        assert command not in (
            "href",
            "require",
            "style",
            "class",
            "cssId",
            "unicode",
            "includegraphics",
            "def",
            "csname",
        )


@pytest.mark.parametrize("source", HOSTILE)
def test_no_hostile_text_stays_live(source: str) -> None:
    for text in (
        source,
        f"before\n{source}\nafter",
        f"> - {source}",
        f"a {source} b",
        f"# {source}",
        f"|{source}|b|\n|-|-|\n",
    ):
        assert_inert(disarm_markdown(text, {"pixel.png": f"data:image/png;base64,{PIXEL}"}))


def test_no_mixture_of_hostile_texts_stays_live() -> None:
    chance = random.Random(10)
    joints = [
        "",
        " ",
        "\n",
        "\n\n",
        "`",
        "```\n",
        "    ",
        "<",
        ">",
        "*",
        "|",
        "[",
        "](",
        "$",
        "\\",
        "&",
        "\n> ",
        "\n- ",
        "\t",
        '"',
        "'",
    ]
    parts = [part for part in HOSTILE if len(part) < 200]
    for _ in range(1500):
        pieces = [chance.choice(joints) + _cut(chance.choice(parts), chance) for _ in range(chance.randint(1, 6))]
        assert_inert(disarm_markdown("".join(pieces), {"pixel.png": f"data:image/png;base64,{PIXEL}"}))


def _cut(text: str, chance: random.Random) -> str:
    """Most often the text, else a piece of it."""
    return text if chance.random() < 0.7 else text[chance.randrange(len(text)) :]


@pytest.mark.parametrize(("source", "expected"), HONEST.items())
def test_honest_text_reads_as_written(source: str, expected: str) -> None:
    page = read(markdown2html(disarm_markdown(source)))
    assert words(page) == words(expected)
    if source.startswith(("`", "~", "$$", "\\begin", "    ")):
        assert expected in page, "code and formulas keep their lines"
    if not re.search(r"<\w[^`]*>|<!--|javascript:|notes\.ipynb|data:|\[[x ]\]", source):
        assert words(page) == words(read(markdown2html(source))), "as nbconvert shows it without this"


def test_text_without_markup_of_that_kind_stays_as_it_is() -> None:
    for source in ("Numbers have an order; words have none.", "A *title*\n\n- one\n- two: 3 > 2 (50 %)\n\n$x^2_i$"):
        assert disarm_markdown(source) == source


def test_a_text_that_takes_long_to_parse_is_shown_as_typed() -> None:
    for part in ("\\\\(", "\\\\[", "\\begin{a}", "[a](", "*a **b", "> ", "<a ", "a\n: b\n"):
        started = time.process_time()
        for size in (MAX_CELL, 30 * MAX_CELL):
            text = disarm_markdown((part + "<") * (size // len(part)))
            assert_inert(text) if size == MAX_CELL else None
        assert time.process_time() - started < 5


def test_pictures_stay_where_they_are_pictures() -> None:
    released = new_notebook()
    cell = new_markdown_cell(
        "![p](attachment:pixel.png) ![q](attachment:page.html) ![r](attachment:drawing.svg)", attachments=PICTURES
    )
    [shown] = disarm_notebook(new_notebook(cells=[cell]), released).cells
    assert "attachments" not in shown
    assert shown.source.count("<img") == 1 and f'src="data:image/png;base64,{PIXEL}"' in shown.source
    assert words(read(markdown2html(shown.source))) == ["![q](attachment:page.html)", "![r](attachment:drawing.svg)"]
    for junk in ("a", ["a"], {"a": "b"}, {"a": {"image/png": 1}}, {"a": {"image/png": "é"}}):
        damaged = NotebookNode(cells=[NotebookNode(cell | {"attachments": junk})])
        assert "<img" not in disarm_notebook(damaged, released).cells[0].source


def test_code_reads_as_it_runs() -> None:
    """Within a comment, characters that turn the reading direction show code that never runs. What runs stays as it was written."""
    hidden = "passed = False \u202e\u2066# passed = True\u2069\u2066\r\nx = 1\x0b"
    notebook = disarm_notebook(new_notebook(cells=[new_code_cell(hidden)]), new_notebook())
    assert notebook.cells[0].source == hidden
    [cell] = with_printable_code(notebook).cells
    assert cell.source == "passed = False \ufffd\ufffd# passed = True\ufffd\ufffd\nx = 1\ufffd"


def test_released_cells_and_code_stay_as_they_are() -> None:
    text, asked = new_markdown_cell("<b>Released</b>"), new_markdown_cell("Your *answer* `here`")
    released = new_notebook(cells=[text, asked])
    code = new_code_cell("print('<b>')")
    answer = NotebookNode(asked | {"source": "<b>mine</b>"})
    assert disarm_notebook(NotebookNode(cells=[NotebookNode(text | {"attachments": PICTURES})]), released).cells == [
        text
    ]
    shown = disarm_notebook(NotebookNode(cells=[text, asked, code, answer]), released).cells
    assert shown[:3] == [text, asked, code], "an answer left as released is known by its text"
    assert shown[3].source == "<div>\n<p>&lt;b&gt;mine&lt;/b&gt;</p>\n</div>" and shown[3].id == asked.id


def formgrader_page(notebook: NotebookNode, path: Path) -> str:
    """The page that formgrader writes of a notebook, with its own exporter and the resources of its handler."""
    nbformat.write(notebook, path)
    exporter = HTMLExporter(config=FormgradeExtension().build_extra_config())
    about = {"index": 0, "total": 1, "base_url": "", "student": "ann", "last_name": None, "first_name": None}
    names = {"assignment_id": "tiny", "notebook_id": "tiny", "submission_id": "0", "notebook_path": "tiny.ipynb"}
    return str(exporter.from_filename(str(path), resources={**about, **names})[0])


def live(page: str) -> list[str]:
    """What is more than text in the part of the page that shows the notebook."""
    container = BeautifulSoup(page, "html.parser").find(id="notebook-container")
    assert container is not None
    return [
        str(tag)[:80]
        for tag in container.find_all(True)
        if tag.name
        in ("script", "style", "iframe", "svg", "form", "object", "embed", "base", "meta", "link", "b", "x-y")
        or any(name.startswith("on") for name in tag.attrs)
        or "mermaid" in str(tag.attrs.get("class", ""))
        or not re.match("$|https?:|mailto:|#|data:image/png", str(tag.get("href") or tag.get("src") or ""))
    ]


def test_formgraders_page_holds_nothing_live(tmp_path: Path) -> None:
    mark = {"grade_id": "q1", "grade": True, "solution": True, "locked": False, "points": 1, "schema_version": 3}
    cells = [new_markdown_cell(source, attachments=PICTURES) for source in HOSTILE if "missing" not in source]
    cells += [new_markdown_cell(f"mine {HOSTILE[0]}", metadata={"nbgrader": mark})]
    cells += [new_raw_cell(source) for source in HOSTILE[:10]]
    told = new_output("stream", name="stdout", text=f"your function returned '{HOSTILE[0]}' \x1b[31m{HOSTILE[1]}\n")
    cells += [new_code_cell(f"'{HOSTILE[0]}' # {HOSTILE[1]}", outputs=[told])]
    notebook = new_notebook(cells=cells)
    assert len(live(formgrader_page(notebook, tmp_path / "before.ipynb"))) > 20, (
        "what nbgrader shows of the notebook as it came"
    )
    page = formgrader_page(disarm_notebook(notebook, new_notebook()), tmp_path / "after.ipynb")
    assert live(page) == []
    text = read(page)
    assert text.count(HOSTILE[0]) >= 4 and text.count(HOSTILE[1]) >= 3 and Path(handlers.template_path).is_dir()
