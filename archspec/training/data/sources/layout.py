"""What arrays of examples look like, wherever they come from."""

from __future__ import annotations

import numpy as np

from archspec.ir.types import TensorType
from archspec.training.errors import TrainingError


def channels_first(examples: np.ndarray, taken: TensorType, *, last: bool) -> np.ndarray:
    """Returns examples `[count, *shape]` with the axis of channels where the network has it.

    Args:
        examples: The examples; where the network takes one axis more, they have one channel.
        taken: What the network takes.
        last: Whether their channels are last.
    """
    if examples.ndim == len(taken.shape) - 1:
        return examples[:, np.newaxis]
    return np.moveaxis(examples, -1, 1) if last and examples.ndim > 2 else examples


def require_numbers(what: str, array: np.ndarray, place: tuple[str, ...]) -> None:
    """Checks that an array holds examples.

    Args:
        what: What a message calls it.
        array: The array.
        place: The line of the spec that names it.

    Raises:
        TrainingError: It holds none, or other things than numbers.
    """
    if array.dtype.kind not in "biuf":
        raise TrainingError(f"{what} holds {array.dtype}, not numbers", place=place)
    if array.ndim == 0 or array.size == 0:
        raise TrainingError(f"{what} holds no examples", place=place)


def require_as_many(
    what: str, array: np.ndarray, examples: str, number: int, place: tuple[str, ...]
) -> None:
    """Checks that an array has something for each of the examples.

    Args:
        what: What a message calls it.
        array: The array.
        examples: What a message calls the examples.
        number: How many of these there are.
        place: The line of the spec that names it.

    Raises:
        TrainingError: It has not.
    """
    if array.ndim == 0 or len(array) != number:
        held = f"{len(array):,}" if array.ndim else "no rows"
        raise TrainingError(
            f"{examples} has {number:,} examples, but {what} has {held}", place=place
        )
