"""Axes: their names, their numbers, and sizes that must be equal along them."""

from collections.abc import Iterator

from archspec.ir.constraints import Equality
from archspec.ir.op import OperatorError
from archspec.ir.types import TensorType

_NAMES = {
    2: ("batch", "features"),
    4: ("batch", "channels", "height", "width"),
}


def resolve_axis(dim: int, type_: TensorType) -> int:
    """Returns the index into `type_.shape` that torch's `dim` means; never the batch.

    Raises:
        OperatorError: There is no such axis, or it is the batch.
    """
    rank = len(type_.shape)
    if 1 <= dim < rank or -rank < dim <= -1:
        return dim % rank
    raise OperatorError(
        f"dim: {dim} is not an axis of {type_}",
        help=f"dim counts the batch as 0: use 1 to {rank - 1}, or -1 for the last axis",
    )


def equal_sizes(*inputs: TensorType, but: int | None = None) -> Iterator[Equality]:
    """Yields the equality of all inputs' sizes, along every axis but `but`.

    Raises:
        OperatorError: The inputs do not have the same number of axes.
    """
    first = inputs[0].shape
    if any(len(other.shape) != len(first) for other in inputs):
        raise OperatorError(
            "the paths must have the same number of axes",
            labels={i: f"this path is {type_}" for i, type_ in enumerate(inputs)},
            help="flatten or pool the larger one first; a pool with keepdim: true keeps [C, 1, 1]",
            code="E202",
        )
    names = _NAMES.get(len(first), tuple(f"size {axis}" for axis in range(len(first))))
    for index, other in enumerate(inputs[1:], 1):
        for axis, name in enumerate(names):
            if axis != but:
                yield Equality(first[axis], other.shape[axis], name, (0, index))
