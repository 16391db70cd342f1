"""Where a spec's data and weights are: paths that stay right when the spec is copied elsewhere."""

import os
from functools import partial
from pathlib import Path

from archspec.frontend.loader import Fault
from archspec.frontend.tree import Scalar, Table, Tree, changed

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

    Raises:
        Fault: One of them cannot be the name of a file.
    """
    for place in PLACES:
        tree = changed(tree, ("train", *place), partial(_located, hub=place == HUB))
    return tree


def _located(said: Tree, *, hub: bool) -> Tree:
    if not isinstance(said, Scalar) or not isinstance(said.value, str) or not said.value:
        return said
    if hub and not said.value.startswith((".", "/")):
        return said
    if "\0" in said.value:
        message = "no file has a null character in its name"
        raise Fault("E103", message, said.span, "write the name of the file")
    # `Path.resolve` would fail here where links go round, before it is known what reads them.
    return said._replace(value=os.path.realpath(Path(said.span.file).parent / said.value))
