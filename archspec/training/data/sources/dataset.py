"""The data sets that are known by name: scikit-learn's, and those in standard files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.archive import HALVES, read_arrays
from archspec.training.data.source import ArrayInputs, Source, shipped
from archspec.training.data.sources.cifar import Pair, cifar_pairs
from archspec.training.data.sources.idx import idx_pairs
from archspec.training.data.sources.known import KNOWN, Known
from archspec.training.data.sources.places import directories, download, missing_help
from archspec.training.errors import TrainingError, UnreadableError

PLACE = ("train", "data", "dataset")


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the data set that a spec names.

    Raises:
        UnreadableError: Its files are not there, and cannot be downloaded; or cannot be read.
        TrainingError: Its labels are not those of its classes.
    """
    name = str(spec.dataset)
    if name not in KNOWN:
        return shipped(name, taken.dtype)
    known = KNOWN[name]
    train, test = _found(name, known, spec)
    for images, labels in (train, test):
        _require_labels(name, known, images, labels)
    inputs = np.concatenate([train[0], test[0]])
    if inputs.ndim == 3:
        inputs = inputs[:, np.newaxis]
    targets = np.concatenate([train[1], test[1]]).astype(np.int64)
    own = {"test": np.arange(len(train[1]), len(targets))}
    return Source(name, known.classes, ArrayInputs(name, inputs, taken.dtype), targets, own)


def _found(name: str, known: Known, spec: Data) -> list[Pair]:
    for directory in directories(known, spec.root):
        if pairs := _pairs(name, directory):
            return pairs
    if not spec.download:
        searched = spec.root or "the usual places"
        raise UnreadableError(
            f"{name} is not in {searched}", missing_help(name, known), place=PLACE
        )
    pairs = _pairs(name, download(name, known, spec.root))
    assert pairs is not None  # noqa: S101 - their sums are those of the set
    return pairs


def _pairs(name: str, directory: Path) -> list[Pair] | None:
    if name.startswith("cifar"):
        return cifar_pairs(directory, name)
    found = idx_pairs(directory)
    keras = directory.parent / "mnist.npz"
    if found is None and name == "mnist" and keras.is_file():
        arrays = read_arrays(keras)
        if {*HALVES} <= {*arrays}:
            found = [(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]
    return found


def _require_labels(name: str, known: Known, images: np.ndarray, labels: np.ndarray) -> None:
    if len(images) != len(labels):
        raise TrainingError(
            f"{name} has {len(images):,} images, but {len(labels):,} labels", place=PLACE
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= len(known.classes)))
    if wrong.size:
        raise TrainingError(
            f"{name} has the label {labels[wrong[0]]} at image {wrong[0]:,}, but its classes are "
            f"numbered from 0 to {len(known.classes) - 1}",
            "get its files anew",
            place=PLACE,
        )
