"""A grid of pictures with what was predicted, as the lecture notes show theirs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from archspec.backends.whole_file import write_whole
from archspec.training.fonts import Font, font_for

SIDE = 160
"""Width and height of a picture in the grid."""

GAP = 12
LETTERS = 14
LINE = LETTERS + 5
BLACK, GREEN, RED = (30, 30, 30), (0, 120, 40), (200, 20, 20)
PAPER = (255, 255, 255)


class Cell(NamedTuple):
    """A picture and what stands below it.

    Attributes:
        picture: The picture.
        lines: The lines of text.
        right: Whether what they say is true, if that is known.
    """

    picture: Image.Image
    lines: Sequence[str]
    right: bool | None


def write_grid(path: Path, cells: Sequence[Cell]) -> str:
    """Writes a grid of pictures, and returns the letters that no font has.

    What is right is green, what is wrong red.

    Args:
        path: The picture file; its suffix says the format.
        cells: What is in the grid, row by row; at least one.

    Raises:
        OSError: The file cannot be written.
    """
    font, missing = font_for("".join(line for cell in cells for line in cell.lines), LETTERS)
    columns = math.ceil(math.sqrt(len(cells)))
    rows = math.ceil(len(cells) / columns)
    height = SIDE + GAP + LINE * max(len(cell.lines) for cell in cells)
    size = (GAP + columns * (SIDE + GAP), GAP + rows * (height + GAP))
    grid = Image.new("RGB", size, PAPER)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        _draw(grid, cell, (GAP + column * (SIDE + GAP), GAP + row * (height + GAP)), font)
    content = BytesIO()
    grid.save(content, Image.registered_extensions()[path.suffix.lower()])
    write_whole(path, content.getvalue())
    return missing


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
    return picture.convert("RGB").resize(size, kind)


def _shortened(text: str, font: Font) -> str:
    if font.getlength(text) <= SIDE + GAP:
        return text
    while text and font.getlength(f"{text}…") > SIDE + GAP:
        text = text[:-1]
    return f"{text}…"
