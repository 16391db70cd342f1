"""Padding with values of the input: mirrored at the edges, or the edges repeated."""

from typing import ClassVar

from archspec.ir.dim import Size
from archspec.ir.op import OperatorError
from archspec.ops.base.pad import Pad


class ReflectionPad(Pad):
    """The base of padding that mirrors the input."""

    mode: ClassVar[str] = "reflect"
    onnx_mode: ClassVar[str] = "reflect"

    def check(self, size: Size, side: tuple[int, int]) -> None:
        """Refuses padding that mirrors more than there is."""
        if isinstance(size, int) and max(side) >= size:
            raise OperatorError(
                f"{max(side)} values cannot be mirrored at the edge of a size of {size}",
                help=f"pad at most {size - 1}, or use replication_pad{self.axes}d",
            )


class ReplicationPad(Pad):
    """The base of padding that repeats the edges."""

    mode: ClassVar[str] = "replicate"
    onnx_mode: ClassVar[str] = "edge"
