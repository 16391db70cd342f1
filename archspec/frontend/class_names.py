"""`classes: names.txt`: names of classes that stand in a file, and become part of the spec."""

from __future__ import annotations

from functools import partial

from archspec.diagnostics import SourceError
from archspec.frontend import loader
from archspec.frontend.compiled import Options
from archspec.frontend.limits import DEFAULTS
from archspec.frontend.tree import Items, Scalar, Table, Tree, changed

PLACE = ("train", "data", "classes")


def with_class_names(tree: Table, file: str, options: Options) -> Table:
    """Returns the spec with the names of its classes, if it names a text file with one a line.

    Its path is relative to the file that says it; that of a `--set` to the working directory.

    Args:
        tree: The spec.
        file: Its file.
        options: How it is compiled.

    Raises:
        Fault: The file with the names cannot, or may not, be read.
    """
    return changed(tree, PLACE, partial(_named, file=file, options=options))


def _named(said: Tree, file: str, options: Options) -> Tree:
    if not isinstance(said, Scalar) or not isinstance(said.value, str) or not said.value:
        return said
    from archspec.frontend.references import named_file, project_root  # of few specs

    root = None if options.get("allow_outside", False) else project_root(file)
    path = named_file(said.value, said.span, root)
    try:
        text = loader.read(str(path), options.get("limits", DEFAULTS))
    except SourceError as error:
        help_ = "name a text file with the name of a class in each line, or list the names here"
        raise loader.Fault("E001", error.diagnostic.message, said.span, help_) from None
    names = [line.strip() for line in text.splitlines() if line.strip()]
    return Items(tuple(Scalar(name, said.span, None) for name in names), said.span)
