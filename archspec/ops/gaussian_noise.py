"""Gaussian noise."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example, NonNegativeNumber
from archspec.ir.types import TensorType
from archspec.ops.base.noise import Noise


class GaussianNoise(Noise):
    """Adds normally distributed noise to each value while training."""

    primary: ClassVar[str] = "stddev"
    keras_names: ClassVar[tuple[str, ...]] = ("GaussianNoise",)
    examples: ClassVar[tuple[Example, ...]] = (Example({"stddev": 0.1}, ((3, "H", "W"),)),)

    stddev: NonNegativeNumber = Field(description="standard deviation of the noise")

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule("archspec.nn.gaussian_noise.GaussianNoise", self.model_dump())

    def summary(self) -> str:
        """Returns the standard deviation."""
        return str(self.stddev)
