"""A given filter for pictures."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag, field_validator

from archspec.ir.dim import Size, product
from archspec.ir.lowering import OnnxNode, TorchLowering, TorchModule
from archspec.ir.op import Example, Number, Operator, Param, require_rank
from archspec.ir.types import TensorType
from archspec.ops.base.kernel import in_channels
from archspec.ops.base.padding import PaddingMode, Pads, check_mode, padded_conv, pads
from archspec.ops.base.picture_filters import FILTERS, FilterName
from archspec.ops.base.window import LAYOUTS, Padding, check_length

Row: TypeAlias = Annotated[tuple[Number, ...], Field(min_length=1)]
Rows: TypeAlias = Annotated[tuple[Row, ...], Field(min_length=1)]
# Told apart by their type, so that a fault speaks of what was meant.
Kernel: TypeAlias = Annotated[
    Annotated[FilterName, Tag("name")] | Annotated[Rows, Tag("rows")],
    Discriminator(lambda kernel: "name" if isinstance(kernel, str) else "rows"),
]


class Filter2d(Operator):
    """Applies one given kernel to each channel of an image, such as `sharpen`.

    The kernel is a weight that is never learnt. Like a convolution's, it is not turned round.
    """

    primary: ClassVar[str] = "kernel"
    shape_rule: ClassVar[str] = (
        "[C, H, W] → [C, H', W'] with H' = H + 2*padding - kernel height + 1, "
        "or H if padding is same"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)), "padding": "same"}, ((3, 8, 8),)),
        Example({"kernel": ((0.5, -0.5), (1, 0), (0, 2)), "padding": "same"}, ((2, "H", "W"),)),
        Example({"kernel": ((1, 0, -1),), "padding": (0, 2)}, ((1, "H", 5),)),
        *(
            Example({"kernel": "sharpen", "padding": 1, "padding_mode": mode}, ((3, "H", "W"),))
            for mode in get_args(PaddingMode)
        ),
    )

    kernel: Kernel = Field(description="rows of numbers, or a name: " + ", ".join(FILTERS))
    padding: Padding = Field(
        default=0,
        description="what is added on each side; `same` keeps the size, `valid` adds nothing",
    )
    padding_mode: PaddingMode = Field(
        default="zeros",
        description="what is padded with: zeros, or the picture's own values, mirrored without "
        "the edge (reflect), the edge's (replicate) or those at the other end (circular)",
    )

    @field_validator("kernel")
    @classmethod
    def _rectangular(cls, kernel: Kernel) -> Kernel:
        if not isinstance(kernel, str) and len({len(row) for row in kernel}) > 1:
            raise ValueError("the rows of kernel must be equally long")
        return kernel

    @field_validator("padding")
    @classmethod
    def _one_for_each_axis(cls, padding: Padding) -> Padding:
        check_length("padding", padding, 2)
        return padding

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns `[C, H', W']`."""
        _, *sizes = require_rank(inputs[0], 3, LAYOUTS[2])
        check_mode(self.padding_mode, self._pads, sizes)
        made = (
            size + before + after - extent + 1
            for size, before, after, extent in zip(sizes, *self._pads, self._extents, strict=True)
        )
        return inputs[0].with_example(in_channels(*inputs), *made)

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns the fixed `weight` `[C, 1, kernel]`."""
        return {"weight": Param((in_channels(*inputs), 1, *self._extents), "fixed")}

    def macs(self, *inputs: TensorType) -> Size:
        """Returns one multiply-add per element of the kernel and output value."""
        return product(self._extents) * product(self.output(*inputs).example)

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns the helper module."""
        (top, left), (bottom, right) = self._pads
        arguments = {
            "channels": in_channels(*inputs),
            "kernel": self._rows,
            "padding": (left, right, top, bottom),
            "padding_mode": "constant" if self.padding_mode == "zeros" else self.padding_mode,
        }
        return TorchModule("archspec.nn.filter2d.Filter2d", arguments)

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        """Returns `Conv`, after a `Pad` where the padding is not zeros."""
        attributes = {"kernel_shape": self._extents, "group": in_channels(*inputs)}
        return padded_conv(self.parameters(*inputs), attributes, self._pads, self.padding_mode)

    def summary(self) -> str:
        """Returns the filter's name, or the kernel's size."""
        return self.kernel if isinstance(self.kernel, str) else "×".join(map(str, self._extents))

    @property
    def _rows(self) -> Rows:
        return FILTERS[self.kernel] if isinstance(self.kernel, str) else self.kernel

    @property
    def _extents(self) -> tuple[int, int]:
        return len(self._rows), len(self._rows[0])

    @property
    def _pads(self) -> Pads:
        return pads(self.padding, self._extents)
