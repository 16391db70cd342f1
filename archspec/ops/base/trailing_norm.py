"""Normalisations of each example over its last axes."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from archspec.ir.op import OperatorError, Param, Positive, known
from archspec.ir.types import TensorType
from archspec.ops.base.same_shape import SameShape


class TrailingNorm(SameShape):
    """The base of normalisations over the last axes, one axis by default."""

    shape_rule: ClassVar[str] = "[..., size] → [..., size]"
    keras_fields: ClassVar[Mapping[str, str]] = {"epsilon": "eps"}

    dims: Positive = Field(
        default=1, description="how many last axes; torch's `normalized_shape` is their sizes"
    )
    elementwise_affine: bool = Field(
        default=True, description="whether a scale is learnt for each place"
    )

    def output(self, *inputs: TensorType) -> TensorType:
        """Returns the input's type."""
        self.normalized_shape(*inputs)
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> Mapping[str, Param]:
        """Returns `weight` of the normalised shape."""
        return {"weight": Param(self.normalized_shape(*inputs))} if self.elementwise_affine else {}

    def normalized_shape(self, *inputs: TensorType) -> tuple[int, ...]:
        """Returns the sizes of the last axes.

        Raises:
            OperatorError: One is not known, or there are fewer axes.
        """
        if len(inputs[0].example) < self.dims:
            raise OperatorError(
                f"dims: {self.dims} is more axes than there are in {inputs[0]}",
                help="dims is how many of the last axes are normalised over, not their size",
            )
        sizes = inputs[0].example[-self.dims :]
        return tuple(known(size, "the size of a normalised axis") for size in sizes)
