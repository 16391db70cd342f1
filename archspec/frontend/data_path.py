"""Where a spec's data and weights are: paths that stay right when the spec is copied elsewhere."""

from pathlib import Path
from typing import overload

from archspec.frontend.tree import Scalar, Table, Tree

PLACES = (
    ("data", "npz"),
    ("data", "folder"),
    ("data", "root"),
    ("data", "npy", "x"),
    ("data", "npy", "y"),
    ("data", "table", "file"),
    ("data", "huggingface", "path"),
    ("weights",),
    ("weights", "file"),
)
"""Where the `train` section of a spec names files and directories."""

HUB = ("data", "huggingface", "path")
"""Which of them may be the name of a data set on the hub; a path begins with a dot or slash."""


def with_absolute_data(tree: Table) -> Table:
    """Returns the spec with absolute paths of its data and weights, if it names any.

    A path is relative to the file that says it; that of a `--set` to the working directory.
    """
    for place in PLACES:
        tree = _located(tree, ("train", *place), hub=place == HUB)
    return tree


@overload
def _located(tree: Table, keys: tuple[str, ...], *, hub: bool) -> Table: ...
@overload
def _located(tree: Tree, keys: tuple[str, ...], *, hub: bool) -> Tree: ...
def _located(tree: Tree, keys: tuple[str, ...], *, hub: bool) -> Tree:
    if isinstance(tree, Table) and keys and keys[0] in tree.entries:
        entry = tree.entries[keys[0]]
        changed = entry._replace(value=_located(entry.value, keys[1:], hub=hub))
        return tree._replace(entries={**tree.entries, keys[0]: changed})
    if isinstance(tree, Scalar) and not keys and isinstance(tree.value, str) and tree.value:
        if hub and not tree.value.startswith((".", "/")):
            return tree
        folder = Path(tree.span.file).parent
        return tree._replace(value=str((folder / tree.value).resolve()))
    return tree
