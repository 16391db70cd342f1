"""The confusion matrix: how often which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from archspec.training.record.figures.canvas import (
    INK,
    Drawing,
    finished,
    new_figure,
    shortened,
    style,
)

NUMBERED = 25
"""The most classes whose counts are written into the cells."""

_PALEST = 0.05
_GAMMA = 0.5
"""Makes the few mistakes of a good network visible."""


def confusion_matrix(counts: np.ndarray, classes: Sequence[str], name: str = "matrix") -> Drawing:
    """Returns a confusion matrix, right predictions in blue and wrong ones in orange.

    The colour is the share of the true class, so that rare classes are seen like frequent ones.

    Args:
        counts: How many examples of each class (row) were predicted as which (column).
        classes: The names of the classes.
        name: What distinguishes it from other figures on a page.
    """
    number = len(classes)
    side = min(9.0, max(2.6, 0.42 * number)) if number <= NUMBERED else 8.5
    longest = max(len(shortened(label)) for label in classes)
    with style("".join(classes)):
        figure = new_figure(side + 0.9 + 0.06 * longest, side + 0.7 + 0.06 * longest)
        axes = figure.add_subplot()
        _cells(axes, counts)
        _names(axes, classes)
        return finished(figure, name)


def _cells(axes: Axes, counts: np.ndarray) -> None:
    number = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(number, dtype=bool)
    norm = PowerNorm(_GAMMA, 0, 1)
    for cells, colours in ((right, colormaps["Blues"]), (~right, colormaps["Oranges"])):
        shown = np.ma.masked_where(~cells | (counts == 0), _PALEST + (1 - _PALEST) * shares)
        axes.imshow(shown, cmap=colours, norm=norm, interpolation="nearest")
    if number > NUMBERED:
        return
    for row, column in np.argwhere(counts > 0):
        dark = norm(float(shares[row, column])) > 0.65
        axes.text(
            column,
            row,
            f"{counts[row, column]}",
            ha="center",
            va="center",
            color="#ffffff" if dark else "#101010",
            fontsize="small" if number <= 12 else 6,
        )


def _names(axes: Axes, classes: Sequence[str]) -> None:
    number = len(classes)
    size = 9 if number <= 12 else 7.5 if number <= NUMBERED else max(3.5, 480 / number * 0.9)
    labels = [shortened(label) for label in classes]
    every = max(1, round(number / 130))
    places = list(range(0, number, every))
    upright = number > NUMBERED or max(map(len, labels)) * number > 48
    axes.set_xticks(places, [labels[at] for at in places], rotation=90 if upright else 0)
    axes.set_yticks(places, [labels[at] for at in places])
    axes.tick_params(length=0, labelsize=min(size, 9))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_xticks(np.arange(-0.5, number), minor=True)
    axes.set_yticks(np.arange(-0.5, number), minor=True)
    axes.grid(which="minor", linewidth=0.6 if number <= NUMBERED else 0.2)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(INK)
