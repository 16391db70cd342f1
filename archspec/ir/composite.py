"""Operators that expand into others, and so inherit shape, cost and every lowering."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from archspec.ir.dim import Size
from archspec.ir.op import Operator, Param
from archspec.ir.types import TensorType

Made = TypeVar("Made")


class Part(NamedTuple):
    """One operator of a composite.

    Attributes:
        name: Its component of the name path, below the composite's.
        op: The operator.
        inputs: What it reads: an input of the composite, a part above, or one output of a
            part above as `part.output`.
    """

    name: str
    op: Operator
    inputs: tuple[str, ...]


class Composite(Operator):
    """The base of operators that expand; the last part makes the outputs."""

    def parts(self, *inputs: TensorType) -> Sequence[Part]:
        """Returns the operators it expands into, each after those it reads.

        Raises:
            OperatorError: The inputs do not fit.
        """
        raise NotImplementedError

    def outputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Returns the outputs of the last part."""
        return self._types(*inputs)[-1][2]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the tensors of all parts, as `part.name`."""
        return {
            f"{part.name}.{name}": param
            for part, types, _ in self._types(*inputs)
            for name, param in part.op.parameters(*types).items()
        }

    def macs(self, *inputs: TensorType) -> Size:
        """Returns the sum over the parts."""
        total: Size = 0
        for part, types, _ in self._types(*inputs):
            total = total + part.op.macs(*types)
        return total

    def _types(
        self, *inputs: TensorType
    ) -> list[tuple[Part, tuple[TensorType, ...], tuple[TensorType, ...]]]:
        """Returns the parts with the types of their inputs and outputs."""
        known = dict(zip(self.input_names, inputs, strict=True))
        made = []
        for part in self.parts(*inputs):
            types = tuple(known[name] for name in part.inputs)
            outputs = part.op.outputs(*types)
            known |= named_outputs(part.name, part.op, outputs)
            made.append((part, types, outputs))
        return made


def named_outputs(name: str, op: Operator, outputs: Sequence[Made]) -> dict[str, Made]:
    """Returns a node's outputs by the names that refer to them, the main one first."""
    of_each = {f"{name}.{o}": v for o, v in zip(op.output_names(), outputs, strict=True)}
    return {name: outputs[0], **of_each}
