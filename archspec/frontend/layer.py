"""A layer as it is written: what can be said in it, and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.diagnostics import Span
from archspec.frontend.names import Names
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.tree import Entry, Scalar, Tree
from archspec.ir.op import Operator

RESERVED = (
    "name", "from", "repeat", "first", "last", "when", "freeze", "expect", *TREATED,
)  # fmt: skip
"""Keys that every layer understands."""

CONSTRUCTS: Mapping[str, tuple[str, ...]] = {
    "residual": ("body", "shortcut"),
    "group": ("layers",),
    "auxiliary": ("layers", "weight"),
    "reuse": ("layer",),
    "use": ("spec", "variant", "params", "until"),
}
"""Layers that are part of the language, not operators, and their keys, the main one first."""

NESTING = ("residual", "group", "auxiliary")
"""The constructs whose main key is a list of layers."""


class Signature(NamedTuple):
    """What can be said in a call of an operator or a block.

    Attributes:
        name: The name of the operator or block.
        arguments: The fields or parameters.
        inputs: The names of the inputs.
        primary: The argument that the short form fills.
        operator: The operator, if it is one.
        faulty: Whether arguments were left out because of faults that have been reported.
    """

    name: str
    arguments: tuple[str, ...]
    inputs: tuple[str, ...]
    primary: str | None
    operator: type[Operator] | None = None
    faulty: bool = False

    @property
    def variadic(self) -> bool:
        """Whether it merges any number of paths."""
        return self.operator is not None and self.operator.variadic


class Path(NamedTuple):
    """A list of layers, or a value's name, beside or inside a layer.

    Attributes:
        name: The path's name; empty for one whose layers belong to the scope around it.
        span: Where it stands.
        layers: Its layers; none for a mere reference.
        names: The names of its layers.
        source: What it starts from, if not from the flow.
        when: Its condition.
        each: The rows or columns that it is repeated for, side by side.
    """

    name: str
    span: Span
    layers: tuple[Layer, ...]
    names: Names
    source: Tree | None = None
    when: Tree | None = None
    each: Entry | None = None


class Layer(NamedTuple):
    """One layer as written.

    Attributes:
        head: What is called: a name or a formula.
        kind: The same as text.
        component: Its component of the name path.
        names: The names of the scope that its paths stand in: the layer's own if it opens one.
        arguments: Fields, parameters and references that fill inputs.
        primary: The value of the short form.
        reserved: The keys that every layer understands.
        paths: The paths of a merge, the body and shortcut of a residual, the layers of a
            head, the layer lists that fill inputs.
        opens_scope: Whether it is named or repeated, so that what is inside is below it.
        transparent: Whether what is inside belongs to the scope around it.
        treated: Whether it says how training treats its weights.
        faulty: Whether something of it was left out because of a fault.
    """

    head: Scalar
    kind: str
    component: str
    names: Names
    arguments: dict[str, Entry]
    primary: Tree | None
    reserved: dict[str, Entry]
    paths: tuple[Path, ...]
    opens_scope: bool = False
    transparent: bool = False
    treated: bool = False
    faulty: bool = False
