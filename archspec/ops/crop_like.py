"""Cropping to the size of another input."""

from typing import ClassVar

from archspec.ir.lowering import Input, OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, OperatorError
from archspec.ir.types import Shape, TensorType
from archspec.ops.base.center_crop import WANTED, Centered


class CropLike(Centered):
    """Cuts the middle of `input` to the height and width of `reference`.

    So does U-Net before it joins what came down with what goes up (Ronneberger et al. 2015).
    Where the number of rows or columns to cut is odd, one more goes at the end.
    """

    input_names: ClassVar[tuple[str, ...]] = ("input", "reference")
    shape_rule: ClassVar[str] = "[C, H, W], [*, H', W'] → [C, H', W']"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, ((3, 9, 12), (6, 5, 7))),
        Example({}, ((3, 64, 64), (2, "H", "W"))),
        Example({}, ((2, 9), (1, 6)), "int64"),
    )

    def sizes(self, *inputs: TensorType) -> Shape:
        """Returns the sizes of the reference."""
        given, reference = (type_.example for type_ in inputs)
        if len(given) < 2 or len(given) != len(reference):
            raise OperatorError(
                "input and reference must be feature maps with the same number of axes, "
                f"but they are {inputs[0]} and {inputs[1]}",
                help="both need the channels and, behind them, height and width or a length",
            )
        return reference[1:]

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        return TorchModule("archspec.nn.crop.CenterCrop")

    def onnx_wanted(self) -> OnnxNode:
        """Returns the sizes of the reference."""
        return OnnxNode("Shape", [Input(1)], {"start": 2}, [WANTED])
