"""Random changes of brightness."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Factor, Recolouring, limits


class RandomBrightness(Recolouring):
    """Adds a random amount to all values of an image while training, as Keras's layer does."""

    primary: ClassVar[str] = "factor"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomBrightness",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"factor": 0.2}, ((3, "H", "W"),)),
        Example({"factor": (-0.5, 0.25), "value_range": (0.0, 1.0)}, ((1, 8, 9),)),
    )

    factor: Factor = Field(
        description="range of what is added, as fractions of `value_range`: 1 makes all white; "
        "`[lower, upper]`, or one number for both directions"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        arguments = {"factor": limits(self.factor), "value_range": self.value_range}
        return TorchModule("archspec.nn.random_brightness.RandomBrightness", arguments)
