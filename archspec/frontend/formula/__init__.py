"""The formula language: what a value of a spec that begins with `=` means.

A formula is parsed once and evaluated wherever its names have values. It computes with
numbers, booleans, strings, lists, mappings, symbolic sizes and the shapes of tensors; it
runs no code and takes bounded time.
"""

from typing import NamedTuple

from archspec.frontend.formula.errors import FormulaError
from archspec.frontend.formula.nodes import Attribute, Context, Lookup, Name, Node, walk
from archspec.frontend.formula.parser import parse_tree
from archspec.frontend.limits import Work

__all__ = ["Formula", "FormulaError", "Lookup", "NameUse", "parse"]


class NameUse(NamedTuple):
    """A place where a formula uses a name.

    Attributes:
        name: The name.
        offset: Where it stands in the formula, in characters.
        length: Its length.
        attribute: The `x` of a `.x` directly behind it, if any.
    """

    name: str
    offset: int
    length: int
    attribute: str | None = None


class Formula:
    """A formula that has been read; make one with `parse`."""

    __slots__ = ("_root", "_size")

    def __init__(self, root: Node, size: int) -> None:
        self._root = root
        self._size = size

    def names(self) -> tuple[NameUse, ...]:
        """Returns every use of a name, in the order of the text."""
        attributes = {
            node.owner.place: node.name
            for node, _ in walk(self._root)
            if isinstance(node, Attribute)
        }
        return tuple(
            NameUse(
                node.name,
                node.name_place.start,
                node.name_place.end - node.name_place.start,
                attributes.get(node.place),
            )
            for node, _ in walk(self._root)
            if isinstance(node, Name)
        )

    def evaluate(self, lookup: Lookup, work: Work | None = None) -> object:
        """Returns the formula's value.

        Args:
            lookup: Gives the value of a name, or raises `KeyError`, whose second argument
                may be a help line.
            work: What may be done; by default as much as for a whole spec.

        Raises:
            FormulaError: The formula has no value.
            Exhausted: It takes too many steps.
        """
        work = work or Work()
        work.spend(self._size)
        return self._root.evaluate(Context(lookup, work))


def parse(text: str, work: Work | None = None) -> Formula:
    """Reads a formula.

    Args:
        text: What stands behind the `=`.
        work: What may be done; by default as much as for a whole spec.

    Raises:
        FormulaError: It is not a formula.
        Exhausted: It is too long.
    """
    return Formula(*parse_tree(text, work or Work()))
