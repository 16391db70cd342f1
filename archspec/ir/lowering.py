"""How an operator is said in a target, as plain data.

A lowering imports nothing. The torch backend resolves a target by its dotted name and
calls it, a source backend prints the same object, the ONNX backend serialises it: they
cannot disagree, because they read one value.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias


class Input(NamedTuple):
    """A placeholder for the operator's input at `position`."""

    position: int


class TorchModule(NamedTuple):
    """An `nn.Module` at the node's path, called with the node's inputs in order.

    Attributes:
        target: The dotted name of the class, such as `torch.nn.Conv2d`.
        arguments: Keyword arguments of the constructor.
    """

    target: str
    arguments: Mapping[str, object] = {}


class TorchFunction(NamedTuple):
    """A function call.

    Attributes:
        target: The dotted name of the function, such as `torch.cat`.
        args: Positional arguments; an `Input`, a sequence of them, or a nested call stands
            for tensors.
        arguments: Keyword arguments.
    """

    target: str
    args: tuple[object, ...]
    arguments: Mapping[str, object] = {}


TorchLowering: TypeAlias = TorchModule | TorchFunction


class Weight(NamedTuple):
    """A placeholder for the operator's parameter or statistic called `name`."""

    name: str


class Constant(NamedTuple):
    """A constant tensor: nested sequences of numbers and a NumPy dtype name."""

    value: object
    dtype: str


class Local(NamedTuple):
    """A value between two ONNX nodes of one operator."""

    name: str


class Output(NamedTuple):
    """The operator's output at `position`, defined by one of its ONNX nodes."""

    position: int


OnnxOperand: TypeAlias = Input | Weight | Constant | Local | None
"""An input of an ONNX node; `None` leaves an optional input out."""


class OnnxNode(NamedTuple):
    """One ONNX node of an operator's lowering.

    Attributes:
        op_type: The operator's name in the default ONNX domain.
        inputs: What it reads, in ONNX's order.
        attributes: Its attributes.
        outputs: What it defines.
    """

    op_type: str
    inputs: Sequence[OnnxOperand]
    attributes: Mapping[str, object] = {}
    outputs: Sequence[Local | Output] = (Output(0),)
