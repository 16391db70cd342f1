"""Cropping of images."""

from typing import ClassVar

from pydantic import Field, field_validator

from archspec.ir.op import Example
from archspec.ops.base.pad import FORM, Amount, Border, Sides, sides, sides_text


class Crop2d(Border):
    """Cuts rows and columns off an image."""

    primary: ClassVar[str] = "cropping"
    any_dtype: ClassVar[bool] = True
    axes: ClassVar[int] = 2
    shape_rule: ClassVar[str] = "[C, H, W] → [C, H - top - bottom, W - left - right]"
    keras_names: ClassVar[tuple[str, ...]] = ("Cropping2D",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example({"cropping": 1}, ((3, "H", "W"),)),
        Example({"cropping": ((0, 1), 2)}, ((2, 5, 6),), "int64"),
    )

    cropping: Amount = Field(description=f"what is cut off each side: {FORM}")

    @field_validator("cropping")
    @classmethod
    def _for_the_axes(cls, cropping: Amount) -> Amount:
        sides(cropping, cls.axes)
        return cropping

    def sides(self) -> Sides:
        """Returns the amounts as negative padding."""
        return tuple((-before, -after) for before, after in sides(self.cropping, self.axes))

    def summary(self) -> str:
        """Returns the amounts."""
        return sides_text(sides(self.cropping, self.axes))
