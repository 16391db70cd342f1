"""Where examples come from: a module for each kind of source."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.source import Source
from archspec.training.errors import TrainingError

__all__ = ["source_of"]


def source_of(spec: Data, taken: TensorType) -> Source:
    """Returns the data set that a spec names.

    Args:
        spec: The spec's data section.
        taken: What the network takes.

    Raises:
        UnreadableError: It is not there, or cannot be read, or got.
        TrainingError: It is no data set.
    """
    # What a kind of source needs is imported where that kind is used.
    module = import_module(f"archspec.training.data.sources.{spec.source}")
    read: Callable[[Data, TensorType], Source] = module.read
    try:
        return read(spec, taken)
    except TrainingError as error:
        error.place = error.place or ("train", "data", spec.source)
        raise
