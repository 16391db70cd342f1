"""The input that a network works with which cannot take its own, found by trying.

That is the one with its channels first, or the least one that does not shrink to nothing.
Formulas may ask for sizes, so each trial builds the whole network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import as_text
from archspec.frontend.least_shapes import Shape, Shapes, SpentError, least_shapes
from archspec.frontend.tree import Entry, Items, Scalar, Table, scalars
from archspec.ir.graph import Graph

NOTHING_LEFT = "E203"
"""The code of the fault."""

OF_SIZE = ("E201", "E202", NOTHING_LEFT)
"""The codes of faults that another input may mend."""

COLOURS = (1, 3, 4)
"""How many channels pictures have."""

MOST_LAYERS = 8_000
"""How many layers all trials may build together: about a quarter of a second's worth."""

Build: TypeAlias = Callable[[Table], tuple[Sequence[Diagnostic], int]]
"""Builds a spec; returns its faults, and how many layers it has."""


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
    given = _shapes(graph)
    turned = {name: _channels_first(shape) for name, shape in given.items()}
    if turned != given:
        mends = _Trials(tree, build, faults, OF_SIZE)
        if mends(turned):
            help_ = f"channels come first: `{_written(turned)}` works"
            return [f._replace(help=help_) if f.code in OF_SIZE else f for f in faults]
    if all(fault.code != NOTHING_LEFT for fault in faults):
        return [*faults]
    found = least_shapes(turned, _Trials(tree, build, faults, (NOTHING_LEFT,)))
    if found is None:
        return [*faults]
    which = "the least input that works" if found.least else "an input that works"
    help_ = f"{which} is `{_written(found.shapes)}`; or use fewer or smaller strides and kernels"
    return [f._replace(help=help_) if f.code == NOTHING_LEFT else f for f in faults]


class _Trials:
    """Tries inputs of a spec."""

    def __init__(
        self, tree: Table, build: Build, faults: Sequence[Diagnostic], codes: Collection[str]
    ) -> None:
        """Prepares to try.

        Args:
            tree: The spec.
            build: Builds a spec.
            faults: The faults that it has with the inputs that it was given.
            codes: The codes of those that other inputs are to mend.
        """
        self._tree = tree
        self._build = build
        self._others = {(fault.code, fault.span) for fault in faults if fault.code not in codes}
        self._known: dict[tuple[tuple[str, Shape], ...], bool] = {}
        # Reading a value costs about an eighth of what making a layer does.
        self._each = sum(1 for _ in scalars(tree)) // 8
        self._spent = 0

    def __call__(self, shapes: Shapes) -> bool:
        """Returns whether inputs of these shapes mend the faults, and bring no others.

        Raises:
            SpentError: No more may be tried.
        """
        key = tuple(shapes.items())
        if key not in self._known:
            if self._spent > MOST_LAYERS:
                raise SpentError
            found, layers = self._build(_with_inputs(self._tree, shapes))
            self._spent += layers + self._each
            self._known[key] = all(
                f.code == "E301" or (f.code, f.span) in self._others for f in found
            )
        return self._known[key]


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


def _written(shapes: Shapes) -> str:
    return ", ".join(f"{name}: {as_text(shape)}" for name, shape in shapes.items())


def _with_inputs(tree: Table, shapes: Shapes) -> Table:
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
