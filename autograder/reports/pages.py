"""HTML pages that need nothing beside them, and the pictures in them. Whatever came from a student is escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from autograder.judge.pictures import new_axes, png
from autograder.judge.results import Picture


@cache
def _templates() -> Environment:
    loader = PackageLoader("autograder.reports")
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """A page (or part of one) from ``templates/``."""
    return _templates().get_template(template).render(**values)


def draw(picture: Picture) -> Markup:
    """A picture as HTML: an array as small tables, a learning curve as the image that was drawn of it."""
    if picture.kind == "array":
        return _array(picture)
    return _figure(picture.image, "; ".join(filter(None, [picture.label, picture.left_out])))


def _array(picture: Picture) -> Markup:
    shape, wrong = picture.data["shape"], picture.data["wrong"]
    values = np.array(picture.data["values"], dtype=object).reshape([1] * (3 - len(shape)) + shape)
    marked = np.zeros(values.shape, dtype=bool)
    marked[(0,) * (3 - len(wrong)) + tuple(wrong)] = True
    blocks = [
        [list(zip(v, m, strict=True)) for v, m in zip(*pair, strict=True)] for pair in zip(values, marked, strict=True)
    ]
    return Markup(render("array.html", blocks=blocks, label=picture.label, shape=tuple(shape)))


def histogram(points: Sequence[float], max_points: float) -> Markup:
    """How many submissions earned how many points."""
    figure, axes = new_axes(6.4, 1.9)
    axes.hist(points, bins=np.linspace(0, max_points, 11), color="#2b6cb0", rwidth=0.92)
    axes.set_xlabel("points")
    axes.yaxis.get_major_locator().set_params(integer=True)
    return image(figure, "submissions by points")


def image(figure: Any, label: str) -> Markup:
    """A matplotlib figure as an image inside the page, with its label for readers and screen readers."""
    return _figure(base64.b64encode(png(figure)).decode(), label)


def _figure(png: str, label: str) -> Markup:
    if not png:
        return Markup("<figure><figcaption>{}</figcaption></figure>").format(label)
    source = f"data:image/png;base64,{png}"
    return Markup('<figure><img alt="{0}" src="{1}"><figcaption>{0}</figcaption></figure>').format(label, source)
