"""How much the examples of each class count in the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from archspec.frontend.suggest import did_you_mean
from archspec.training.errors import TrainingError


def class_weights(
    said: Literal["balanced"] | Mapping[str, float], numbers: np.ndarray, classes: Sequence[str]
) -> np.ndarray:
    """Returns the weight of each example, by its class `[count]`.

    `balanced` is scikit-learn's: examples / (classes * examples of the class). Classes that are
    not named have the weight 1.

    Args:
        said: What the spec says.
        numbers: The number of each example's class.
        classes: The names of the classes.

    Raises:
        TrainingError: One of the names is no class.
    """
    if said == "balanced":
        counts = np.bincount(numbers, minlength=len(classes))
        present = np.count_nonzero(counts)
        weights = len(numbers) / (present * np.maximum(counts, 1))
    else:
        _require_known(said, classes)
        weights = np.array([said.get(name, 1.0) for name in classes])
    made: np.ndarray = weights.astype(np.float32)[numbers]
    return made


def _require_known(said: Mapping[str, float], classes: Sequence[str]) -> None:
    for name in said:
        if name not in classes:
            raise TrainingError(
                f"`class_weights` has {name}, which is not one of the classes",
                did_you_mean(name, classes, what="class"),
                place=("train", "data", "class_weights", name),
            )
