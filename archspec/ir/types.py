"""What flows along an edge of the graph: a shape and an element type."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from archspec.ir.dim import Dim, Size

Shape: TypeAlias = tuple[Size, ...]

BATCH = Dim.of("batch")
"""The batch size: a name like any other, and the first size of every tensor."""


class TensorType(NamedTuple):
    """The type of a tensor.

    Attributes:
        shape: All sizes, the batch first: `(batch, channels, height, width)`.
        dtype: The element type by its NumPy name.
    """

    shape: Shape
    dtype: str = "float32"

    @classmethod
    def of_example(cls, shape: Shape, dtype: str = "float32") -> TensorType:
        """Returns the type of a batch of examples of the given shape."""
        return cls((BATCH, *shape), dtype)

    @property
    def example(self) -> Shape:
        """The shape of one example: all sizes but the batch."""
        return self.shape[1:]

    def with_example(self, *sizes: Size) -> TensorType:
        """Returns this type with the shape of one example replaced."""
        return TensorType((self.shape[0], *sizes), self.dtype)

    def __str__(self) -> str:
        return shape_text(self.example)


def shape_text(shape: Shape) -> str:
    """Returns a shape as people write it, `64×28×28`; a scalar is `1`."""
    return "×".join(_size_text(size) for size in shape) or "1"


def _size_text(size: Size) -> str:
    text = str(size)
    return text if text.isidentifier() or text.isdigit() else f"({text})"
