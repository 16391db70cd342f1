"""Fitted steps applied to examples, on the device where these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import nn
from torch.nn.functional import interpolate

from archspec.backends.fitted_step import EPSILON, PLACE, FittedStep
from archspec.frontend.train_schema import Normalize, Resize, Standardize, Whiten
from archspec.ir.types import shape_text
from archspec.training.errors import TrainingError
from archspec.training.preprocessing.colour import recoloured

Learnt: TypeAlias = Mapping[str, torch.Tensor]


def apply(inputs: torch.Tensor, steps: Sequence[FittedStep]) -> torch.Tensor:
    """Returns examples `[count, *shape]` after all steps, in order.

    Args:
        inputs: The examples, on any device.
        steps: The steps.

    Raises:
        TrainingError: A step does not take examples of this shape, or has learnt nothing yet.
    """
    if steps and not inputs.is_floating_point():
        raise TrainingError(
            "`preprocess` changes measurements, but the network takes whole numbers (int64)",
            "leave `preprocess` out of train.data",
            place=PLACE,
        )
    for step in steps:
        inputs = apply_step(inputs, step, _tensors(step, inputs.device))
    return inputs


class Preprocessing(nn.Module):
    """Fitted steps as a module, whose buffers hold what was learnt; none is in a checkpoint."""

    def __init__(self, steps: Sequence[FittedStep]) -> None:
        super().__init__()
        self._steps = tuple(steps)
        for at, step in enumerate(self._steps):
            for name, values in _tensors(step, torch.device("cpu")).items():
                self.register_buffer(f"{name}_{at}", values, persistent=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Returns the examples `[count, *shape]` after all steps."""
        with torch.autocast(input.device.type, enabled=False):  # as where nothing is augmented
            for at, step in enumerate(self._steps):
                learnt = {name: self.get_buffer(f"{name}_{at}") for name in step.learnt}
                input = apply_step(input, step, learnt)  # noqa: A001
        return input


def apply_step(inputs: torch.Tensor, fitted: FittedStep, learnt: Learnt) -> torch.Tensor:
    """Returns examples after one step, with what it has learnt as tensors on their device.

    Raises:
        TrainingError: The step does not take examples of this shape, or has learnt nothing yet.
    """
    if not fitted.ready:
        raise TrainingError(
            f"`{fitted.step.name}` learns from the training examples, and what it learnt is not "
            "known",
            "use the weights of a run, whose directory has it in preprocess.json",
        )
    match fitted.step.options:
        case Resize() as resize:
            return _resized(inputs, resize)
        case Normalize() as normalize:
            return _normalized(inputs, normalize)
        case Standardize(by="samplewise") as standardize:
            return _samplewise(inputs, standardize)
        case Standardize() as standardize:
            return _featurewise(inputs, standardize, learnt)
        case Whiten():
            return _whitened(inputs, learnt)
        case str(mode):
            return recoloured(inputs, mode)
        case float(factor):
            return inputs * factor
    raise AssertionError(fitted.step.name)


def _tensors(fitted: FittedStep, device: torch.device) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(values).to(device) for name, values in fitted.learnt.items()}


def _resized(inputs: torch.Tensor, resize: Resize) -> torch.Tensor:
    if inputs.ndim != 4:
        raise TrainingError(
            f"`resize` takes images, but the examples are {shape_text(inputs.shape[1:])}",
            "leave `resize` out of train.data.preprocess",
            place=PLACE,
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
                place=PLACE,
            )
    mean, std = (
        _by_channel(inputs.new_tensor(values), inputs) for values in (normalize.mean, normalize.std)
    )
    return (inputs - mean) / std


def _samplewise(inputs: torch.Tensor, standardize: Standardize) -> torch.Tensor:
    """Returns each example by its own mean and deviation, over all of its values."""
    axes = tuple(range(1, inputs.ndim))
    mean = inputs.mean(axes, keepdim=True)
    centred = inputs - mean
    made = centred if standardize.center else inputs
    if not standardize.scale:
        return made
    return made / (centred.square().mean(axes, keepdim=True).sqrt() + EPSILON)


def _featurewise(inputs: torch.Tensor, standardize: Standardize, learnt: Learnt) -> torch.Tensor:
    channels, known = inputs.shape[1], len(learnt["mean"])
    if channels != known:
        raise TrainingError(
            f"`standardize` has learnt from examples of {known} channels, but these are "
            f"{shape_text(inputs.shape[1:])}",
            "give examples like those of the training",
        )
    made = inputs - _by_channel(learnt["mean"], inputs) if standardize.center else inputs
    return made / (_by_channel(learnt["std"], inputs) + EPSILON) if standardize.scale else made


def _whitened(inputs: torch.Tensor, learnt: Learnt) -> torch.Tensor:
    flat, mean = inputs.flatten(1), learnt["mean"]
    if flat.shape[1] != len(mean):
        raise TrainingError(
            f"`whiten` has learnt from examples of {len(mean):,} values, but these are "
            f"{shape_text(inputs.shape[1:])}",
            "give examples like those of the training",
        )
    return ((flat - mean) @ learnt["matrix"]).reshape(inputs.shape)


def _by_channel(values: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Returns values `[channels]`, or one, as they are broadcast over `[count, channels, ...]`."""
    return values.reshape(-1, *(1,) * (inputs.ndim - 2))
