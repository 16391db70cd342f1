"""The nodes that compute a step of preprocessing, in front of a network that takes images."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from onnx import TensorProto

from archspec.backends.fitted_step import CHANNELS, EPSILON, LUMA, OPAQUE, FittedStep
from archspec.backends.onnx.front import Front
from archspec.diagnostics import Refusal
from archspec.frontend.train_schema import Normalize, Resize, Standardize, Whiten

Sizes: TypeAlias = tuple[int | str, ...]
"""Batch, channels, height and width; a word for what is any number."""

MODES = {"bilinear": "linear", "bicubic": "cubic"}
"""What ONNX calls the ways to find pixels in between."""

PIXELS = [1, 2, 3]
"""The axes of one image."""


class PreprocessingError(Refusal):
    """Preprocessing cannot become part of a model."""


def add_step(front: Front, fitted: FittedStep, sizes: Sizes) -> Sizes:
    """Adds the nodes of a step and returns the sizes of what it makes.

    Args:
        front: Where they are added.
        fitted: The step.
        sizes: The sizes of what it is given.

    Raises:
        PreprocessingError: The step has learnt nothing, or is for images of other sizes.
    """
    if not fitted.ready:
        raise PreprocessingError(
            f"what `{fitted.step.name}` learnt from the training examples is not known",
            "export with --weights of a run, whose directory has it in preprocess.json",
        )
    match fitted.step.options:
        case Resize() as resize:
            return _add_resize(front, resize, sizes)
        case Normalize(mean=mean, std=std):
            _add_normalize(front, np.array(mean, np.float32), np.array(std, np.float32), sizes)
        case Standardize(by="samplewise") as standardize:
            _add_samplewise(front, standardize)
        case Standardize() as standardize:
            _add_featurewise(front, standardize, fitted, sizes)
        case Whiten():
            _add_whiten(front, fitted, sizes)
        case str(mode):
            return _add_color_mode(front, CHANNELS[mode], sizes)
        case float(factor):
            front.add("Mul", np.array(factor, np.float32))
    return sizes


def _add_resize(front: Front, resize: Resize, sizes: Sizes) -> Sizes:
    if resize.interpolation == "nearest":
        for axis, size in enumerate(resize.size, start=2):
            _add_nearest(front, axis, size)
    else:
        front.add(
            "Resize",
            None,
            None,
            np.array(resize.size, np.int64),
            axes=[2, 3],
            mode=MODES[resize.interpolation],
            coordinate_transformation_mode="half_pixel",
        )
    return (*sizes[:2], *resize.size)


def _add_nearest(front: Front, axis: int, size: int) -> None:
    """Adds the nodes that take the nearest of the pixels along an axis.

    ONNX's own `Resize` divides by the rounded scale, and ONNX Runtime then takes another pixel
    than torch for some 3 % of all pairs of sizes, wherever two pixels are equally near.
    """
    given = front.node(
        "Cast", front.node("Shape", front.last, start=axis, end=axis + 1), to=TensorProto.FLOAT
    )
    scale = front.node("Div", given, np.array([size], np.float32))
    middles = np.arange(size, dtype=np.float32) + np.float32(0.5)
    nearest = front.node("Floor", front.node("Mul", scale, middles))
    index = front.node("Cast", nearest, to=TensorProto.INT64)
    front.last = front.node("Gather", front.last, index, axis=axis)


def _add_normalize(front: Front, mean: np.ndarray, std: np.ndarray, sizes: Sizes) -> None:
    for name, values, op_type in (("mean", mean, "Sub"), ("std", std, "Div")):
        if len(values) not in (1, sizes[1]):
            raise PreprocessingError(
                f"`normalize` has {len(values)} values for {name}, but the network takes "
                f"images of {sizes_text(sizes[1:])}",
                f"give 1 value, or {sizes[1]}",
            )
        front.add(op_type, values.reshape(-1, 1, 1))


def _add_featurewise(
    front: Front, standardize: Standardize, fitted: FittedStep, sizes: Sizes
) -> None:
    mean, std = fitted.learnt["mean"], fitted.learnt["std"]
    if len(mean) != sizes[1]:
        raise _unlike(fitted, f"{len(mean)} channels", sizes)
    if standardize.center:
        front.add("Sub", mean.reshape(-1, 1, 1))
    if standardize.scale:
        front.add("Div", (std + np.float32(EPSILON)).reshape(-1, 1, 1))


def _add_samplewise(front: Front, standardize: Standardize) -> None:
    axes = np.array(PIXELS, np.int64)
    given = front.last
    centred = front.node("Sub", given, front.node("ReduceMean", given, axes))
    front.last = centred if standardize.center else given
    if standardize.scale:
        variance = front.node("ReduceMean", front.node("Mul", centred, centred), axes)
        deviation = front.node("Sqrt", variance)
        divisor = front.node("Add", deviation, np.array(EPSILON, np.float32))
        front.last = front.node("Div", front.last, divisor)


def _add_whiten(front: Front, fitted: FittedStep, sizes: Sizes) -> None:
    mean, matrix = fitted.learnt["mean"], fitted.learnt["matrix"]
    known = [size for size in sizes[1:] if isinstance(size, int)]
    if len(known) == len(PIXELS) and np.prod(known) != len(mean):
        raise _unlike(fitted, f"{len(mean):,} values", sizes)
    shape = front.node("Shape", front.last)
    front.add("Flatten", axis=1)
    front.add("Sub", mean)
    front.add("MatMul", matrix)
    front.last = front.node("Reshape", front.last, shape)


def _add_color_mode(front: Front, wanted: int, sizes: Sizes) -> Sizes:
    channels = sizes[1]
    if channels != wanted:
        if channels == CHANNELS["rgba"]:
            front.add("Gather", np.arange(3, dtype=np.int64), axis=1)
        if wanted == CHANNELS["grayscale"]:
            front.add("Mul", np.array(LUMA, np.float32).reshape(-1, 1, 1))
            front.add("ReduceSum", np.array([1], np.int64))
        elif channels == CHANNELS["grayscale"]:
            front.last = front.node("Concat", *[front.last] * 3, axis=1)
        if wanted == CHANNELS["rgba"]:
            pads = np.array([0, 0, 0, 0, 0, 1, 0, 0], np.int64)
            front.add("Pad", pads, np.array(OPAQUE, np.float32))
    return (sizes[0], wanted, *sizes[2:])


def _unlike(fitted: FittedStep, known: str, sizes: Sizes) -> PreprocessingError:
    return PreprocessingError(
        f"`{fitted.step.name}` has learnt from examples of {known}, but is given images of "
        f"{sizes_text(sizes[1:])}",
        "export the network with the weights of its own run",
    )


def sizes_text(sizes: Sizes) -> str:
    """Returns sizes as messages have them."""
    return "×".join(map(str, sizes))
