"""Resizing to the size of another input."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

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
from archspec.ir.op import Example, Operator, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.window import LAYOUTS


class UpsampleLike(Operator):
    """Enlarges or shrinks `input` to the height and width of `reference`.

    So do networks for segmentation that take pictures of any size, as DeepLab does with
    what it has pooled (Chen et al. 2017, section 3.3). `nearest` repeats values, `bilinear`
    interpolates between them; the outer edges stay where they are.
    """

    moves: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("input", "reference")
    primary: ClassVar[str] = "mode"
    shape_rule: ClassVar[str] = "[C, H, W], [*, H', W'] → [C, H', W']"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"mode": "bilinear"}, ((3, 4, 5), (6, "H", "W"))),
        Example({}, ((3, "H", "W"), (2, 9, 14))),
        Example({"mode": "bilinear"}, ((2, 1, 1), (4, "H", "W"))),
        Example({}, ((2, 2, 4), (1, 82, 94))),
    )

    mode: Literal["nearest", "bilinear"] = Field(
        default="nearest", description="how values in between are made"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H', W']`."""
        shapes = [require_rank(type_, 3, LAYOUTS[2]) for type_ in inputs]
        return inputs[0].with_example(shapes[0][0], *shapes[1][1:])

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        return TorchModule("archspec.nn.upsample_like.UpsampleLike", self.model_dump())

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Resize`, or for `nearest`, whose rounding it does not say, two `Gather`."""
        if self.mode == "nearest":
            return [*_gather(2, Input(0), Local("rows")), *_gather(3, Local("rows"), Output(0))]
        sizes = Local("sizes")
        attributes = {
            "mode": "linear",
            "coordinate_transformation_mode": "half_pixel",
            "axes": (2, 3),
        }
        return [
            OnnxNode("Shape", [Input(1)], {"start": 2}, [sizes]),
            OnnxNode("Resize", [Input(0), None, None, sizes], attributes),
        ]

    def summary(self) -> str:
        """Returns the mode."""
        return self.mode


def _gather(axis: int, source: OnnxOperand, made: Local | Output) -> list[OnnxNode]:
    """Returns the nodes that take the nearest values along one axis of the reference."""
    names = ("size", "wanted", "end", "steps", "scaled", "places")
    size, wanted, end, steps, scaled, places = (Local(f"{name}_{axis}") for name in names)
    span = {"start": axis, "end": axis + 1}
    zero, one = Constant(0, "int64"), Constant(1, "int64")
    return [
        OnnxNode("Shape", [Input(0)], span, [size]),
        OnnxNode("Shape", [Input(1)], span, [wanted]),
        OnnxNode("Squeeze", [wanted], {}, [end]),
        OnnxNode("Range", [zero, end, one], {}, [steps]),
        OnnxNode("Mul", [steps, size], {}, [scaled]),
        OnnxNode("Div", [scaled, wanted], {}, [places]),
        OnnxNode("Gather", [source, places], {"axis": axis}, [made]),
    ]
