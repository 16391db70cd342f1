"""What operators share that crop around the centre."""

from collections.abc import Sequence
from typing import ClassVar

from archspec.ir.lowering import Constant, Input, Local, OnnxNode
from archspec.ir.op import Operator, OperatorError
from archspec.ir.types import Shape, TensorType

WANTED = Local("wanted")
"""The sizes to crop to, in ONNX."""


class Centered(Operator):
    """The base of operators that crop all axes behind the channels around the centre."""

    moves: ClassVar[bool] = True
    any_dtype: ClassVar[bool] = True

    def sizes(self, *inputs: TensorType) -> Shape:
        """Returns the sizes to crop to.

        Raises:
            OperatorError: The inputs do not fit.
        """
        raise NotImplementedError

    def onnx_wanted(self) -> OnnxNode:
        """Returns the node that makes `WANTED`."""
        raise NotImplementedError

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's channels with the sizes to crop to."""
        sizes = self.sizes(*inputs)
        channels, *given = inputs[0].example
        for size, target in zip(given, sizes, strict=True):
            if isinstance(size, int) and isinstance(target, int) and size < target:
                raise OperatorError(
                    f"{size} cannot be cropped to {target}",
                    help=f"the input is {inputs[0]}, smaller than what it is cropped to",
                )
        return inputs[0].with_example(channels, *sizes)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Slice` between ends that are computed at run time."""
        sizes, surplus, start, end = map(Local, ("sizes", "surplus", "start", "end"))
        axes = Constant([*range(2, len(inputs[0].shape))], "int64")
        return [
            self.onnx_wanted(),
            OnnxNode("Shape", [Input(0)], {"start": 2}, [sizes]),
            OnnxNode("Sub", [sizes, WANTED], {}, [surplus]),
            OnnxNode("Div", [surplus, Constant(2, "int64")], {}, [start]),
            OnnxNode("Add", [start, WANTED], {}, [end]),
            OnnxNode("Slice", [Input(0), start, end, axes]),
        ]
