"""Preprocessing: what is done to every example, in training, validation and prediction."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.choice import (
    Choice,
    Number,
    Penalty,
    Pixels,
    Rate,
    WithShortForm,
)


class Resize(WithShortForm):
    """A new size for images."""

    short: ClassVar[tuple[str, type]] = ("size", list)

    size: Annotated[list[Pixels], Field(min_length=2, max_length=2)] = Field(
        description="height and width, each at most 8192"
    )
    interpolation: Literal["bilinear", "bicubic", "nearest"] = Field(
        default="bilinear", description="how pixels in between are found"
    )


class Normalize(Section):
    """Shift and scale of each channel, or of each feature: `(x - mean) / std`."""

    mean: list[Number] = Field(min_length=1, description="one for all channels, or one for each")
    std: list[Rate] = Field(min_length=1, description="one for all channels, or one for each")


class Standardize(WithShortForm):
    """Mean 0 and standard deviation 1, as Keras's `featurewise_` and `samplewise_` options."""

    short: ClassVar[tuple[str, type]] = ("by", str)

    by: Literal["featurewise", "samplewise"] = Field(
        default="featurewise",
        description="featurewise: by mean and deviation of each channel, or feature, over the "
        "training examples; samplewise: by those of each example",
    )
    center: bool = Field(default=True, description="whether the mean is subtracted")
    scale: bool = Field(default=True, description="whether the deviation is divided by")


class Whiten(Section):
    """ZCA whitening (Krizhevsky 2009, appendix A), for examples of at most 4096 values.

    The values of the training examples then have mean 0 and deviation 1, and are uncorrelated.
    """

    epsilon: Annotated[Penalty, Field(gt=0)] = Field(
        default=1e-6, description="added to the variances, against noise"
    )


class Step(Choice):
    """One step of preprocessing, applied to every example in training and prediction.

    What a step learns from examples it learns from the training split.
    """

    color_mode: Literal["grayscale", "rgb", "rgba"] | None = Field(
        default=None, description="the channels of images: grayscale, rgb or rgba"
    )

    rescale: Number | None = Field(default=None, description="a factor for every value")
    resize: Resize | None = Field(default=None, description="a new [height, width] for images")
    normalize: Normalize | None = Field(default=None, description="(x - mean) / std")
    standardize: Standardize | None = Field(
        default=None, description="mean 0 and deviation 1: featurewise or samplewise"
    )
    whiten: Whiten | None = Field(default=None, description="ZCA whitening")


def _colours_first(steps: list[Step]) -> list[Step]:
    if any(step.color_mode for step in steps[1:]):
        raise ValueError("`color_mode` is the first step: images are read in its colours")
    return steps


Steps: TypeAlias = Annotated[list[Step], AfterValidator(_colours_first)]
"""Steps in the order in which they are applied."""
