"""A step of preprocessing with what it has learnt from examples, and its form in JSON.

There is no torch here: prediction with an exported model can do without.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter

from archspec.frontend.train_schema import Standardize, Step, Whiten

PLACE = ("train", "data", "preprocess")
"""The line of a spec that says what preprocessing does."""

CHANNELS: Mapping[str, int] = {"grayscale": 1, "rgb": 3, "rgba": 4}
"""The channels of images by their colour mode."""

_CHANNELS = [[channels] for channels in CHANNELS.values()]

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in grey: ITU-R BT.601, as in Pillow, without its rounding."""

OPAQUE = 255.0
"""The opacity of images that have none of their own."""

EPSILON = 1e-6
"""What Keras adds to a deviation before it divides by it."""

_LEARNT = TypeAdapter(dict[str, list[float] | str])

BEFORE_AUGMENTATION = ("color_mode", "rescale", "resize")
"""The steps that make images out of images, which augmentation changes."""

READABLE = 4096
"""How many numbers are written as such; more are base64 of single precision, little-endian."""


class FittedStep(NamedTuple):
    """A step, ready to be applied.

    Attributes:
        step: The step as the spec has it.
        learnt: What it has learnt, in single precision: the `mean` and `std` of channels or
            features for a featurewise `standardize`; the `mean` of features and a symmetric
            `matrix` `[features, features]` for `whiten`; for `color_mode` the `channels` of the
            images that it was given.
    """

    step: Step
    learnt: Mapping[str, np.ndarray] = {}

    @property
    def ready(self) -> bool:
        """Whether it has learnt what it needs."""
        return bool(self.learnt) or not learns(self.step)


def learns(step: Step) -> bool:
    """Returns whether a step has to see examples before it can be applied."""
    return "mean" in _names(step)


def unlearnt(steps: Iterable[Step]) -> tuple[FittedStep, ...]:
    """Returns steps that have seen no examples, of which some may not be ready."""
    return tuple(map(FittedStep, steps))


def early_and_late(
    steps: Sequence[FittedStep],
) -> tuple[tuple[FittedStep, ...], tuple[FittedStep, ...]]:
    """Returns the steps before augmentation, and those after it.

    Before it are the first steps, as long as they are `BEFORE_AUGMENTATION`.
    """
    early = tuple(takewhile(lambda fitted: fitted.step.name in BEFORE_AUGMENTATION, steps))
    return early, tuple(steps[len(early) :])


def given_channels(steps: Iterable[FittedStep]) -> int | None:
    """Returns the channels of the images that steps were fitted to, if a `color_mode` tells."""
    return next((int(fitted.learnt["channels"][0]) for fitted in steps
                 if "channels" in fitted.learnt), None)  # fmt: skip


def to_json(steps: Iterable[FittedStep]) -> list[dict[str, Any]]:
    """Returns steps as JSON has them: as in a spec, with what is `learnt` beside it."""
    return [_written(fitted) for fitted in steps]


def from_json(written: object) -> tuple[FittedStep, ...]:
    """Returns the steps of what `to_json` made, or of a spec's own list of steps.

    Raises:
        ValueError: They are no steps.
    """
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        raise ValueError("preprocessing is a list of steps")
    return tuple(_read(dict(each)) for each in written)


def _written(fitted: FittedStep) -> dict[str, Any]:
    made: dict[str, Any] = fitted.step.model_dump(mode="json", exclude_unset=True)
    if fitted.learnt:
        made["learnt"] = {name: _array(name, values) for name, values in fitted.learnt.items()}
    return made


def _read(written: dict[str, Any]) -> FittedStep:
    given = _LEARNT.validate_python(written.pop("learnt", {}))
    step = Step.model_validate(written)
    learnt = {name: _values(name, values) for name, values in given.items()}
    if learnt.keys() == {"channels"} and learnt["channels"].tolist() not in _CHANNELS:
        raise ValueError("images have 1, 3 or 4 channels")
    if {*learnt} not in (set(), {*_names(step)}) or len({len(v) for v in learnt.values()}) > 1:
        raise ValueError(f"`{step.name}` does not learn {', '.join(learnt)}, or not of these sizes")
    return FittedStep(step, learnt)


def _names(step: Step) -> tuple[str, ...]:
    """Returns the names of what a step learns."""
    match step.options:
        case Standardize(by="featurewise"):
            return ("mean", "std")
        case Whiten():
            return ("mean", "matrix")
    return ("channels",) if step.color_mode else ()


def _array(name: str, values: np.ndarray) -> object:
    if name == "matrix":  # symmetric, so that half of it is enough
        values = values[np.triu_indices(len(values))]
    if values.size <= READABLE:
        return values.tolist()
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _values(name: str, given: list[float] | str) -> np.ndarray:
    if isinstance(given, str):
        values = np.frombuffer(base64.b64decode(given, validate=True), "<f4").astype(np.float32)
    else:
        with np.errstate(over="ignore"):
            values = np.array(given, np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"`{name}` is not finite")
    return _symmetric(values) if name == "matrix" else values


def _symmetric(half: np.ndarray) -> np.ndarray:
    """Returns the matrix of which the upper triangle is given, row by row."""
    size = (int((8 * half.size + 1) ** 0.5) - 1) // 2
    if size * (size + 1) // 2 != half.size:
        raise ValueError("`matrix` is no triangle of numbers")
    made = np.zeros((size, size), np.float32)
    made[np.triu_indices(size)] = half
    return made + np.triu(made, 1).T
