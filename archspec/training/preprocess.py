"""The preprocessing steps of a spec, on a whole data set at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import interpolate

from archspec.frontend.train_schema import Normalize, Resize, Step
from archspec.ir.types import shape_text
from archspec.training.errors import TrainingError


def preprocess(inputs: torch.Tensor, steps: Sequence[Step]) -> torch.Tensor:
    """Returns the examples `[count, *shape]` after all steps, in order.

    Raises:
        TrainingError: A step does not take examples of this shape.
    """
    if steps and not inputs.is_floating_point():
        raise TrainingError(
            "`preprocess` changes measurements, but the network takes whole numbers (int64)",
            "leave `preprocess` out of train.data",
        )
    for step in steps:
        match step.options:
            case Resize() as resize:
                inputs = _resized(inputs, resize)
            case Normalize() as normalize:
                inputs = _normalized(inputs, normalize)
            case factor:
                inputs = inputs * factor
    return inputs


def _resized(inputs: torch.Tensor, resize: Resize) -> torch.Tensor:
    if inputs.ndim != 4:
        raise TrainingError(
            f"`resize` takes images, but the examples are {shape_text(inputs.shape[1:])}",
            "leave `resize` out of train.data.preprocess",
        )
    height, width = resize.size
    # "nearest-exact" is what every other library calls nearest; torch's own is off by half.
    if resize.interpolation == "nearest":
        return interpolate(inputs, (height, width), mode="nearest-exact")
    return interpolate(inputs, (height, width), mode=resize.interpolation, align_corners=False)


def _normalized(inputs: torch.Tensor, normalize: Normalize) -> torch.Tensor:
    channels = inputs.shape[1]
    for name, values in (("mean", normalize.mean), ("std", normalize.std)):
        if len(values) not in (1, channels):
            raise TrainingError(
                f"`normalize` has {len(values)} values for {name}, but the examples are "
                f"{shape_text(inputs.shape[1:])}",
                f"give 1 value, or {channels}",
            )
    shape = (-1, *(1,) * (inputs.ndim - 2))
    mean, std = (torch.tensor(v).reshape(shape) for v in (normalize.mean, normalize.std))
    return (inputs - mean) / std
