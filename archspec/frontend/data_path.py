"""Where a spec's data are: a path that stays right when the spec is copied elsewhere."""

from pathlib import Path
from typing import overload

from archspec.frontend.tree import Scalar, Table, Tree

PLACE = ("train", "data", "npz")
"""Where a spec names its data file."""


def with_absolute_data(tree: Table) -> Table:
    """Returns the spec with an absolute path of its data file, if it names one.

    A path is relative to the file that says it; that of a `--set` to the working directory.
    """
    return _located(tree, PLACE)


@overload
def _located(tree: Table, keys: tuple[str, ...]) -> Table: ...
@overload
def _located(tree: Tree, keys: tuple[str, ...]) -> Tree: ...
def _located(tree: Tree, keys: tuple[str, ...]) -> Tree:
    if isinstance(tree, Table) and keys and keys[0] in tree.entries:
        entry = tree.entries[keys[0]]
        changed = entry._replace(value=_located(entry.value, keys[1:]))
        return tree._replace(entries={**tree.entries, keys[0]: changed})
    if isinstance(tree, Scalar) and not keys and isinstance(tree.value, str) and tree.value:
        folder = Path(tree.span.file).parent
        return tree._replace(value=str((folder / tree.value).resolve()))
    return tree
