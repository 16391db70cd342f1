"""The operators, one file each; the file's name is the operator's name.

There is no registry: `find` imports the file that a name asks for, so a spec pays only
for the operators that it uses. Operators of one's own are registered by the caller.
"""

import importlib
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType

from archspec.ir.op import Operator

_registered: dict[str, type[Operator]] = {}


class NotAnOperatorError(ValueError):
    """A module does not define one operator, or one of another name."""


def names() -> tuple[str, ...]:
    """Returns the names of all operators, sorted."""
    return (*_own_names(), *_registered) if _registered else _own_names()


@cache
def _own_names() -> tuple[str, ...]:
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem for file in files if file.stem != "__init__"))


def find(name: str) -> type[Operator]:
    """Returns the operator called `name`.

    Raises:
        KeyError: There is no such operator.
    """
    return _registered[name] if name in _registered else _find(name)


def registered() -> frozenset[str]:
    """Returns the names of the operators that the caller has registered."""
    return frozenset(_registered)


def register(module: ModuleType) -> type[Operator]:
    """Makes the operator of a module known, and returns it.

    Raises:
        NotAnOperatorError: It does not define exactly one, or archspec has one of that name.
    """
    operator = _operator(module)
    if operator.kind() in _own_names():
        raise NotAnOperatorError(f"archspec has an operator called {operator.kind()}")
    _registered[operator.kind()] = operator
    return operator


@cache
def _find(name: str) -> type[Operator]:
    if name not in _own_names():
        raise KeyError(name)
    return _operator(importlib.import_module(f"{__name__}.{name}"))


def _operator(module: ModuleType) -> type[Operator]:
    defined = [
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Operator)
        and member.__module__ == module.__name__
    ]
    if len(defined) != 1:
        raise NotAnOperatorError(f"it defines {len(defined)} operators instead of one")
    return defined[0]
