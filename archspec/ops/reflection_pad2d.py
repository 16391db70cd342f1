"""2-D padding by reflection."""

from typing import ClassVar

from archspec.ir.dim import Size
from archspec.ir.op import Example, OperatorError
from archspec.ops.base.pad import Pad


class ReflectionPad2d(Pad):
    """Mirrors an image at its edges, which are not repeated, as `torch.nn.ReflectionPad2d` does."""

    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C, top + H + bottom, left + W + right]"
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 1}, ((3, "H", "W"),)),
        Example({"padding": ((0, 1), (2, 3))}, ((2, 5, 6),)),
    )
    mode: ClassVar[str] = "reflect"
    onnx_mode: ClassVar[str] = "reflect"

    def check(self, size: Size, side: tuple[int, int]) -> None:
        """Refuses padding that mirrors more than there is."""
        if isinstance(size, int) and max(side) >= size:
            raise OperatorError(
                f"{max(side)} values cannot be mirrored at the edge of a size of {size}",
                help=f"pad at most {size - 1}, or use replication_pad2d",
            )
