"""Augmentation: what is done at random to training examples only."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.choice import Number, Penalty, Pixels, Rate

Range: TypeAlias = Annotated[list[Penalty], Field(min_length=2, max_length=2)]
Proportion: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class Augment(Section):
    """Random changes of training images, each drawn anew for every image in every epoch.

    Names and meanings are those of Keras's `ImageDataGenerator`, where it has them; the others
    are torchvision's. They are applied in the order in which they stand here, to images that are
    rescaled and resized but not yet normalised, standardised or whitened.
    """

    rotation_range: Annotated[float, Field(ge=0, le=180)] = Field(
        default=0.0, description="degrees of random rotation, to either side"
    )
    width_shift_range: Annotated[Number, Field(ge=0)] = Field(
        default=0.0, description="largest shift to either side: a share of the width, or pixels"
    )
    height_shift_range: Annotated[Number, Field(ge=0)] = Field(
        default=0.0, description="largest shift up or down: a share of the height, or pixels"
    )
    shear_range: Annotated[float, Field(ge=0, lt=90)] = Field(
        default=0.0, description="degrees of random shear, to either side"
    )
    zoom_range: Proportion | Range = Field(
        default=0.0, description="factors of random zoom: [lower, upper], or 1 ± a share"
    )
    fill_mode: Literal["nearest", "constant", "reflect", "wrap"] = Field(
        default="nearest", description="what comes in from outside the image"
    )
    cval: Number = Field(default=0.0, description="the value outside, for `fill_mode: constant`")
    interpolation: Literal["bilinear", "nearest"] = Field(
        default="bilinear", description="how pixels in between are found"
    )
    horizontal_flip: bool = Field(default=False, description="whether half of them are mirrored")
    vertical_flip: bool = Field(
        default=False, description="whether half of them are turned upside down"
    )
    crop_padding: Annotated[int, Field(ge=0, le=8192)] = Field(
        default=0, description="pixels of 0 around the image before it is cut at random to its size"
    )
    brightness_range: Range | None = Field(
        default=None, description="factors of random brightness: [lower, upper]"
    )
    channel_shift_range: Penalty = Field(
        default=0.0, description="largest amount added to all channels or subtracted from them"
    )
    cutout: Pixels | None = Field(
        default=None, description="side of a random square of zeros (DeVries and Taylor 2017)"
    )
    mixup: Rate | None = Field(
        default=None, description="alpha of mixup (Zhang et al. 2018): pairs are blended"
    )
    cutmix: Rate | None = Field(
        default=None, description="alpha of CutMix (Yun et al. 2019): pairs swap rectangles"
    )

    @model_validator(mode="after")
    def _ranges_are_in_order(self) -> Self:
        for name in ("zoom_range", "brightness_range"):
            value = getattr(self, name)
            if isinstance(value, list) and value[0] > value[1]:
                raise ValueError(f"{name} goes from the lower to the upper factor")
        return self

    @model_validator(mode="after")
    def _zoom_keeps_something(self) -> Self:
        zoom = self.zoom_range
        if (zoom[0] if isinstance(zoom, list) else 1 - zoom) <= 0:
            raise ValueError("zoom_range has a factor of 0, at which nothing is left")
        return self
