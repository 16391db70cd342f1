"""Random zooms."""

from typing import ClassVar

from pydantic import Field

from archspec.ir.lowering import TorchLowering, TorchModule
from archspec.ir.op import Example
from archspec.ir.types import TensorType
from archspec.ops.base.augmentation import Factor, Warp, limits


class RandomZoom(Warp):
    """Zooms images in and out by random amounts while training, as Keras's layer does."""

    primary: ClassVar[str] = "height_factor"
    keras_names: ClassVar[tuple[str, ...]] = ("RandomZoom",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"height_factor": 0.2}, ((3, "H", "W"),)),
        Example({"height_factor": (0.2, 0.3), "width_factor": 0.1}, ((1, 8, 9),)),
    )

    height_factor: Factor = Field(
        description="range of changes of the visible height: 0.2 zooms out by 20 %, -0.2 in; "
        "`[lower, upper]`, or one number for both directions"
    )
    width_factor: Factor | None = Field(
        default=None, description="the same for the width; if left out, as the height each time"
    )

    def torch(self, *inputs: TensorType) -> TorchLowering:
        """Returns a helper module."""
        width = None if self.width_factor is None else limits(self.width_factor)
        factors = {"height_factor": limits(self.height_factor), "width_factor": width}
        arguments = {**self.model_dump(), **factors}
        return TorchModule("archspec.nn.random_affine.RandomZoom", arguments)
