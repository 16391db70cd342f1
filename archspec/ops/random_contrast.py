"""Random changes of contrast."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example, Share
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Recolouring


class RandomContrast(Recolouring):
    """Multiplies what differs from each channel's mean by a random factor while training.

    `(x - mean) * c + mean`, with one `c` for all channels of an image, as Keras's layer does.
    """

    primary: ClassVar[str] = "factor"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomContrast",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"factor": 0.2}, ((3, "H", "W"),)),
        Example({"factor": (0.5, 0.25), "value_range": (0.0, 1.0)}, ((1, 8, 9),)),
    )

    factor: Share | tuple[Share, Share] = Field(
        description="`[lower, upper]`: the contrast is between 1 - lower and 1 + upper; "
        "or one number for both"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        lower, upper = self.factor if isinstance(self.factor, tuple) else (self.factor,) * 2
        arguments = {"contrast": (1 - lower, 1 + upper), "value_range": self.value_range}
        return TorchModule("archspec.nn.random_contrast.RandomContrast", arguments)

    def summary(self) -> str:
        """Returns the factor."""
        return str(self.factor)
