"""Random shears."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Factor, Warp, limits


class RandomShear(Warp):
    """Shears images about their centre by random amounts while training.

    Keras's layer shears about the upper left corner, which shifts images, too.
    """

    primary: ClassVar[str] = "x_factor"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomShear",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"x_factor": 0.2}, ((3, "H", "W"),)),
        Example({"x_factor": (-0.1, 0.3), "y_factor": 0.2, "fill_mode": "nearest"}, ((1, 8, 9),)),
    )

    x_factor: Factor = Field(
        description="range of shifts of rows to the left, as multiples of how far each is below "
        "the centre (0.2 is 11°); `[lower, upper]`, or one number for both directions"
    )
    y_factor: Factor = Field(
        default=0.0,
        description="the same of columns upwards, by how far each is to the right of the centre",
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        factors = {"x_factor": limits(self.x_factor), "y_factor": limits(self.y_factor)}
        arguments = {**self.model_dump(), **factors}
        return TorchModule("archspec.nn.random_affine.RandomShear", arguments)
