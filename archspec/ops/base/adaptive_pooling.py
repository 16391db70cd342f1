"""Pooling to a given size."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field, field_validator

from archspec.ir.dim import Size
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxNode,
    OnnxOperand,
    Output,
    TorchLowering,
    TorchModule,
)
from archspec.ir.op import Operator, OperatorError, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.window import LAYOUTS, check_length

Windows: TypeAlias = Annotated[int, Field(gt=0, le=2**16)]
"""A number of windows; each is written down on its own in ONNX, which more would make endless."""

Change: TypeAlias = tuple[int, Size, int]
"""An axis, its size and the size it is pooled to."""


class AdaptivePooling(Operator):
    """The base of adaptive pooling.

    Attributes:
        axes: The number of axes that are pooled.
        module: What torch calls it, up to the number of axes.
        onnx_pool: The ONNX operator for equal windows.
        onnx_reduce: The ONNX operator for one window.
    """

    moves: ClassVar[bool] = True
    axes: ClassVar[int]
    module: ClassVar[str]
    onnx_pool: ClassVar[str]
    onnx_reduce: ClassVar[str]
    primary: ClassVar[str | None] = "output_size"

    output_size: Windows | tuple[Windows | None, ...] = Field(
        description="number of windows, for all axes or for each; null leaves an axis as it is"
    )

    @field_validator("output_size")
    @classmethod
    def _one_for_each_axis(
        cls, value: int | tuple[int | None, ...]
    ) -> int | tuple[int | None, ...]:
        check_length("output_size", value, cls.axes)
        if isinstance(value, tuple) and not any(value):
            raise ValueError("output_size must be a number along at least one axis")
        return value

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, output_size]`."""
        shape = list(inputs[0].example)
        for axis, size, target in self._changes(*inputs):
            if not isinstance(size, int) and target != 1:
                raise OperatorError(
                    f"an input of unknown size {size} cannot be pooled to {target}",
                    help="give the input's size as a number, or pool to 1",
                )
            shape[axis - 1] = target
        return inputs[0].with_example(*shape)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns torch's adaptive pooling."""
        return TorchModule(f"torch.nn.{self.module}{self.axes}d", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns a pooling where all windows are equal, else the axes one after the other."""
        changes = self._changes(*inputs)
        kernel = [1] * self.axes
        for axis, size, target in changes:
            if not isinstance(size, int) or size % target:
                return self._one_by_one(changes)
            kernel[axis - 2] = size // target
        attributes = {"kernel_shape": kernel, "strides": kernel}
        return [OnnxNode(self.onnx_pool, [Input(0)], attributes)] if changes else []

    def summary(self) -> str:
        """Returns the output size."""
        sizes = self.output_size if isinstance(self.output_size, tuple) else (self.output_size,)
        return "×".join("·" if size is None else str(size) for size in sizes)

    def reduction(self, windows: Local, axis: int, spans: Sequence[range]) -> list[OnnxNode]:
        """Returns the nodes that reduce windows, which lie behind the axis they belong to.

        A window that is shorter than the longest has its last value more than once.
        """
        raise NotImplementedError

    def _changes(self, *inputs: TensorType) -> list[Change]:
        """Returns the axes whose size changes, counted with the batch."""
        _, *sizes = require_rank(inputs[0], self.axes + 1, LAYOUTS[self.axes])
        targets = self.output_size
        if isinstance(targets, int):
            targets = (targets,) * self.axes
        axes = zip(range(2, 2 + self.axes), sizes, targets, strict=True)
        return [(a, size, target) for a, size, target in axes if target and size != target]

    def _one_by_one(self, changes: Sequence[Change]) -> list[OnnxNode]:
        nodes: list[OnnxNode] = []
        source: OnnxOperand = Input(0)
        for axis, size, target in changes:
            made = Local(f"pooled_{axis}")
            if isinstance(size, int):
                spans = [range(i * size // target, _end(i, size, target)) for i in range(target)]
                windows = Local(f"windows_{axis}")
                nodes += [
                    OnnxNode("Gather", [source, _repeating(spans)], {"axis": axis}, [windows]),
                    *self.reduction(windows, axis, spans),
                ]
            else:
                nodes.append(OnnxNode(self.onnx_reduce, [source, _axes(axis)]))
            nodes[-1] = nodes[-1]._replace(outputs=[made])
            source = made
        return [*nodes[:-1], nodes[-1]._replace(outputs=[Output(0)])]


class AdaptiveAvgPooling(AdaptivePooling):
    """The base of adaptive average pooling."""

    module: ClassVar[str] = "AdaptiveAvgPool"
    onnx_pool: ClassVar[str] = "AveragePool"
    onnx_reduce: ClassVar[str] = "ReduceMean"

    def reduction(self, windows: Local, axis: int, spans: Sequence[range]) -> list[OnnxNode]:
        """Returns a weighted sum, in which repeated values have no weight."""
        longest = max(map(len, spans))
        weights = [[1 / len(s)] * len(s) + [0.0] * (longest - len(s)) for s in spans]
        behind = (1,) * (self.axes + 1 - axis)
        shape = Constant((len(spans), longest, *behind), "int64")
        shares, weighted = Local(f"shares_{axis}"), Local(f"weighted_{axis}")
        return [
            OnnxNode("Reshape", [Constant(weights, "float32"), shape], outputs=[shares]),
            OnnxNode("Mul", [windows, shares], outputs=[weighted]),
            OnnxNode("ReduceSum", [weighted, _axes(axis + 1)], {"keepdims": 0}),
        ]


class AdaptiveMaxPooling(AdaptivePooling):
    """The base of adaptive max pooling."""

    module: ClassVar[str] = "AdaptiveMaxPool"
    onnx_pool: ClassVar[str] = "MaxPool"
    onnx_reduce: ClassVar[str] = "ReduceMax"

    def reduction(self, windows: Local, axis: int, spans: Sequence[range]) -> list[OnnxNode]:
        """Returns the maximum, to which repeated values are nothing new."""
        return [OnnxNode("ReduceMax", [windows, _axes(axis + 1)], {"keepdims": 0})]


def _end(index: int, size: int, target: int) -> int:
    """Returns where a window ends: at `(index + 1) * size / target`, rounded up."""
    return -(-(index + 1) * size // target)


def _repeating(spans: Sequence[range]) -> Constant:
    """Returns where each window reads, the last place of a shorter one repeated."""
    longest = max(map(len, spans))
    places = [[*span, *[span[-1]] * (longest - len(span))] for span in spans]
    return Constant(places, "int64")


def _axes(axis: int) -> Constant:
    return Constant((axis,), "int64")
