"""The channels, the first axis of an example, and what there is one of for each."""

from collections.abc import Sequence

from archspec.ir.lowering import Constant, Local, OnnxNode, Weight
from archspec.ir.op import OperatorError, known
from archspec.ir.types import TensorType


def channel_count(type_: TensorType) -> int:
    """Returns the number of channels.

    Raises:
        OperatorError: It is not known, or there is no axis.
    """
    if not type_.example:
        raise OperatorError(
            "this layer takes at least one axis, but its input is one number",
            help="give it an input with channels",
        )
    return known(type_.example[0], "the number of channels")


def per_channel(weight: str, type_: TensorType) -> tuple[Local, OnnxNode]:
    """Returns a weight `[C]` reshaped to go with a whole example, and the node that does it."""
    made = Local(f"{weight}_per_channel")
    shape = Constant((-1, *(1,) * (len(type_.example) - 1)), "int64")
    return made, OnnxNode("Reshape", [Weight(weight), shape], outputs=[made])


def constant_per_channel(values: Sequence[float], type_: TensorType) -> Constant:
    """Returns constants, one for each channel or one for all, that go with a whole example."""
    rows: list[object] = list(values)
    for _ in type_.example[1:]:
        rows = [[row] for row in rows]
    return Constant(rows, "float32")
