"""A font for pictures that has the letters of a text, Korean ones included."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from PIL import ImageFont

NAMES = (
    "DejaVuSans.ttf",
    "NanumGothic.ttf",
    "NanumBarunGothic.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKkr-Regular.otf",
    "NotoSansKR-Regular.ttf",
    "NotoSansKR-Regular.otf",
    "NotoSansKR[wght].ttf",
    "UnDotum.ttf",
    "baekmuk-gulim.ttf",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "AppleGothic.ttf",
    "Arial Unicode.ttf",
)
"""Fonts of the usual systems, the plainest first; Pillow knows where each system has its own."""

SUFFIXES = (".ttf", ".otf", ".ttc")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

NOWHERE = "\U0010ffff"
"""A letter that no font has: what it is drawn as stands for all that are missing."""


def font_for(text: str, size: int) -> Font:
    """Returns the font that has most letters of a text.

    Args:
        text: The text.
        size: The height of its letters.
    """
    return _best(_letters(text), size)[0]


def lacking(text: str) -> str:
    """Returns the letters of a text that the font which has most of them has not."""
    return _best(_letters(text), 16)[1]


def _letters(text: str) -> str:
    return "".join(sorted({letter for letter in text if not letter.isspace()}))


@cache
def _best(letters: str, size: int) -> tuple[Font, str]:
    best: Font = ImageFont.load_default(size)  # which comes with Pillow, and has Latin letters
    missing = _missing(best, letters)
    for name in (*NAMES, *_installed()) if missing else ():
        font = _font(name, size)
        found = _missing(font, letters) if font else letters
        if font and len(found) < len(missing):
            best, missing = font, found
        if not missing:
            break
    return best, missing


@cache
def _installed() -> tuple[str, ...]:
    """Returns the files of all fonts that are installed, upright ones of medium weight first."""
    found = {
        str(file)
        for folder in _folders()
        for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES
    }
    return tuple(sorted(found, key=lambda name: ("regular" not in name.lower(), name)))


def _folders() -> Iterator[Path]:
    """Yields the directories that a system has its fonts in."""
    if sys.platform == "win32":
        windows = os.environ.get("WINDIR", r"C:\Windows")
        places = [f"{windows}/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"]
    elif sys.platform == "darwin":
        places = ["/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"]
    else:
        own = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        places = ["~/.fonts", *(f"{place}/fonts" for place in (own, *shared.split(":")))]
    for place in places:
        with suppress(RuntimeError):  # a user need not have a home
            yield Path(place).expanduser()


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


def _missing(font: Font, letters: str) -> str:
    if not isinstance(font, ImageFont.FreeTypeFont):
        return "".join(letter for letter in letters if not letter.isascii())
    unknown = bytes(font.getmask(NOWHERE))
    return "".join(letter for letter in letters if bytes(font.getmask(letter)) == unknown)
