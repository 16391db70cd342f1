"""Learning curves: every metric of training and validation over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from PIL import Image

from archspec.training.record.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
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
    rows: Sequence[Mapping[str, float]],
    selected: int | None = None,
    begins: Sequence[int] = (),
) -> tuple[bytes, Sequence[Drawing]]:
    """Returns all learning curves in one PNG file, and each panel by itself.

    Args:
        rows: The metrics of each epoch, by name, with `epoch`.
        selected: The epoch to mark.
        begins: The first epoch of each phase but the first, to be marked too.
    """
    panels = {measure: _curves(rows, measure) for measure in measures(rows)}
    if "lr" in panels:
        panels["lr"] = [_in_steps(curve, begins) for curve in panels["lr"]]
    titled = {title(measure): curves for measure, curves in panels.items()}
    return panels_of(titled, selected, begins)


def measures(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Returns what rows of metrics measure: the loss first, the learning rate last."""
    names = dict.fromkeys(measure_of(name) for row in rows for name in row)
    return sorted((name for name in names if name not in ("epoch", "step")), key=rank)


def panels_of(
    panels: Mapping[str, Sequence[Curve]], selected: int | None, begins: Sequence[int] = ()
) -> tuple[bytes, Sequence[Drawing]]:
    """Returns panels in one PNG file, and each by itself.

    Args:
        panels: The curves of each panel, by its title.
        selected: The epoch to mark.
        begins: The epochs before which a thin line is drawn.
    """
    labels = "".join(curve.label for curves in panels.values() for curve in curves)
    single = []
    with style(labels):
        for at, (name, curves) in enumerate(panels.items()):
            figure = new_figure(WIDTH, HEIGHT)
            _draw(figure.add_subplot(), name, curves, selected, begins)
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


def _in_steps(curve: Curve, begins: Sequence[int]) -> Curve:
    """Returns a curve of what changes between two phases at once."""
    at = dict(zip(curve.epochs, curve.values, strict=True))
    points = [*at.items()]
    for begin in begins:
        points += [(begin - 0.5, at[begin - 1]), (begin - 0.5, at[begin])]
    points.sort(key=lambda point: point[0])
    return curve._replace(epochs=[x for x, _ in points], values=[y for _, y in points])


def _draw(
    axes: Axes,
    name: str,
    curves: Sequence[Curve],
    selected: int | None,
    begins: Sequence[int],
) -> None:
    plain_axes(axes, "learning rate" if name == "lr" else name, "epoch")
    for begin in begins:
        axes.axvline(begin - 0.5, color=INK, linewidth=0.8, linestyle=":", zorder=0.6)
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
