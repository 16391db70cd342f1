"""Whether the numbers in names run the same way in a file and here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_NUMBERS = re.compile(r"(\d+)")


def numbers_agree(pairs: Iterable[tuple[int, int]], names: Mapping[int, str]) -> bool:
    """Returns whether layers of a file that differ in one number are in the order of the data.

    Args:
        pairs: Pairs of our layers, of which the first one comes before the second.
        names: What each of ours is called in the file.
    """
    return all(_ascends(names[first], names[second]) for first, second in pairs)


def _ascends(first: str, second: str) -> bool:
    one, two = _NUMBERS.split(first), _NUMBERS.split(second)
    if len(one) != len(two):
        return True
    differing = [(a, b) for a, b in zip(one, two, strict=True) if a != b]
    if len(differing) != 1 or not all(part.isdecimal() for part in differing[0]):
        return True
    a, b = differing[0]
    return int(a) < int(b)
