"""Losses: what training minimises, and what is measured beside it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from archspec.frontend.schema import Section
from archspec.frontend.train_schema.choice import Choice, Rate, Share


class CrossEntropy(Section):
    """Cross-entropy of classes, by their numbers or one-hot."""

    label_smoothing: Share = Field(
        default=0.0, description="share of each target spread over all classes"
    )


class BinaryCrossEntropy(Section):
    """Cross-entropy of yes and no, for each output by itself."""

    label_smoothing: Share = Field(
        default=0.0, description="share by which each target is moved towards one half"
    )


class MeanError(Section):
    """Mean of the squared, or of the absolute, differences."""


class Huber(Section):
    """Squared for small differences, absolute for large ones (Huber 1964)."""

    delta: Rate = Field(default=1.0, description="the difference where one becomes the other")


class Loss(Choice):
    """What training minimises.

    Where the network ends in softmax or sigmoid, cross-entropies are computed on its input.
    """

    cross_entropy: CrossEntropy | None = Field(default=None, description="for classes")
    binary_cross_entropy: BinaryCrossEntropy | None = Field(
        default=None, description="for two classes and one output, or for several labels at once"
    )
    mse: MeanError | None = Field(default=None, description="mean squared error, for values")
    mae: MeanError | None = Field(default=None, description="mean absolute error, for values")
    huber: Huber | None = Field(default=None, description="Huber loss, for values")


Metric: TypeAlias = Literal[
    "accuracy", "top_5_accuracy", "precision", "recall", "f1", "auc", "mae", "mse"
]
