"""How figures look, and how they become files.

On pages the colours are those of the page, so that a figure is legible on light and on dark.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from archspec.training.prediction.fonts import font_for

# What it tells of its font cache is for programmers.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

INK, FAINT = "#1c1e21", "#d9dce1"
BLUE, ORANGE, GREEN, RED = "#0067b1", "#cc5200", "#1a7f37", "#c62828"
SERIES = (BLUE, ORANGE, GREEN, "#8250df", "#9a6700", "#bf3989", "#0a7ea4", "#57606a")
"""Colours that are told apart also by the colour-blind, one after the other."""

_OF_PAGE: Mapping[str, str] = {
    INK: "currentColor",
    FAINT: "var(--faint)",
    **{colour: f"var(--series-{at})" for at, colour in enumerate(SERIES)},
    RED: "var(--wrong)",
}
"""What a page calls the colours."""

_TEXT_SIZE = 9.0


class Drawing(NamedTuple):
    """A finished figure.

    Attributes:
        png: The bytes of a PNG file.
        svg: An `<svg>` element for a page.
    """

    png: bytes
    svg: str


@contextmanager
def style(text: str = "") -> Iterator[None]:
    """Sets how figures look that are made and finished within.

    Args:
        text: The names that will stand in them, so that a font is used that has their letters.
    """
    settings: Any = {
        "font.family": _families(text),
        "font.size": _TEXT_SIZE,
        "svg.fonttype": "none",  # text stays text, in the page's own font
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlesize": _TEXT_SIZE + 1,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.formatter.use_mathtext": False,
        "axes.unicode_minus": False,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": FAINT,
        "grid.linewidth": 0.7,
        "lines.linewidth": 1.6,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # Letters that no font has are boxes; whoever calls has told of them.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def finished(figure: Figure, name: str) -> Drawing:
    """Returns a figure as files.

    Args:
        figure: The figure.
        name: What distinguishes it from others on the same page.
    """
    png = BytesIO()
    figure.savefig(png, format="png", dpi=144, facecolor="white")
    figure.set_layout_engine("none")  # all is in its place, and looking for it takes long
    with matplotlib.rc_context({"svg.hashsalt": name}):
        svg = BytesIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
    return Drawing(png.getvalue(), _for_page(svg.getvalue().decode(), name))


def plain_axes(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Gives axes a title, labels, and a grid behind what they show."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="both")
    axes.set_axisbelow(True)


def logarithmic(axes: Axes) -> None:
    """Makes the y axis logarithmic, with plain numbers: typesetting powers takes long."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_PlainNumbers())
    axes.yaxis.set_minor_formatter(_PlainNumbers(minor_thresholds=(1, 0.4)))


def shortened(text: str, most: int = 20) -> str:
    """Returns a name with its end left out where it is too long for a figure."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class _PlainNumbers(LogFormatter):
    """Writes 0.2 and 1e-05, not powers of ten."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def _families(text: str) -> list[str]:
    """Returns the fonts to write with: matplotlib's own, and one that has the letters."""
    families = ["DejaVu Sans"]
    foreign = "".join(sorted({letter for letter in text if ord(letter) > 0x24F}))
    path = getattr(font_for(foreign, 16), "path", None) if foreign else None
    if isinstance(path, str):
        font_manager.fontManager.addfont(path)
        families.append(font_manager.FontProperties(fname=path).get_name())
    return families


def _for_page(svg: str, name: str) -> str:
    """Returns the element alone, as wide as there is room, in the colours of the page."""
    svg = svg[svg.index("<svg") :]
    # Styles of the figure's own would be those of the whole page.
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    width = re.search(r'width="([\d.]+)pt"', svg)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r"font: ([^;\"']*?)'DejaVu Sans'[^;\"]*", r"font: \1inherit", svg)
    svg = re.sub(r'\bid="([\w.]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)([\w.]+)', rf"\1{name}-\2", svg)
    for colour, variable in _OF_PAGE.items():
        svg = svg.replace(colour, variable)
    size = f'style="max-width: {float(width[1]) * 4 / 3:.0f}px" ' if width else ""
    return svg.replace("<svg ", f'<svg role="img" {size}', 1)
