"""A font for pictures that has the letters of a text, Korean ones included."""

from __future__ import annotations

from functools import cache

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

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

NOWHERE = "\U0010ffff"
"""A letter that no font has: what it is drawn as stands for all that are missing."""


def font_for(text: str, size: int) -> tuple[Font, str]:
    """Returns the font that has most letters of a text, and the letters that it has not.

    Args:
        text: The text.
        size: The height of its letters.
    """
    letters = "".join(sorted({letter for letter in text if not letter.isspace()}))
    best: Font = ImageFont.load_default(size)  # which comes with Pillow, and has Latin letters
    missing = _missing(best, letters)
    for font in filter(None, (_font(name, size) for name in NAMES)):
        lacking = _missing(font, letters)
        if not lacking or len(lacking) < len(missing):
            best, missing = font, lacking
        if not missing:
            break
    return best, missing


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
