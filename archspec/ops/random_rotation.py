"""Random rotations."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Factor, Warp, limits


class RandomRotation(Warp):
    """Rotates images about their centre by random angles while training, as Keras's layer does."""

    primary: ClassVar[str] = "factor"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomRotation",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"factor": 0.1}, ((3, "H", "W"),)),
        Example(
            {
                "factor": (-0.2, 0.3),
                "fill_mode": "constant",
                "fill_value": 1.0,
                "interpolation": "nearest",
            },
            ((1, 8, 9),),
        ),
    )

    factor: Factor = Field(
        description="range of angles in turns (0.1 is 36°), positive ones anticlockwise; "
        "`[lower, upper]`, or one number for both directions"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        arguments = {**self.model_dump(), "factor": limits(self.factor)}
        return TorchModule("archspec.nn.random_affine.RandomRotation", arguments)
