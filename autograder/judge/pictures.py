"""Drawing figures with matplotlib, without a display."""

from __future__ import annotations

import base64
import io
import warnings
from typing import Any

import numpy as np

from autograder.judge.results import Picture, Result


def draw_pictures(result: Result) -> None:
    """Draw every learning curve of a result; one that cannot be drawn is left out, and a note says so."""
    for check in result.checks:
        for picture in [picture for picture in check.pictures if picture.kind == "curve"]:
            try:
                picture.image = base64.b64encode(curve_png(picture)).decode()
            except Exception as error:
                check.pictures.remove(picture)
                result.notes.append(
                    f"{check.question}: the picture '{picture.label}' was not drawn ({type(error).__name__})."
                )


def curve_png(picture: Picture) -> bytes:
    """A learning curve as a PNG. Names are shown letter by letter: neither formulas nor marks of matplotlib's."""
    figure, axes = new_axes(6.4, 2.6)
    for numbers in picture.data.values():
        drawn = np.array(numbers, dtype=float)
        axes.plot(range(1, len(drawn) + 1), drawn, marker="o", markersize=3)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    if picture.data:
        legend = axes.legend(axes.lines, ["?"] * len(axes.lines), frameon=False)
        for text, name in zip(legend.get_texts(), picture.data, strict=True):
            text.set(parse_math=False, usetex=False, text=name)
    return png(figure)


def new_axes(width: float, height: float) -> tuple[Any, Any]:
    """An empty figure of ``width`` x ``height`` inches, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png(figure: Any) -> bytes:
    """A figure as a PNG."""
    data = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # a letter that the font lacks is drawn as a box
        figure.savefig(data, format="png", dpi=110, metadata={"Software": None})
    return data.getvalue()
