"""The error of the formula language, and the places in a formula that it points at."""

from typing import NamedTuple


class Place(NamedTuple):
    """A part of a formula, in characters from its beginning; `end` is exclusive."""

    start: int
    end: int


class FormulaError(Exception):
    """A formula cannot be read or has no value.

    Attributes:
        message: What is wrong, in one line.
        offset: Where in the text that was parsed, in characters.
        length: How many characters it concerns; 0 for an empty formula.
        help: What to do about it, or an empty string.
    """

    def __init__(self, message: str, place: Place, *, help: str = "") -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.offset = place.start
        self.length = place.end - place.start
        self.help = help


def clipped(text: str) -> str:
    """Returns a text for a message, cut if it is long."""
    return text if len(text) <= 40 else text[:39] + "…"


def quoted(text: str) -> str:
    """Returns a part of a formula for a message: in backticks, on one line, not too long."""
    return f"`{clipped(text if text.isprintable() else ascii(text))}`"
