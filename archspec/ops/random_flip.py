"""Random flips."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Augmentation

_DIMS: Mapping[str, tuple[int, ...]] = {
    "horizontal": (-1,),
    "vertical": (-2,),
    "horizontal_and_vertical": (-1, -2),
}


class RandomFlip(Augmentation):
    """Flips images at random while training, in each direction with a chance of 1/2."""

    primary: ClassVar[str] = "mode"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomFlip",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"mode": "horizontal"}, ((3, "H", "W"),)),
        Example({"mode": "vertical"}, ((1, 8, 9),)),
        Example({}, ((3, 8, 9),)),
    )

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = Field(
        default="horizontal_and_vertical",
        description="`horizontal` swaps left and right, `vertical` top and bottom",
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        return TorchModule("archspec.nn.random_flip.RandomFlip", {"dims": _DIMS[self.mode]})

    def summary(self) -> str:
        """Returns the direction."""
        return self.mode.replace("_", " ")
