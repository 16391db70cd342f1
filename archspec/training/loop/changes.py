"""What is done to batches of training alone: augmentation, and the preprocessing after it."""

from __future__ import annotations

import torch
from torch import nn

from archspec.frontend.train_schema import TrainSpec
from archspec.training.augmentation.of_data import augmentation_of
from archspec.training.data.dataset import Dataset
from archspec.training.data.examples import Batch
from archspec.training.preprocessing import Preprocessing


class Changes(nn.Module):
    """Augmentation, and the preprocessing that follows it."""

    def __init__(self, augmentation: nn.Module, preprocessing: nn.Module) -> None:
        super().__init__()
        self._augmentation = augmentation
        self._preprocessing = preprocessing

    def forward(self, inputs: torch.Tensor, *others: torch.Tensor) -> Batch:
        """Returns a batch as the network takes it: inputs, targets, weights."""
        changed, *rest = self._augmentation(inputs, *others)
        return (self._preprocessing(changed), *rest)


def changes_for(spec: TrainSpec, data: Dataset) -> Changes | None:
    """Returns what is done to the batches of training, if anything is."""
    augment = spec.data.augment
    if augment is None:
        return None
    # Other losses take the numbers of classes as values.
    classes = len(data.classes) if spec.loss.name == "cross_entropy" else 0
    augmentation = augmentation_of(data, augment, classes=classes)
    return Changes(augmentation, Preprocessing(data.late))
