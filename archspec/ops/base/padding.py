"""Padding around what a kernel slides over: the amounts, and what is padded with."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from archspec.ir.dim import Size
from archspec.ir.lowering import Constant, Input, Local, OnnxNode, OnnxOperand, Weight
from archspec.ir.op import OperatorError
from archspec.ops.base.window import Padding, per_axis

PaddingMode: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]

_ONNX_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


_FAR = 10_000
"""How far from the end it is looked for what a window reads."""


class Pads(NamedTuple):
    """How much is added before and after each axis."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def pads(padding: Padding, extents: Sequence[int]) -> Pads:
    """Returns the amounts for kernels of the given extents; `same` is that of stride 1."""
    if padding == "same":
        before = tuple((extent - 1) // 2 for extent in extents)
        return Pads(before, tuple(extent // 2 for extent in extents))
    amounts = per_axis(0 if padding == "valid" else padding, len(extents))
    return Pads(amounts, amounts)


def same_pads(sizes: Sequence[Size], extents: Sequence[int], strides: Sequence[int]) -> Pads | None:
    """Returns TensorFlow's `same`, unless only the sizes at run time say; an odd pixel is last.

    Raises:
        OperatorError: ONNX Runtime cannot pad an input of unknown size like that.
    """
    axes = list(zip(sizes, extents, strides, strict=True))
    totals = [total for axis in axes if (total := _same_total(*axis)) is not None]
    if len(totals) == len(axes):
        return Pads(tuple(t // 2 for t in totals), tuple((t + 1) // 2 for t in totals))
    if any(stride > extent for _, extent, stride in axes):
        # ONNX Runtime would pad by a negative amount.
        raise OperatorError(
            "padding: same takes strides of at most the kernel size over an input of unknown size",
            help="give the input's sizes as numbers, or use smaller strides",
        )
    return None


def _same_total(size: Size, extent: int, stride: int) -> int | None:
    """Returns what is added on both sides of an axis, unless only a symbolic size says."""
    beyond = (size - 1) % stride
    if isinstance(beyond, int):
        return max(extent - 1 - beyond, 0)
    return 0 if extent == 1 else None


class Windows(NamedTuple):
    """The windows along one axis.

    Attributes:
        kernel: How many elements a window has.
        dilation: The step between two elements.
        stride: The step between two windows.
    """

    kernel: int
    dilation: int
    stride: int

    def reach_all(self) -> bool:
        """Returns whether they leave nothing out between them, far from the edges."""
        return self.kernel >= self.stride and math.gcd(self.dilation, self.stride) == 1

    def unread(self, size: int, before: int, after: int) -> int:
        """Returns how many of the last values none of them reads."""
        extent = self.dilation * (self.kernel - 1) + 1
        last = (size + before + after - extent) // self.stride * self.stride
        # Which element reads a place, if any does, up to a multiple of the stride.
        inverse = pow(self.dilation, -1, self.stride)
        for count in range(min(size, _FAR)):
            place = size - 1 - count + before
            least = max(0, -((last - place) // self.dilation))
            element = least + (place * inverse - least) % self.stride
            if element < self.kernel and element * self.dilation <= place:
                return count
        return size if size <= _FAR else 0


def missed(
    sizes: Sequence[Size], amounts: Pads | None, windows: Iterable[Windows]
) -> tuple[int, ...]:
    """Returns how many of the input's last values along each axis no window reads.

    There are none without a stride, where the windows leave values out all over, which is on
    purpose, where the size is not known, and with `same`.
    """
    if amounts is None:
        return ()
    axes = zip(sizes, *amounts, windows, strict=True)
    return tuple(
        each.unread(size, before, after)
        if isinstance(size, int) and each.stride > 1 and each.reach_all()
        else 0
        for size, before, after, each in axes
    )


def check_mode(mode: PaddingMode, amounts: Pads, sizes: Iterable[Size]) -> None:
    """Refuses to take more values from the input than it has.

    Raises:
        OperatorError: The input is too small for the padding.
    """
    if mode not in ("reflect", "circular"):
        return
    for size, *both in zip(sizes, *amounts, strict=True):
        needed = max(both) + (mode == "reflect")
        if isinstance(size, int) and size < needed:
            raise OperatorError(
                f"padding_mode: {mode} with padding {max(both)} takes at least {needed} values "
                f"along each axis, but the input has {size}",
                help="use less padding, or padding_mode: replicate",
            )


def padded_conv(
    weights: Iterable[str], attributes: Mapping[str, object], amounts: Pads, mode: PaddingMode
) -> list[OnnxNode]:
    """Returns `Conv`, after a `Pad` where the padding is not zeros."""
    operands: list[OnnxOperand] = list(map(Weight, weights))
    if mode == "zeros":
        known = {**attributes, "pads": amounts.before + amounts.after}
        return [OnnxNode("Conv", [Input(0), *operands], known)]
    both = Constant((0, 0, *amounts.before, 0, 0, *amounts.after), "int64")
    padded = Local("padded")
    return [
        OnnxNode("Pad", [Input(0), both], {"mode": _ONNX_MODES[mode]}, [padded]),
        OnnxNode("Conv", [padded, *operands], attributes),
    ]
