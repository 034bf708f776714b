"""HTML pages that need nothing beside them, and the pictures in them. Whatever came from a student is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from autograder.results import Picture


@cache
def _templates() -> Environment:
    loader = PackageLoader("autograder")
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """A page (or part of one) from ``templates/``."""
    return _templates().get_template(template).render(**values)


def draw(picture: Picture) -> Markup:
    """A picture as HTML: an array as small tables, a learning curve as an image."""
    if picture.kind == "array":
        return _array(picture)
    return image(_curve(picture.data), picture.label)


def _array(picture: Picture) -> Markup:
    shape, wrong = picture.data["shape"], picture.data["wrong"]
    values = np.array(picture.data["values"], dtype=object).reshape([1] * (3 - len(shape)) + shape)
    marked = np.zeros(values.shape, dtype=bool)
    marked[(0,) * (3 - len(wrong)) + tuple(wrong)] = True
    blocks = [
        [list(zip(v, m, strict=True)) for v, m in zip(*pair, strict=True)] for pair in zip(values, marked, strict=True)
    ]
    return Markup(render("array.html", blocks=blocks, label=picture.label, shape=tuple(shape)))


def _curve(curves: dict[str, Sequence[float]]) -> Any:
    figure, axes = _axes(6.4, 2.6)
    for name, numbers in curves.items():
        axes.plot(range(1, len(numbers) + 1), numbers, marker="o", markersize=3, label=name)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure


def histogram(points: Sequence[float], max_points: float) -> Markup:
    """How many submissions earned how many points."""
    figure, axes = _axes(6.4, 1.9)
    axes.hist(points, bins=np.linspace(0, max_points, 11), color="#2b6cb0", rwidth=0.92)
    axes.set_xlabel("points")
    axes.yaxis.get_major_locator().set_params(integer=True)
    return image(figure, "submissions by points")


def _axes(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def image(figure: Any, label: str) -> Markup:
    """A matplotlib figure as an image inside the page, with its label for readers and screen readers."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110, metadata={"Software": None})
    source = "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
    return Markup('<figure><img alt="{0}" src="{1}"><figcaption>{0}</figcaption></figure>').format(label, source)
