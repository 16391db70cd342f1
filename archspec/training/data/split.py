"""Which examples are for training, for validation and for the test: scikit-learn's splits."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import numpy as np

from archspec.diagnostics.counted import counted
from archspec.frontend.train_schema import Split
from archspec.training.errors import TrainingError

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
PLACE = ("train", "data", "split")


def split(
    classes: np.ndarray | None,
    number: int,
    spec: Split,
    own: Mapping[str, np.ndarray] | None = None,
    fold: int | None = None,
) -> dict[str, np.ndarray]:
    """Returns the indices of each split: the test split first, then validation, then training.

    Args:
        classes: The class of each example `[number]`, by which splits are stratified.
        number: How many examples there are.
        spec: How they are divided.
        own: The splits that the data have themselves; what is in none of them is divided.
        fold: Which of the folds is validated, from 0.

    Raises:
        TrainingError: There are not enough examples for it.
    """
    own = own or {}
    _require_undecided(spec, own)
    taken = np.zeros(number, bool)
    for indices in own.values():
        taken[indices] = True
    rest, made = np.flatnonzero(~taken), dict(own)
    if TEST not in made:
        rest, made[TEST] = _divide(TEST, rest, classes, spec)
    if fold is not None:
        rest, made[VALIDATION] = _fold(fold, rest, classes, spec)
    elif VALIDATION not in made:
        rest, made[VALIDATION] = _divide(VALIDATION, rest, classes, spec)
    if spec.train is not None:
        _, rest = _divide(TRAIN, rest, classes, spec)
    return {TRAIN: rest, VALIDATION: made[VALIDATION], TEST: made[TEST]}


def _require_undecided(spec: Split, own: Mapping[str, np.ndarray]) -> None:
    for name in own:
        asked = "folds" if name == VALIDATION and spec.folds else name
        if asked in spec.model_fields_set:
            raise TrainingError(
                f"the data have a {name} split of their own",
                f"leave `{asked}` out of train.data.split",
                place=(*PLACE, asked),
            )


def _divide(
    name: str, indices: np.ndarray, classes: np.ndarray | None, spec: Split
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    size = getattr(spec, name)
    if not size:
        return indices, indices[:0]
    stratify = classes[indices] if classes is not None and _stratified(spec) else None
    try:
        first, second = train_test_split(
            indices,
            test_size=size,
            random_state=spec.seed if spec.shuffle else None,
            shuffle=spec.shuffle,
            stratify=stratify,
        )
    except ValueError as error:
        number = counted(len(indices), "example", "examples")
        raise TrainingError(
            f"the {name} split cannot be taken from {number}: {str(error).partition('. ')[0]}",
            f"change `{name}` or `stratify` in train.data.split",
            place=(*PLACE, name),
        ) from error
    return first, second


def _fold(
    fold: int, indices: np.ndarray, classes: np.ndarray | None, spec: Split
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import KFold, StratifiedKFold

    folds = spec.folds or 0
    order = {"shuffle": True, "random_state": spec.seed} if spec.shuffle else {}
    of_classes = classes[indices] if classes is not None and _stratified(spec) else None
    least = len(indices) if of_classes is None else int(np.unique_counts(of_classes).counts.min())
    if least < folds:
        of = "" if of_classes is None else " of the rarest class"
        raise TrainingError(
            f"there are {folds} folds, but only {counted(least, 'example', 'examples')}{of}",
            "take fewer `folds`, or write `stratify: false`, in train.data.split",
            place=(*PLACE, "folds"),
        )
    made = (KFold if of_classes is None else StratifiedKFold)(n_splits=folds, **order)
    train, validation = next(islice(made.split(indices, of_classes), fold, None))
    return indices[train], indices[validation]


def _stratified(spec: Split) -> bool:
    """Returns whether classes are in equal proportion; what is not drawn cannot be."""
    return spec.stratify and spec.shuffle
