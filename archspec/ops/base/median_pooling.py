"""Median pooling over one, two or three axes."""

import math
from collections.abc import Sequence

from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    OnnxOperand,
    TorchLowering,
    TorchModule,
)
from archspec.ir.types import TensorType
from archspec.ops.base.pooling import Pooling


class MedianPooling(Pooling):
    """The base of `median_pool1d`, `median_pool2d` and `median_pool3d`."""

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the module for what torch does not have."""
        padding = "same" if self.padding == "same" else self.amounts
        arguments = {"kernel_size": self.kernel, "stride": self.strides, "padding": padding}
        return TorchModule("archspec.nn.median_pool.MedianPool", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns the windows by `Gather`, sorted by `TopK`, and the mean of their middle."""
        nodes: list[OnnxNode] = []
        source: OnnxOperand = Input(0)
        # From the last axis on, because a window becomes an axis behind its own.
        for axis in reversed(range(self.axes)):
            windows, places = Local(f"windows_{axis}"), Local(f"places_{axis}")
            gather = OnnxNode("Gather", [source, places], {"axis": 2 + axis}, [windows])
            nodes += [*self._places(axis), gather]
            source = windows
        return [*nodes, *self._medians(source)]

    def _places(self, axis: int) -> list[OnnxNode]:
        """Returns the nodes for `places`, `[windows, kernel]`: where each window reads.

        Beyond the edge it reads the edge.
        """
        nodes, begin, end = self._range(axis)
        stride, offsets = _number(self.strides[axis]), Constant(range(self.kernel[axis]), "int64")
        shape, size, last, starts, column, beyond, places = (
            Local(f"{name}_{axis}")
            for name in ("shape", "size", "last", "starts", "column", "beyond", "places")
        )
        return [
            OnnxNode("Shape", [Input(0)], {"start": 2 + axis, "end": 3 + axis}, [shape]),
            OnnxNode("Squeeze", [shape], outputs=[size]),
            OnnxNode("Sub", [size, _number(1)], outputs=[last]),
            *nodes,
            OnnxNode("Range", [begin, end, stride], outputs=[starts]),
            OnnxNode("Unsqueeze", [starts, Constant((1,), "int64")], outputs=[column]),
            OnnxNode("Add", [column, offsets], outputs=[beyond]),
            OnnxNode("Clip", [beyond, _number(0), last], outputs=[places]),
        ]

    def _range(self, axis: int) -> tuple[list[OnnxNode], OnnxOperand, Local]:
        """Returns where windows begin and where none does any more, and the nodes for it."""
        kernel, size, end = self.kernel[axis], Local(f"size_{axis}"), Local(f"end_{axis}")
        if self.padding != "same":
            amount = self.amounts[axis]
            add = OnnxNode("Add", [size, _number(amount - kernel + 1)], outputs=[end])
            return [add], _number(-amount), end
        past, missing, total, before, begin = (
            Local(f"{name}_{axis}") for name in ("past", "missing", "total", "before", "begin")
        )
        nodes = [
            OnnxNode("Mod", [Local(f"last_{axis}"), _number(self.strides[axis])], {}, [past]),
            OnnxNode("Sub", [_number(kernel - 1), past], outputs=[missing]),
            OnnxNode("Max", [missing, _number(0)], outputs=[total]),
            OnnxNode("Div", [total, _number(2)], outputs=[before]),
            OnnxNode("Neg", [before], outputs=[begin]),
            OnnxNode("Sub", [size, before], outputs=[end]),
        ]
        return nodes, begin, end

    def _medians(self, windows: OnnxOperand) -> list[OnnxNode]:
        """Returns the nodes for the medians of `[N, C, windows, kernel, windows, kernel, ...]`."""
        count = math.prod(self.kernel)
        order = (0, 1, *range(2, 2 + 2 * self.axes, 2), *range(3, 2 + 2 * self.axes, 2))
        flat = Constant((*(0,) * (2 + self.axes), -1), "int64")
        lower = Constant((count // 2 + 1,), "int64")
        middle = [Constant((i,), "int64") for i in ((count - 1) // 2, count // 2 + 1, -1)]
        moved, values, half, ranks, both = map(Local, ("moved", "values", "half", "ranks", "both"))
        return [
            OnnxNode("Transpose", [windows], {"perm": order}, [moved]),
            OnnxNode("Reshape", [moved, flat], outputs=[values]),
            OnnxNode("TopK", [values, lower], {"largest": 0}, [half, ranks]),
            OnnxNode("Slice", [half, *middle], outputs=[both]),
            OnnxNode("ReduceMean", [both, Constant((-1,), "int64")], {"keepdims": 0}),
        ]


def _number(value: int) -> Constant:
    return Constant(value, "int64")
