"""The operators, one file each; the file's name is the operator's name.

There is no registry: `find` imports the file that a name asks for, so a spec pays only
for the operators that it uses.
"""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path

from archspec.ir.op import Operator


@cache
def names() -> tuple[str, ...]:
    """Returns the names of all operators, sorted."""
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem for file in files if file.stem != "__init__"))


@cache
def find(name: str) -> type[Operator]:
    """Returns the operator called `name`.

    Raises:
        KeyError: There is no such operator.
    """
    if name not in names():
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{name}")
    (operator,) = (
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Operator)
        and member.__module__ == module.__name__
    )
    return operator
