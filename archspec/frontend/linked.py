"""A spec in one piece."""

from collections.abc import Mapping
from typing import NamedTuple

from archspec.frontend.tree import Table


class Linked(NamedTuple):
    """A spec with every file that it names in place.

    Attributes:
        tree: The spec.
        included: The files that it or a part of it includes.
        used: The specs that it or a part of it uses as layers.
        sources: The text of every other file, by its path.
    """

    tree: Table
    included: list[Table]
    used: list[Table]
    sources: Mapping[str, str]


def is_library(tree: Table) -> bool:
    """Returns whether a file, as written, is one of blocks for specs to include, and no spec."""
    keys = tree.entries.keys()
    return "blocks" in keys and keys.isdisjoint(("name", "inputs", "layers", "extends"))
