"""The arithmetic that pooling operators share."""

from __future__ import annotations

from archspec.ir.dim import Size, ceil_div
from archspec.ir.op import pair


def pooled_size(
    size: Size, kernel: int, stride: int, padding: int, dilation: int = 1, *, ceil_mode: bool
) -> Size:
    """Returns the number of windows along one axis, by torch's rule.

    Rounding up, a window counts only if it starts inside the input or the padding before
    it: `min(ceil((size + 2p - k) / s) + 1, ceil((size + p) / s))`. Both terms are
    `ceil((size + c) / s)`, so the smaller `c` decides and the rule needs no minimum of
    symbolic sizes.
    """
    extent = dilation * (kernel - 1) + 1
    if ceil_mode:
        return ceil_div(size + min(2 * padding - extent + stride, padding), stride)
    return (size + 2 * padding - extent) // stride + 1


def check_padding(kernel: int | tuple[int, int], padding: int | tuple[int, int]) -> None:
    """Refuses padding beyond half a kernel, where a window could hold nothing else.

    Raises:
        ValueError: The padding is too large.
    """
    for k, p in zip(pair(kernel), pair(padding), strict=True):
        if 2 * p > k:
            raise ValueError(f"padding {p} is more than half of kernel_size {k}")
