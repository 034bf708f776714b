"""HTML pages that need no file beside them, and their pictures. Everything that came from a student is escaped.

Charts are SVG, drawn here from numbers and shown as ``<img>``, where no script runs. Learning curves stay PNG: they are drawn in the
judge's process and carry a student's names, and pixels hold no markup.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from autograder.judge.pictures import new_axes
from autograder.judge.results import Picture


@cache
def load_templates() -> Environment:
    """Load the templates of the pages; they escape every value."""
    loader = PackageLoader("autograder.reports")
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """Fill in a template of ``templates/``: a page, or part of one."""
    return load_templates().get_template(template).render(**values)


def show_picture(picture: Picture) -> Markup:
    """Return a picture as HTML: an array as small tables, a learning curve as the PNG that the judge drew."""
    if picture.kind == "array":
        return _draw_array(picture)
    source = f"data:image/png;base64,{picture.image}" if picture.image else ""
    return _as_figure(source, "; ".join(filter(None, [picture.label, picture.left_out])))


def _draw_array(picture: Picture) -> Markup:
    shape, wrong = picture.data["shape"], picture.data["wrong"]
    values = np.array(picture.data["values"], dtype=object).reshape([1] * (3 - len(shape)) + shape)
    marked = np.zeros(values.shape, dtype=bool)
    marked[(0,) * (3 - len(wrong)) + tuple(wrong)] = True
    blocks = [
        [list(zip(v, m, strict=True)) for v, m in zip(*pair, strict=True)] for pair in zip(values, marked, strict=True)
    ]
    return Markup(render("array.html", blocks=blocks, label=picture.label, shape=tuple(shape)))


def draw_histogram(points: Sequence[float], max_points: float) -> Markup:
    """Draw how many submissions earned how many points."""
    figure, axes = new_axes(6.4, 1.9)
    axes.hist(points, bins=np.linspace(0, max_points, 11), color="#2b6cb0", rwidth=0.92)
    axes.set_xlabel("points")
    axes.yaxis.get_major_locator().set_params(integer=True)
    return draw_chart(figure, "submissions by points")


def draw_chart(figure: Any, label: str) -> Markup:
    """Return a matplotlib figure as an image inside the page, with its label for readers and screen readers.

    The same figure gives the same bytes: no date, no random ids.
    """
    from matplotlib import rc_context

    data = io.BytesIO()
    with (
        rc_context({"svg.hashsalt": label, "svg.fonttype": "none"}),  # none: text stays text
        warnings.catch_warnings(action="ignore"),  # a letter that matplotlib's font lacks may be in the reader's
    ):
        figure.savefig(data, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return _as_figure(f"data:image/svg+xml;base64,{base64.b64encode(data.getvalue()).decode()}", label)


def _as_figure(source: str, label: str) -> Markup:
    """Return an image with its label below it; the label alone where ``source`` is empty."""
    if not source:
        return Markup("<figure><figcaption>{}</figcaption></figure>").format(label)
    return Markup('<figure><img alt="{0}" src="{1}"><figcaption>{0}</figcaption></figure>').format(label, source)
