"""The input that a network works with which cannot take its own, found by trying.

That is the one with its channels first, or the least one that does not shrink to nothing.

Formulas may ask for sizes, so each trial builds the whole network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import as_text
from archspec.frontend.tree import Entry, Items, Scalar, Table
from archspec.ir.graph import Graph

NOTHING_LEFT = "E203"
"""The code of the fault."""

OF_SIZE = ("E201", "E202", NOTHING_LEFT)
"""The codes of faults that another input may mend."""

COLOURS = (1, 3, 4)
"""How many channels pictures have."""

LARGEST = 2**13
"""The largest size that is tried."""

MOST_LAYERS = 15_000
"""How many layers all trials may build together: about half a second's worth."""

Shape: TypeAlias = tuple[int | str, ...]
Build: TypeAlias = Callable[[Table], tuple[Sequence[Diagnostic], int]]
"""Builds a spec; returns its faults, and how many layers it has."""


class _Sizes(NamedTuple):
    """Equal sizes of one input, which grow together: images are mostly square."""

    name: str
    axes: tuple[int, ...]
    size: int

    def times(self, factor: int) -> int:
        """Returns a multiple of the size, or the largest one that is tried."""
        return max(self.size, min(self.size * factor, LARGEST))


def with_better_input(
    faults: Sequence[Diagnostic], tree: Table, graph: Graph, build: Build
) -> list[Diagnostic]:
    """Returns the faults of a spec; those that another input mends name it.

    Args:
        faults: The faults.
        tree: The spec.
        graph: What has been built of it.
        build: Builds a spec.
    """

    def mends(codes: Collection[str], changed: Table) -> tuple[bool, int]:
        others = {(fault.code, fault.span) for fault in faults if fault.code not in codes}
        found, layers = build(changed)
        return all(f.code == "E301" or (f.code, f.span) in others for f in found), layers

    given = _shapes(graph)
    turned = {name: _channels_first(shape) for name, shape in given.items()}
    codes: Collection[str] = OF_SIZE
    help_ = f"channels come first: `{_written(turned)}` works"
    if turned == given or not mends(codes, _with_inputs(tree, turned))[0]:
        codes = (NOTHING_LEFT,)
        least = _least(tree, turned, partial(mends, codes))
        if not least:
            return [*faults]
        help_ = f"the least input that works is `{_written(least)}`; or use fewer or smaller "
        help_ += "strides and kernels"
    return [f._replace(help=help_) if f.code in codes else f for f in faults]


def may_help(faults: Sequence[Diagnostic], graph: Graph) -> bool:
    """Returns whether another input may mend one of the faults of a spec."""
    codes = {fault.code for fault in faults}
    if NOTHING_LEFT in codes:
        return True
    shapes = _shapes(graph).values() if not codes.isdisjoint(OF_SIZE) else ()
    return any(_channels_first(shape) != shape for shape in shapes)


def _shapes(graph: Graph) -> dict[str, Shape]:
    """Returns the shapes of a network's inputs, for one example."""
    return {
        name: tuple(size if isinstance(size, int) else str(size) for size in value.type.example)
        for name, value in graph.inputs.items()
    }


def _channels_first(shape: Shape) -> Shape:
    """Returns the shape of an image with its channels first, if they seem to be last."""
    if len(shape) == 3 and shape[-1] in COLOURS and shape[0] not in COLOURS:
        return (shape[-1], *shape[:-1])
    return shape


def _written(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name}: {as_text(shape)}" for name, shape in shapes.items())


def _least(
    tree: Table, given: Mapping[str, Shape], trial: Callable[[Table], tuple[bool, int]]
) -> Mapping[str, Shape]:
    """Returns the smallest inputs that leave something of a network; none if no trial works.

    Sizes that are large enough stay as they are, and so do channels and names.
    """
    layers = 0

    def works(shapes: Mapping[str, Shape]) -> bool:
        nonlocal layers
        if layers > MOST_LAYERS:
            return False
        fits, built = trial(_with_inputs(tree, shapes))
        layers += built
        return fits

    groups = _groups(given)
    factor, best = 1, given
    while not works(best):
        if layers > MOST_LAYERS or all(group.times(factor) >= LARGEST for group in groups):
            return {}
        factor *= 2
        best = given
        for group in groups:
            best = _resized(best, group, group.times(factor))
    for group in groups:
        low, high = group.size - 1, group.times(factor)
        while high - low > 1:
            middle = group.size if low < group.size else (low + high) // 2
            resized = _resized(best, group, middle)
            low, high = (low, middle) if works(resized) else (middle, high)
        best = _resized(best, group, high)
    return best if layers <= MOST_LAYERS else {}


def _groups(given: Mapping[str, Shape]) -> list[_Sizes]:
    """Returns the sizes that may grow: all known ones but the first, which counts channels."""
    groups = []
    for name, shape in given.items():
        free = range(min(1, len(shape) - 1), len(shape))
        for size in dict.fromkeys(shape[axis] for axis in free):
            if isinstance(size, int):
                axes = tuple(axis for axis in free if shape[axis] == size)
                groups.append(_Sizes(name, axes, size))
    return groups


def _resized(shapes: Mapping[str, Shape], group: _Sizes, size: int) -> Mapping[str, Shape]:
    shape = shapes[group.name]
    sizes = (size if axis in group.axes else old for axis, old in enumerate(shape))
    return {**shapes, group.name: tuple(sizes)}


def _with_inputs(tree: Table, shapes: Mapping[str, Shape]) -> Table:
    """Returns a spec with inputs of other shapes."""
    inputs = tree.get("inputs")
    if not isinstance(inputs, Table):
        return tree
    entries = dict(inputs.entries)
    for name, sizes in shapes.items():
        key, old = entries[name]
        shape = Items(tuple(Scalar(size, old.span) for size in sizes), old.span)
        if isinstance(old, Table):
            value = old._replace(entries={**old.entries, "shape": Entry(key, shape)})
            entries[name] = Entry(key, value)
        else:
            entries[name] = Entry(key, shape)
    section = tree.entries["inputs"]._replace(value=inputs._replace(entries=entries))
    return tree._replace(entries={**tree.entries, "inputs": section})
