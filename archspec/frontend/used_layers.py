"""Finds the layers of a spec that use other specs.

Only what stands in a list of layers is one: a parameter, a path or a value may be called `use`.
"""

from collections.abc import Callable
from typing import TypeAlias

from archspec.frontend.layer import RESERVED
from archspec.frontend.tree import Entry, Items, Table, Tree

Use: TypeAlias = Callable[[Entry, int], Tree]
"""Returns what stands in place of what a `use` is given, which is so deep in the tree."""

_VALUES = (*RESERVED, "each")
"""Keys of a layer that never hold layers, but rows or options."""


def with_used(layers: Tree, depth: int, use: Use) -> Tree:
    """Returns a list of layers with those in place that use specs, however deep inside.

    Args:
        layers: The list.
        depth: How deep it is in the tree.
        use: Puts them in place.
    """
    if not isinstance(layers, Items):
        return layers
    return layers._replace(items=tuple([_layer(item, depth + 1, use) for item in layers.items]))


def _layer(tree: Tree, depth: int, use: Use) -> Tree:
    if not isinstance(tree, Table):
        return tree
    entries = {
        key: entry._replace(
            value=use(entry, depth + 1) if key == "use" else _given(entry.value, depth + 1, use)
        )
        for key, entry in tree.entries.items()
    }
    return tree._replace(entries=entries)


def _given(tree: Tree, depth: int, use: Use) -> Tree:
    """Returns what a layer is given: its only list of layers, or its keys and paths."""
    if not isinstance(tree, Table):
        return with_used(tree, depth, use)
    entries = {
        key: entry if key in _VALUES else entry._replace(value=_path(entry.value, depth + 1, use))
        for key, entry in tree.entries.items()
    }
    return tree._replace(entries=entries)


def _path(tree: Tree, depth: int, use: Use) -> Tree:
    """Returns a path: a list of layers, or a mapping that has one."""
    if not isinstance(tree, Table) or "layers" not in tree.entries:
        return with_used(tree, depth, use)
    entry = tree.entries["layers"]
    placed = entry._replace(value=with_used(entry.value, depth + 1, use))
    return tree._replace(entries={**tree.entries, "layers": placed})
