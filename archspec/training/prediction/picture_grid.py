"""A grid of pictures with what was predicted, as the lecture notes show theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PIL import Image, ImageDraw

from archspec.backends.whole_file import write_whole
from archspec.training.prediction.fonts import Font, font_for
from archspec.training.prediction.picture_colours import coloured

SIDE = 160
"""Width and height of a picture in the grid."""

GAP = 12
LETTERS = 14
LINE = LETTERS + 5
BLACK, GREEN, RED = (30, 30, 30), (0, 120, 40), (200, 20, 20)
PAPER = (255, 255, 255)

Line: TypeAlias = str | tuple[str, str]
"""A line of text, which is shortened if it is too long; of two parts, the second stays whole."""


class Cell(NamedTuple):
    """A picture and what stands below it.

    Attributes:
        picture: The picture.
        lines: The lines of text.
        right: Whether what they say is true, if that is known.
    """

    picture: Image.Image
    lines: Sequence[Line]
    right: bool | None


def write_grid(path: Path, cells: Sequence[Cell], columns: int | None = None) -> None:
    """Writes a grid of pictures.

    What is right is green, what is wrong red.

    Args:
        path: The picture file; its suffix says the format.
        cells: What is in the grid, row by row; at least one.
        columns: How many are in a row; if left out, as many as make a square.

    Raises:
        OSError: The file cannot be written.
    """
    kind = Image.registered_extensions()[path.suffix.lower()]
    write_whole(path, grid(cells, kind, columns))


def grid(cells: Sequence[Cell], kind: str = "PNG", columns: int | None = None) -> bytes:
    """Returns a grid of pictures as the content of a file.

    Args:
        cells: What is in the grid, row by row; at least one.
        kind: The format of the file, by Pillow's name.
        columns: How many are in a row; if left out, as many as make a square.
    """
    font = font_for("".join("".join(line) for cell in cells for line in cell.lines), LETTERS)
    columns = columns or math.ceil(math.sqrt(len(cells)))
    rows = math.ceil(len(cells) / columns)
    height = SIDE + GAP + LINE * max(len(cell.lines) for cell in cells)
    size = (GAP + columns * (SIDE + GAP), GAP + rows * (height + GAP))
    whole = Image.new("RGB", size, PAPER)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        _draw(whole, cell, (GAP + column * (SIDE + GAP), GAP + row * (height + GAP)), font)
    content = BytesIO()
    whole.save(content, kind)
    return content.getvalue()


def _draw(grid: Image.Image, cell: Cell, corner: tuple[int, int], font: Font) -> None:
    left, top = corner
    picture = _fitted(cell.picture)
    grid.paste(picture, (left + (SIDE - picture.width) // 2, top + (SIDE - picture.height) // 2))
    draw = ImageDraw.Draw(grid)
    colour = {True: GREEN, False: RED, None: BLACK}[cell.right]
    for number, line in enumerate(cell.lines):
        text = _shortened(line, font)
        place = (left + (SIDE - font.getlength(text)) / 2, top + SIDE + 4 + number * LINE)
        draw.text(place, text, font=font, fill=colour)


def _fitted(picture: Image.Image) -> Image.Image:
    """Returns a picture as large as fits; the pixels of small ones stay squares."""
    scale = SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    kind = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return coloured(picture, 3).resize(size, kind)


def _shortened(line: Line, font: Font) -> str:
    text, end = (line, "") if isinstance(line, str) else line
    if font.getlength(f"{text}{end}") <= SIDE + GAP:
        return f"{text}{end}"
    while text and font.getlength(f"{text}…{end}") > SIDE + GAP:
        text = text[:-1]
    return f"{text}…{end}"
