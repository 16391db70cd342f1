"""What the symbolic sizes of a graph are, for inputs of given shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archspec.ir.constraints import Equality
from archspec.ir.dim import Dim, Size, substitute
from archspec.ir.graph import Value
from archspec.ir.types import Shape


def bind_sizes(
    inputs: Mapping[str, Value],
    equalities: Iterable[Equality],
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, int]:
    """Returns the value of each name among the inputs' sizes.

    Args:
        inputs: The graph's inputs.
        equalities: What the sizes must satisfy.
        shapes: The shape given for each input, the batch first.

    Raises:
        ValueError: A shape does not fit its input, or the shapes do not fit together.
    """
    sizes: dict[str, int] = {}
    for name, value in inputs.items():
        _bind(name, value.type.shape, shapes[name], sizes)
    for equality in equalities:
        left, right = substitute(equality.left, sizes), substitute(equality.right, sizes)
        if left != right:
            given = ", ".join(f"{name} = {size}" for name, size in sizes.items())
            raise ValueError(
                f"{equality.node} needs equal {equality.what}, but {equality.left} is {left} "
                f"and {equality.right} is {right} for {given}"
            )
    return sizes


def _bind(name: str, expected: Shape, given: tuple[int, ...], sizes: dict[str, int]) -> None:
    message = f"the network takes {name}: {_text(expected)}, but was given {_text(given)}"
    if len(given) != len(expected):
        raise ValueError(message)
    for size, number in zip(expected, given, strict=True):
        if isinstance(size, Dim) and str(size) in size.names():
            sizes.setdefault(str(size), number)
        known = substitute(size, sizes)
        if isinstance(known, int) and known != number:
            raise ValueError(message + (f", where {size} is {known}" if known != size else ""))


def _text(shape: Iterable[Size]) -> str:
    return f"[{', '.join(map(str, shape))}]"
