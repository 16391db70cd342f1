"""Predicted and true values, and how far they are apart."""

from __future__ import annotations

import numpy as np

from archspec.training.record.figures.canvas import (
    BLUE,
    INK,
    ORANGE,
    Drawing,
    finished,
    new_figure,
    plain_axes,
    style,
)

MOST = 5000
"""The most points that are drawn."""


def scatter(predicted: np.ndarray, true: np.ndarray) -> Drawing:
    """Returns predicted against true values, and the distribution of the residuals.

    Args:
        predicted: The predicted values, of any shape; all numbers of an example count.
        true: The true ones, of the same shape.
    """
    made, wanted = predicted.reshape(-1), true.reshape(-1)
    which = np.linspace(0, len(made) - 1, min(len(made), MOST)).astype(int)
    with style():
        figure = new_figure(9.2, 3.8)
        points, bars = figure.subplots(1, 2)
        plain_axes(points, "predicted against true", "true", "predicted")
        points.plot(wanted[which], made[which], ".", color=BLUE, markersize=4, alpha=0.6)
        ends = [min(wanted.min(), made.min()), max(wanted.max(), made.max())]
        points.plot(ends, ends, color=INK, linewidth=0.8, linestyle="--")
        plain_axes(bars, "residuals", "predicted − true", "examples")
        bars.hist(made - wanted, bins=min(40, max(5, int(len(made) ** 0.5))), color=ORANGE)
        return finished(figure, "values")
