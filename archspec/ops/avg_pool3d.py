"""3-D average pooling."""

from typing import ClassVar

from archspec.ir.op import Example, OperatorError
from archspec.ir.types import TensorType
from archspec.ops.base.avg_pooling import AvgPooling
from archspec.ops.base.window import window_text


class AvgPool3d(AvgPooling):
    """Takes the mean of each window, as `torch.nn.AvgPool3d` does."""

    axes: ClassVar[int] = 3
    shape_rule: ClassVar[str] = (
        "[C, D, H, W] → [C, D', H', W'] with D' = "
        "floor((D + 2*padding - kernel_size) / stride) + 1, "
        "or ceil(D / stride) with same"
    )
    keras_names: ClassVar[tuple[str, ...]] = ("AveragePooling3D", "AvgPool3D")
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel_size": 2}, ((3, 4, 6, 8),)),
        Example({"kernel_size": (1, 3, 2), "stride": 2, "padding": (0, 1, 1)}, ((2, "D", "H", 6),)),
        Example({"kernel_size": 3, "stride": 2, "padding": "same"}, ((2, 4, "H", "W"),)),
        Example(
            {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, ((2, 5, "H", 6),)
        ),
        Example(
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False},
            ((2, 4, 5, 3),),
        ),
        Example({"kernel_size": 3, "stride": 1, "padding": "same"}, ((2, 1, 5, 3),)),
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, sizes]` with the number of windows along each axis.

        Raises:
            OperatorError: A window is larger than the input, which torch refuses in volumes.
        """
        if self.padding != "same" and self._is_small(*inputs):
            raise OperatorError(
                f"kernel_size {window_text(self.kernel, (1,))} is larger than the input, which is "
                f"{inputs[0]}",
                help="use a smaller window, or padding: same",
            )
        return super().output(*inputs)

    def torch_padding(self, *inputs: TensorType) -> int | tuple[int, ...] | None:
        """Returns the padding that torch's own module takes, if that is enough."""
        return None if self._is_small(*inputs) else super().torch_padding(*inputs)

    def _is_small(self, *inputs: TensorType) -> bool:
        """Returns whether a window is larger than the input, whatever the padding."""
        sizes = zip(self.sizes(*inputs), self.kernel, strict=True)
        return any(isinstance(size, int) and size < extent for size, extent in sizes)
