"""The least shapes of inputs that something works with, found by trying.

What works with some size need not work with all larger ones: where paths of a network meet,
only multiples may. So the size is closed in on first, and then all smaller ones are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

LARGEST = 2**13
"""The largest size that is tried."""

Shape: TypeAlias = tuple[int | str, ...]
Shapes: TypeAlias = Mapping[str, Shape]
Works: TypeAlias = Callable[[Shapes], bool]


class SpentError(Exception):
    """No more may be tried."""


class Found(NamedTuple):
    """Shapes that work.

    Attributes:
        shapes: The shapes.
        least: Whether all smaller ones have been tried.
    """

    shapes: Shapes
    least: bool


class _Group(NamedTuple):
    """Equal sizes, which grow together: images are mostly square, and towers alike."""

    size: int
    places: frozenset[tuple[str, int]]

    def times(self, factor: int) -> int:
        """Returns a multiple of the size, or the largest one that is tried."""
        return max(self.size, min(self.size * factor, LARGEST))

    def resized(self, shapes: Shapes, size: int) -> Shapes:
        """Returns the shapes with another size."""
        return {
            name: tuple(
                size if (name, axis) in self.places else old for axis, old in enumerate(shape)
            )
            for name, shape in shapes.items()
        }


def least_shapes(given: Shapes, works: Works) -> Found | None:
    """Returns the smallest shapes that work; `None` if none is found.

    Sizes that are large enough stay as they are, and so do channels and names.

    Args:
        given: The shape of one example for each input, without the batch.
        works: Tries shapes; raises `SpentError` if no more may be tried.
    """
    groups, factor, found = _groups(given), 1, given
    try:
        while not works(found):
            if all(group.times(factor) >= LARGEST for group in groups):
                return None
            factor *= 2
            for group in groups:
                found = group.resized(found, group.times(factor))
    except SpentError:
        return None
    try:
        for group in groups:
            found = _closed_in(found, group, group.times(factor), works)
        for group in groups:
            found = _smallest(found, group, works)
        for name, shape in given.items():
            kept = {**found, name: shape}
            found = kept if works(kept) else found
    except SpentError:
        return Found(found, least=False)
    return Found(found, least=True)


def _groups(given: Shapes) -> list[_Group]:
    """Returns the sizes that may grow: all known ones but the first, which counts channels."""
    places: dict[int, set[tuple[str, int]]] = {}
    for name, shape in given.items():
        for axis in range(min(1, len(shape) - 1), len(shape)):
            size = shape[axis]
            if isinstance(size, int):
                places.setdefault(size, set()).add((name, axis))
    return [_Group(size, frozenset(where)) for size, where in places.items()]


def _closed_in(found: Shapes, group: _Group, high: int, works: Works) -> Shapes:
    """Returns shapes that work, with a size that is the least if all larger ones work too."""
    low = group.size - 1
    while high - low > 1:
        middle = group.size if low < group.size else (low + high) // 2
        if works(group.resized(found, middle)):
            high = middle
        else:
            low = middle
    return group.resized(found, high)


def _smallest(found: Shapes, group: _Group, works: Works) -> Shapes:
    """Returns shapes that work, with the smallest size that does."""
    name, axis = min(group.places)
    now = found[name][axis]
    for size in range(group.size, now if isinstance(now, int) else 0):
        smaller = group.resized(found, size)
        if works(smaller):
            return smaller
    return found
