r"""Rewrite students' text cells so that they read as written and hold nothing live, whatever shows them.

formgrader, nbgrader's feedback and nbconvert show Markdown with every tag in it, in the browser of the person with the most rights.
Parsers of Markdown differ, so it is not enough to escape what one of them takes for a tag. This module parses a text once and writes it
as one HTML block of a few tags. The text between them has no character left that Markdown could read as markup, so every later parser
copies the block as it is, and the result does not depend on how the first parser read the text.

The block keeps paragraphs, headings, lists, tables, quotes, code, emphasis, formulas of known TeX commands, links to the web and
attached pictures. It shows everything else as it was typed: HTML, other links, pictures from elsewhere, ``\href``.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from re import Match
from typing import Any
from urllib.parse import unquote

from mistune import BlockState, HTMLRenderer, InlineState
from mistune.util import striptags, unescape
from nbconvert.filters.markdown_mistune import MarkdownWithMath, MathBlockParser, MathInlineParser
from nbformat import NotebookNode

from autograder.printable import printable_text

MAX_CELL = 20_000  # characters; a longer text is shown unformatted, because parsing it may take long
MAX_NOTEBOOK = 200_000  # characters parsed in one notebook
MAX_FORMULAS = 200  # formulas in one text; the parser searches the whole text for the end of each
FORMULA = re.compile(r"\\\\[(\[]|\\begin")
# A text without these holds no tag, link, picture, code, escape, TeX command or heading (nbconvert gives headings ids, and a form's
# field has one too). It stays as it is.
LIVE = re.compile(r"[<&\\\[\]{}`~#]|://|^[ \t>]*[=-]+[ \t]*$", re.MULTILINE)
MARKUP = re.compile(r"[\\`*_{}\[\]$|~!\n]")  # may begin markup in Markdown; html.escape does the rest
WEB = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:[/?#][!-~]*)?|mailto:[!-~]+|#[!-~]*", re.IGNORECASE)
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
BACKSLASH, BRACKET = "&#92;", "&#91;"
COMMAND = re.compile(rf"{BACKSLASH}(?:{BACKSLASH}(?P<space>{BRACKET})?|(?P<name>[A-Za-z]+))?")
#: TeX commands that only draw. None of them loads, defines, styles or moves anything, or links to another page.
TEX = frozenset(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi varpi rho varrho
    sigma varsigma tau upsilon phi varphi chi psi omega digamma Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    frac dfrac tfrac cfrac sqrt root binom dbinom tbinom over choose atop genfrac overline underline overbrace underbrace overset
    underset stackrel overrightarrow overleftarrow overleftrightarrow substack
    hat widehat check tilde widetilde acute grave dot ddot dddot breve bar vec mathring not cancel
    sum prod coprod int iint iiint oint bigcap bigcup bigsqcup bigvee bigwedge bigodot bigoplus bigotimes biguplus limits nolimits
    lim liminf limsup max min sup inf arg argmax argmin det dim exp gcd hom ker deg ln log lg Pr sin cos tan cot sec csc arcsin arccos
    arctan sinh cosh tanh coth operatorname bmod pmod pod mod
    left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr biggm Biggl Biggr Biggm langle rangle lfloor rfloor
    lceil rceil lbrace rbrace lbrack rbrack lvert rvert lVert rVert vert Vert mid lgroup rgroup lmoustache rmoustache backslash
    mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak mathscr mathnormal boldsymbol bm pmb rm bf it sf tt cal Bbb frak scr
    text textrm textbf textit textsf texttt textnormal mbox boldmath displaystyle textstyle scriptstyle scriptscriptstyle
    mathop mathbin mathrel mathord mathopen mathclose mathpunct mathinner
    cdot cdots dots dotsc dotsb dotsm dotsi ldots vdots ddots times div pm mp ast star circ bullet oplus ominus otimes oslash odot
    cap cup uplus sqcap sqcup vee wedge land lor lnot neg setminus smallsetminus wr amalg dagger ddagger diamond bigtriangleup
    bigtriangledown triangleleft triangleright bigcirc ltimes rtimes
    le leq leqslant ge geq geqslant ll gg lll ggg ne neq equiv sim simeq approx approxeq cong doteq propto prec succ preceq succeq
    subset supset subseteq supseteq subsetneq supsetneq sqsubset sqsupset sqsubseteq sqsupseteq in ni notin owns models vdash dashv
    perp parallel nparallel bowtie asymp smile frown lt gt nless ngtr nleq ngeq lesssim gtrsim triangleq coloneqq
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow longrightarrow longleftrightarrow
    Longleftarrow Longrightarrow Longleftrightarrow mapsto longmapsto uparrow downarrow updownarrow Uparrow Downarrow Updownarrow
    nearrow searrow swarrow nwarrow hookleftarrow hookrightarrow rightharpoonup rightharpoondown leftharpoonup leftharpoondown
    rightleftharpoons leadsto iff implies impliedby xrightarrow xleftarrow nrightarrow nleftarrow
    infty partial nabla forall exists nexists emptyset varnothing Re Im aleph beth hbar ell wp imath jmath prime angle triangle square
    blacksquare Box Diamond surd top bot flat natural sharp clubsuit diamondsuit heartsuit spadesuit therefore because colon
    degree checkmark complement mho eth
    quad qquad space thinspace enspace newline begin end hline cr nonumber notag tag label ref eqref boxed
    """.split()
)


def disarm_notebook(notebook: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Make every text cell of a notebook harmless, except the released ones; code cells are run and stay.

    Args:
        notebook: a repaired submission: released cells, with metadata of their own, and the student's texts.
    """
    ours = {(cell.cell_type, cell.source): cell for cell in released.cells}
    left, cells = MAX_NOTEBOOK, []
    for cell in notebook.cells:
        original = ours.get((cell.cell_type, cell.source))
        if cell.cell_type == "code":
            cells.append(cell)
        elif original is not None:  # its text is ours; a picture that came with it is not
            cells.append(_with(cell, attachments=original.get("attachments")))
        else:
            left -= len(cell.source)
            cells.append(_harmless_cell(cell, parsed=left >= 0))
    return NotebookNode(notebook | {"cells": cells})


def with_printable_code(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it is shown to people: without characters in code that turn the reading direction.

    With them a line reads otherwise than it runs (Boucher and Anderson, "Trojan Source", 2021).
    """
    cells = [
        cell | {"source": _printable_lines(cell.source)} if cell.cell_type == "code" else cell
        for cell in notebook.cells
    ]
    return NotebookNode(notebook | {"cells": [NotebookNode(cell) for cell in cells]})


def _harmless_cell(cell: NotebookNode, parsed: bool) -> NotebookNode:
    """Make one cell harmless. nbconvert shows raw cells as HTML, so their text is shown as it was typed."""
    pictures = _pictures(cell.get("attachments"))
    formatted = parsed and cell.cell_type == "markdown"
    source = disarm_markdown(cell.source, pictures) if formatted else _as_typed(cell.source)
    return _with(cell, source=source, attachments=None)


def _with(cell: NotebookNode, **fields: Any) -> NotebookNode:
    """The cell with other fields; None takes one away."""
    return NotebookNode({key: value for key, value in (cell | fields).items() if value is not None})


def disarm_markdown(source: str, pictures: dict[str, str] | None = None) -> str:
    """Write a Markdown source that reads as ``source`` does, and is safe whatever shows it.

    Args:
        pictures: name of an attachment -> address of its data.
    """
    text = _printable_lines(source)
    if len(text) > MAX_CELL or len(FORMULA.findall(text)) > MAX_FORMULAS:
        return _as_typed(text)
    if not LIVE.search(text):
        return text
    try:
        written = MarkdownWithMath(_Writer(pictures or {}), _Blocks(), _Inline(hard_wrap=False)).render(text)
    except Exception:  # a limit or a bug of the parser; the text can still be shown as it was typed
        return _as_typed(text)
    return _one_block(written)


def _printable_lines(source: str) -> str:
    return printable_text("\n".join(re.split(r"\r\n?|\n", source)))


def _as_typed(source: str) -> str:
    return _one_block(f"<pre>{_plain(printable_text(source))}</pre>")


def _one_block(written: str) -> str:
    """Write HTML as one block that Markdown copies as it is. An empty line would end the block, so there is none."""
    inert = COMMAND.sub(_known_command, written)
    return re.sub(r"\n\s*", "\n", f"<div>\n{inert}\n</div>")


def _known_command(found: Match[str]) -> str:
    """Leave a TeX command if it is known; else put a tag into it, because MathJax reads no formula across a tag."""
    if found["space"]:
        return f"{BACKSLASH * 2}<span>{BRACKET}</span>"
    if found["name"] is None or found["name"] in TEX:
        return found[0]
    return f"<span>{BACKSLASH}</span>{found['name']}"


def _plain(text: str) -> str:
    """Write text so that no character is markup, neither in HTML nor in Markdown."""
    return MARKUP.sub(lambda found: f"&#{ord(found[0])};", html.escape(printable_text(text)))


def _attribute(text: str) -> str:
    """Write text as the value of an attribute, where no formula may be found and no tag put."""
    return html.escape(printable_text(text)).replace("\\", "&#x5c;").replace("$", "&#x24;")


def _pictures(attachments: Any) -> dict[str, str]:
    """Find the attachments that are pictures: name -> address of the data."""
    if not isinstance(attachments, dict):
        return {}
    found = {str(name): _picture(kinds) for name, kinds in attachments.items()}
    return {name: address for name, address in found.items() if address}


def _picture(kinds: Any) -> str:
    """Address of the first allowed kind whose data begin as such a file does; empty if there is none."""
    for kind, start in PICTURES.items():
        encoded = kinds.get(kind) if isinstance(kinds, dict) else None
        if isinstance(encoded, str):
            try:
                data = base64.b64decode(encoded)
            except (ValueError, binascii.Error):
                continue
            if data.startswith(start):
                return f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return ""


class _Blocks(MathBlockParser):  # type: ignore[misc]
    """Parses blocks of Markdown, and takes HTML for text."""

    def parse_raw_html(self, m: Match[str], state: BlockState) -> int | None:
        return None


class _Inline(MathInlineParser):  # type: ignore[misc]
    """Parses what stands within a line of Markdown, and takes HTML for text."""

    def parse_inline_html(self, m: Match[str], state: InlineState) -> int | None:
        return None


class _Writer(HTMLRenderer):
    """Writes parsed Markdown as HTML of a few tags.

    Args:
        pictures: see ``disarm_markdown``; each is shown once, so that a page stays as small as its notebook.
    """

    def __init__(self, pictures: dict[str, str]) -> None:
        super().__init__(escape=True)
        self.pictures = dict(pictures)

    def text(self, text: str) -> str:
        return _plain(unescape(text))

    def inline_html(self, html: str) -> str:
        return _plain(html)

    def block_html(self, html: str) -> str:
        return f"<p>{_plain(html)}</p>\n"

    def linebreak(self) -> str:
        return "<br>\n"

    def codespan(self, text: str) -> str:
        return f"<code>{_plain(text)}</code>"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{_plain(code)}</code></pre>\n"

    def block_error(self, text: str) -> str:
        return f"<pre>{_plain(text)}</pre>\n"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if WEB.fullmatch(url):
            return f'<a href="{_attribute(url)}" rel="noreferrer">{text}</a>'
        if html.unescape(text) == unquote(url):  # an address that was typed without a text
            return text
        return _plain("[") + text + _destination(url, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        address = (
            self.pictures.pop(unquote(url.removeprefix("attachment:")), "") if url.startswith("attachment:") else ""
        )
        if not address:
            return _plain("![") + text + _destination(url, title)
        label = " ".join(html.unescape(striptags(text)).split())
        return f'<img alt="{_attribute(label)}" src="{address}">'

    def task_list_item(self, text: str, checked: bool = False) -> str:
        return self.list_item(_plain("[x] " if checked else "[ ] ") + text)

    def inline_math(self, body: str) -> str:
        return _plain(f"${body}$")

    def block_math(self, body: str) -> str:
        return _plain(f"$${body}$$")

    def latex_environment(self, name: str, body: str) -> str:
        return _plain(f"\\begin{{{name}}}{body}\\end{{{name}}}")


def _destination(url: str, title: str | None) -> str:
    """The second half of a refused link, as it was typed."""
    return _plain(f"]({unquote(url)}" + (f' "{title}")' if title else ")"))
