"""Gradient norms of the layers: over time, and by depth, where vanishing can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from archspec.training.record.figures.canvas import (
    BLUE,
    ORANGE,
    SERIES,
    Drawing,
    finished,
    logarithmic,
    new_figure,
    plain_axes,
    shortened,
    style,
)
from archspec.training.record.gradient_norms import Norms

_LEGEND = 10
"""The most layers that a legend names."""

_TENTH = 0.1
"""The share of the run that its beginning is, and its end."""


def gradient_norms(norms: Norms) -> Drawing:
    """Returns the gradient norm of each layer over time, and of all by depth.

    Args:
        norms: The norms of the layers to show, in the order of the network.
    """
    with style():
        figure = new_figure(9.2, 3.4)
        over_time, depth = figure.subplots(1, 2)
        _over_time(over_time, norms)
        for (label, profile), colour in zip(_profiles(norms).items(), (BLUE, ORANGE), strict=True):
            _by_depth(depth, label, profile, colour)
        _finish(depth, len(norms.layers))
        return finished(figure, "gradients")


def compared(runs: Mapping[str, Norms]) -> Drawing:
    """Returns the gradient norms by depth of several runs, at the beginning and at the end.

    Args:
        runs: The norms of each run's layers, in the order of its network.
    """
    with style("".join(runs)):
        figure = new_figure(9.2, 3.6)
        all_axes = figure.subplots(1, 2, sharey=True)
        for at, (label, norms) in enumerate(runs.items()):
            for axes, profile in zip(all_axes, _profiles(norms).values(), strict=True):
                _by_depth(axes, shortened(label, 28), profile, SERIES[at % len(SERIES)])
        most = max(len(norms.layers) for norms in runs.values())
        for axes, when in zip(all_axes, ("first tenth of the run", "last tenth"), strict=True):
            _finish(axes, most)
            axes.set_title(f"gradient norm by layer, {when}")
        return finished(figure, "gradients")


def _over_time(axes: Axes, norms: Norms) -> None:
    plain_axes(axes, "gradient norm of each layer", "step")
    colours = colormaps["viridis"](np.linspace(0.0, 0.9, len(norms.layers)))
    values = _positive(np.asarray(norms.values))
    marker = "o" if len(norms.steps) == 1 else None
    shown = _spread(len(norms.layers), _LEGEND)
    for at, layer in enumerate(norms.layers):
        label = shortened(layer, 24) if at in shown else None
        axes.plot(norms.steps, values[:, at], color=colours[at], lw=1, label=label, marker=marker)
    logarithmic(axes)
    axes.legend(fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))


def _profiles(norms: Norms) -> dict[str, np.ndarray]:
    """Returns the geometric mean of each layer's norms, at the beginning and at the end."""
    logs = np.log10(_positive(np.asarray(norms.values)))
    few = max(1, round(len(logs) * _TENTH))
    with np.errstate(all="ignore"):
        return {
            "first tenth of the run": 10 ** logs[:few].mean(axis=0),
            "last tenth": 10 ** logs[-few:].mean(axis=0),
        }


def _by_depth(axes: Axes, label: str, profile: np.ndarray, colour: str) -> None:
    places = np.arange(1, len(profile) + 1)
    marker = "o" if len(profile) <= 60 else None
    axes.plot(places, profile, color=colour, label=label, marker=marker, markersize=3)


def _finish(axes: Axes, layers: int) -> None:
    plain_axes(axes, "gradient norm by layer", "layer, from the input on")
    logarithmic(axes)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.set_xlim(0.5, layers + 0.5)
    axes.legend(fontsize="small")


def _positive(values: np.ndarray) -> np.ndarray:
    """Returns norms without those that a logarithmic axis cannot show."""
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _spread(number: int, most: int) -> Sequence[int]:
    """Returns at most so many places, evenly spread from the first to the last."""
    return [round(place) for place in np.linspace(0, number - 1, min(number, most))]
