"""Random translations."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Factor, Warp, limits


class RandomTranslation(Warp):
    """Shifts images by random amounts while training, as Keras's layer does."""

    keras_names: ClassVar[tuple[str, ...]] = ("RandomTranslation",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"height_factor": 0.1, "width_factor": 0.2}, ((3, "H", "W"),)),
        Example(
            {"height_factor": (-0.2, 0.3), "width_factor": 0.0, "fill_mode": "wrap"},
            ((1, 8, 9),),
        ),
    )

    height_factor: Factor = Field(
        description="range of shifts as fractions of the height, positive ones down; "
        "`[lower, upper]`, or one number for both directions"
    )
    width_factor: Factor = Field(
        description="range of shifts as fractions of the width, positive ones to the right"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        factors = {
            "height_factor": limits(self.height_factor),
            "width_factor": limits(self.width_factor),
        }
        arguments = {**self.model_dump(), **factors}
        return TorchModule("archspec.nn.random_affine.RandomTranslation", arguments)
