"""What operators share that join inputs, or put in an axis."""

from archspec.ir.op import OperatorError
from archspec.ir.types import TensorType


def new_axis(dim: int, type_: TensorType) -> int:
    """Returns the index that a new axis at torch's `dim` gets in the shape; never the batch's.

    Raises:
        OperatorError: The axis would stand before the batch or beyond the others.
    """
    rank = len(type_.shape) + 1
    if 1 <= dim < rank or -rank < dim <= -1:
        return dim % rank
    raise OperatorError(
        f"a new axis of {type_} cannot be at dim: {dim}",
        help=f"dim counts the batch as 0: use 1 to {rank - 1}, or -1 for the last axis",
    )


def one_dtype(*inputs: TensorType) -> str:
    """Returns the element type of all inputs, which must be the same.

    Raises:
        OperatorError: The types differ.
    """
    dtypes = dict.fromkeys(type_.dtype for type_ in inputs)
    if len(dtypes) == 1:
        return inputs[0].dtype
    raise OperatorError(
        f"the paths must hold numbers of one type, not {' and '.join(dtypes)}",
        labels={i: f"this path is {type_.dtype}" for i, type_ in enumerate(inputs)},
        help="put an embedding into the path of int64",
    )
