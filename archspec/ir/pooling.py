"""The arithmetic that pooling operators share."""

from __future__ import annotations

from archspec.ir.dim import Size
from archspec.ir.op import pair


def pooled_size(
    size: Size, kernel: int, stride: int, padding: int, dilation: int = 1, *, ceil_mode: bool
) -> Size:
    """Returns the number of windows along one axis, by torch's rule."""
    end = end_padding(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    return (size + padding + end - _extent(kernel, dilation)) // stride + 1


def end_padding(
    kernel: int, stride: int, padding: int, dilation: int = 1, *, ceil_mode: bool
) -> int:
    """Returns the padding at the end that holds exactly the windows that torch counts.

    Rounding up, torch counts a window that hangs over the end if it starts inside the input
    or the padding before it: `min(ceil((size + 2p - k) / s) + 1, ceil((size + p) / s))`.
    Both terms are `floor((size + p + e - k) / s) + 1`, with `e = p + s - 1` and `e = k - 1`,
    so the smaller `e` decides for every size, known or not.
    """
    return min(padding + stride, _extent(kernel, dilation)) - 1 if ceil_mode else padding


def check_padding(kernel: int | tuple[int, int], padding: int | tuple[int, int]) -> None:
    """Refuses padding beyond half a kernel, where a window could hold nothing else.

    Raises:
        ValueError: The padding is too large.
    """
    for k, p in zip(pair(kernel), pair(padding), strict=True):
        if 2 * p > k:
            raise ValueError(f"padding {p} is more than half of kernel_size {k}")


def _extent(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1
