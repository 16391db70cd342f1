"""Learning curves: every metric of training and validation over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from PIL import Image

from archspec.training.record.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    SERIES,
    Drawing,
    finished,
    logarithmic,
    new_figure,
    plain_axes,
    style,
)
from archspec.training.record.measures import measure_of, rank, stage_of, title

WIDTH, HEIGHT = 4.6, 2.9
"""The size of one panel, in inches."""

_RATIO = 50.0
"""The ratio of largest and smallest value from which an axis is logarithmic."""

_COLOURS = {"train": BLUE, "validation": ORANGE, "": INK}


DASHES = ("-", "--", ":", "-.")
"""What tells runs apart for which there are no more colours."""


class Curve(NamedTuple):
    """A value over the epochs.

    Attributes:
        label: What it is called.
        colour: Its colour.
        epochs: The epochs.
        values: Its values.
        dash: How its line is drawn.
    """

    label: str
    colour: str
    epochs: Sequence[float]
    values: Sequence[float]
    dash: str = "-"


def learning_curves(
    rows: Sequence[Mapping[str, float]], selected: int | None = None
) -> tuple[bytes, Sequence[Drawing]]:
    """Returns all learning curves in one PNG file, and each panel by itself.

    Args:
        rows: The metrics of each epoch, by name, with `epoch`.
        selected: The epoch to mark.
    """
    panels = {measure: _curves(rows, measure) for measure in measures(rows)}
    return panels_of({title(measure): curves for measure, curves in panels.items()}, selected)


def overlaid(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
) -> tuple[bytes, Sequence[Drawing], Sequence[str]]:
    """Returns the learning curves of several runs, one panel for each metric.

    They are in one PNG file, then each panel by itself, then their titles.

    Args:
        runs: The metrics of each epoch of each run.
    """
    names = dict.fromkeys(name for rows in runs.values() for row in rows for name in row)
    wanted = [name for name in names if stage_of(name)]
    looks = [(dash, colour) for dash in DASHES for colour in SERIES]
    panels = {}
    for name in sorted(wanted, key=lambda name: (rank(measure_of(name)), stage_of(name))):
        curves = [
            _curve(label, colour, name, rows)._replace(dash=dash)
            for (label, rows), (dash, colour) in zip(runs.items(), cycle(looks), strict=False)
        ]
        panels[f"{stage_of(name)} {title(measure_of(name))}"] = [c for c in curves if c.epochs]
    return *panels_of(panels, None), list(panels)


def measures(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Returns what rows of metrics measure: the loss first, the learning rate last."""
    names = dict.fromkeys(measure_of(name) for row in rows for name in row)
    return sorted((name for name in names if name not in ("epoch", "step")), key=rank)


def panels_of(
    panels: Mapping[str, Sequence[Curve]], selected: int | None
) -> tuple[bytes, Sequence[Drawing]]:
    """Returns panels in one PNG file, and each by itself.

    Args:
        panels: The curves of each panel, by its title.
        selected: The epoch to mark.
    """
    labels = "".join(curve.label for curves in panels.values() for curve in curves)
    single = []
    with style(labels):
        for at, (name, curves) in enumerate(panels.items()):
            figure = new_figure(WIDTH, HEIGHT)
            _draw(figure.add_subplot(), name, curves, selected)
            single.append(finished(figure, f"curve{at}"))
    return _side_by_side([panel.png for panel in single]), single


def _side_by_side(pngs: Sequence[bytes]) -> bytes:
    """Returns pictures of one size in one file, two in a row."""
    pictures = [Image.open(BytesIO(png)) for png in pngs]
    width, height = pictures[0].size
    columns = min(2, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    whole = Image.new("RGB", (columns * width, rows * height), "white")
    for at, picture in enumerate(pictures):
        row, column = divmod(at, columns)
        whole.paste(picture.convert("RGB"), (column * width, row * height))
    content = BytesIO()
    whole.save(content, "PNG")
    return content.getvalue()


def _curves(rows: Sequence[Mapping[str, float]], measure: str) -> list[Curve]:
    names = [name for name in rows[0] if measure_of(name) == measure]
    names = sorted(names, key=lambda name: list(_COLOURS).index(stage_of(name)))
    return [
        _curve(stage_of(name) or title(measure), _COLOURS[stage_of(name)], name, rows)
        for name in names
    ]


def _curve(
    label: str, colour: str, name: str, rows: Sequence[Mapping[str, float]]
) -> Curve:  # fmt: skip
    points = [(row["epoch"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]
    return Curve(label, colour, [x for x, _ in points], [y for _, y in points])


def _draw(axes: Axes, name: str, curves: Sequence[Curve], selected: int | None) -> None:
    plain_axes(axes, "learning rate" if name == "lr" else name, "epoch")
    if selected is not None:
        axes.axvline(selected, color=FAINT, linewidth=5, zorder=0.5)
    for curve in curves:
        marker = "o" if len(curve.epochs) == 1 else None
        axes.plot(
            curve.epochs,
            curve.values,
            color=curve.colour,
            linestyle=curve.dash,
            marker=marker,
            label=curve.label,
        )
        for epoch, value in zip(curve.epochs, curve.values, strict=True):
            if epoch == selected:
                axes.plot(epoch, value, "o", color=curve.colour, markersize=5)
    values = [value for curve in curves for value in curve.values]
    if values and min(values) > 0 and max(values) / min(values) > _RATIO:
        logarithmic(axes)
    elif values and min(values) == max(values) > 0:
        axes.set_ylim(0, 2 * max(values))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    if len(curves) > 1:
        axes.legend(fontsize="small")
