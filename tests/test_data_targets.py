"""What is predicted, how examples are weighed, and how they are divided: scikit-learn's way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils.class_weight import compute_sample_weight
from torch.nn.functional import interpolate, one_hot

from archspec.frontend.train_schema import Data
from archspec.ir.types import TensorType
from archspec.training.data.dataset import Dataset, evaluation_batches, load, training_batches
from archspec.training.data.stored import Stored
from archspec.training.errors import TrainingError

IRIS = load_iris()
FLOWER, IMAGE = TensorType.of_example((4,)), TensorType.of_example((1, 8, 8))


def made(taken: TensorType = FLOWER, fold: int | None = None, /, **fields: object) -> Dataset:
    return load(Data.model_validate({"workers": 0, **fields}), taken, fold=fold)


def archived(folder: Path, y: object, **more: object) -> dict[str, Any]:
    np.savez(folder / "iris.npz", x=IRIS.data, y=y, **more)  # type: ignore[arg-type]
    return {"npz": str(folder / "iris.npz")}


def trouble(
    taken: TensorType = FLOWER, fold: int | None = None, /, **fields: object
) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        made(taken, fold, **fields)
    return caught.value


def test_names_of_classes_are_numbered(tmp_path: Path) -> None:
    data = made(**archived(tmp_path, IRIS.target_names[IRIS.target]))
    plain = made(dataset="iris")
    assert data.classes == plain.classes
    assert torch.equal(data.splits["test"].targets, plain.splits["test"].targets)


def test_one_hot_rows_stay_and_are_divided_by_their_classes(tmp_path: Path) -> None:
    data = made(**archived(tmp_path, np.eye(3)[IRIS.target]))
    plain = made(dataset="iris")
    assert data.classes == ("0", "1", "2")
    for name, examples in data.splits.items():
        assert examples.targets.dtype is torch.float32
        assert np.array_equal(examples.indices, plain.splits[name].indices)
        assert torch.equal(examples.targets.argmax(1), plain.splits[name].targets)


def test_classes_are_one_hot_where_the_spec_says_so(tmp_path: Path) -> None:
    data, plain = made(dataset="iris", one_hot=True), made(dataset="iris")
    rows = made(**archived(tmp_path, np.eye(3)[IRIS.target]), one_hot=True)
    for name, examples in data.splits.items():
        wanted = one_hot(plain.splits[name].targets, 3).float()
        assert torch.equal(examples.targets, wanted)
        assert torch.equal(rows.splits[name].targets, wanted)
    error = trouble(**archived(tmp_path, IRIS.data[:, 0]), one_hot=True)
    assert (error.message, error.place[-1]) == ("iris has values, not classes", "one_hot")


def test_other_rows_and_fractions_are_values(tmp_path: Path) -> None:
    several = (IRIS.data > IRIS.data.mean(0)).astype(int)
    for y, wanted in ((several, several), (IRIS.data[:, 0], IRIS.data[:, :1])):
        data = made(**archived(tmp_path, y))
        examples = data.splits["test"]
        assert data.classes == ()
        assert np.array_equal(examples.targets.numpy(), wanted[examples.indices].astype("f4"))


def test_whole_fractions_are_classes_where_the_spec_says_so(tmp_path: Path) -> None:
    said = archived(tmp_path, IRIS.target.astype(np.float64))
    assert made(**said).classes == ()
    assert made(**said, targets="classes").classes == ("0", "1", "2")
    assert made(**said, classes=["a", "b", "c"]).classes == ("a", "b", "c")
    error = trouble(**archived(tmp_path, IRIS.data[:, 0]), classes=["a", "b"])
    assert (error.message, error.place[-1]) == ("y in iris holds values, not classes", "classes")


def test_a_wrong_label_is_told(tmp_path: Path) -> None:
    names = IRIS.target_names[IRIS.target].astype("<U20")
    names[17] = "setosaa"
    error = trouble(**archived(tmp_path, names), classes=[*map(str, IRIS.target_names)])
    assert error.message == "y in iris holds 'setosaa', which is not one of the classes"
    assert error.help == "did you mean `setosa`?"


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    data = made(TensorType.of_example((30,)), dataset="breast_cancer", class_weights="balanced")
    train, test = data.splits["train"], data.splits["test"]
    assert train.weights is not None
    wanted = compute_sample_weight("balanced", train.targets.numpy())
    np.testing.assert_allclose(train.weights.numpy(), wanted, rtol=1e-6)
    assert test.weights is None


def test_weights_of_classes_and_of_examples_are_multiplied(tmp_path: Path) -> None:
    weights = np.linspace(0, 3, 150)
    said = archived(tmp_path, IRIS.target_names[IRIS.target], care=weights)
    data = made(**said, sample_weights="care", class_weights={"setosa": 4})
    for name, examples in data.splits.items():
        factor = np.where(IRIS.target == 0, 4 if name == "train" else 1, 1)
        assert examples.weights is not None
        wanted = (weights.astype(np.float32) * factor)[examples.indices]
        np.testing.assert_allclose(examples.weights.numpy(), wanted, rtol=1e-6)
    order = torch.Generator().manual_seed(0)
    train = data.splits["train"]
    batch = next(iter(training_batches(train, 8, order)))
    at = [int((train.inputs == row).all(1).nonzero()[0, 0]) for row in batch[0]]
    assert train.weights is not None
    assert torch.equal(batch[2], train.weights[at])


@pytest.mark.parametrize(
    ("weights", "fields", "message"),
    [
        (np.ones(150), {"class_weights": {"setosa ": 2}}, "`class_weights` has setosa , which is"),
        (np.ones(149), {}, "x in iris has 150 examples, but care has 149"),
        (-np.ones(150), {}, "care in iris does not hold weights, which are"),
        (np.zeros(150), {}, "care in iris does not hold weights, which are"),
        (np.full(150, np.inf), {}, "care in iris does not hold weights, which are"),
        (np.ones((150, 2)), {}, "care in iris does not hold one number for each example"),
        (None, {}, "has no care; it holds x, y"),
    ],
)
def test_weights_that_are_none_are_told(
    weights: np.ndarray | None, fields: dict[str, Any], message: str, tmp_path: Path
) -> None:
    more = {} if weights is None else {"care": weights}
    said = archived(tmp_path, IRIS.target_names[IRIS.target], **more)
    error = trouble(**said, sample_weights="care", **fields)
    assert message in error.message
    assert error.place


def test_values_have_no_class_weights(tmp_path: Path) -> None:
    error = trouble(**archived(tmp_path, IRIS.data[:, 0]), class_weights="balanced")
    assert error.message == "iris has values, not classes"
    assert error.place == ("train", "data", "class_weights")


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
def test_folds_are_those_of_scikit_learn(stratify: bool, shuffle: bool) -> None:
    if stratify and not shuffle:
        split: dict[str, Any] = {"shuffle": False}
    else:
        split = {"stratify": stratify, "shuffle": shuffle}
    said = {"folds": 4, "test": 30, "seed": 7, **split}
    everything, y = np.arange(150), IRIS.target
    drawn = stratify and shuffle
    rest, test = train_test_split(everything, test_size=30, shuffle=shuffle,
                                  random_state=7 if shuffle else None,
                                  stratify=y if drawn else None)  # fmt: skip
    order = {"shuffle": True, "random_state": 7} if shuffle else {}
    folds = [*(StratifiedKFold if drawn else KFold)(4, **order).split(rest, y[rest])]
    validated = []
    for fold in range(4):
        splits = made(FLOWER, fold, dataset="iris", split=said).splits
        assert np.array_equal(splits["test"].indices, test)
        assert np.array_equal(splits["train"].indices, rest[folds[fold][0]])
        assert np.array_equal(splits["validation"].indices, rest[folds[fold][1]])
        validated += splits["validation"].indices.tolist()
    assert sorted(validated) == sorted(rest)


def test_too_few_examples_for_the_folds_are_told() -> None:
    error = trouble(FLOWER, 0, dataset="iris", split={"folds": 45, "test": 30})
    assert error.message == "there are 45 folds, but only 40 examples of the rarest class"
    assert error.place == ("train", "data", "split", "folds")


def test_without_shuffling_the_last_examples_are_taken() -> None:
    splits = made(dataset="iris", split={"test": 20, "validation": 10, "shuffle": False}).splits
    assert splits["train"].indices.tolist() == list(range(120))
    assert splits["validation"].indices.tolist() == list(range(120, 130))
    assert splits["test"].indices.tolist() == list(range(130, 150))


def test_nothing_is_tested_where_no_test_is_wanted() -> None:
    splits = made(dataset="iris", split={"test": 0}).splits
    assert [splits[name].number for name in ("train", "validation", "test")] == [150, 0, 0]


def test_the_order_is_that_of_the_split_without_shuffling() -> None:
    examples = made(dataset="iris").splits["train"]
    batches = training_batches(examples, 50, torch.Generator(), shuffle=False)
    for _ in range(2):
        assert torch.equal(torch.cat([inputs for inputs, _ in batches]), examples.inputs)


def test_what_is_learnt_for_preprocessing_is_learnt_from_training_examples() -> None:
    data = made(dataset="iris", preprocess=["standardize"], split={"test": 0.5})
    train = IRIS.data[data.splits["train"].indices]
    test = IRIS.data[data.splits["test"].indices]
    wanted = (test - train.mean(0)) / (train.std(0) + 1e-6)
    np.testing.assert_allclose(data.splits["test"].inputs.numpy(), wanted, atol=1e-5)
    again = load(
        Data.model_validate({"dataset": "iris", "split": {"seed": 9}}), FLOWER, steps=data.steps
    )
    later = IRIS.data[again.splits["train"].indices]
    wanted = (later - train.mean(0)) / (train.std(0) + 1e-6)
    np.testing.assert_allclose(again.splits["train"].inputs.numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("in_memory", [True, False])
def test_augmentation_comes_before_what_is_learnt(in_memory: bool) -> None:
    steps = [{"rescale": 0.0625}, {"resize": [16, 16]}, {"standardize": "featurewise"}]
    fields = {"dataset": "digits", "preprocess": steps, "in_memory": in_memory}
    plain = made(IMAGE, **fields)
    data = made(IMAGE, **fields, augment={"horizontal_flip": True})
    assert [fitted.step.name for fitted in data.late] == ["standardize"]
    train, test = data.splits["train"], data.splits["test"]
    assert isinstance(train.held, torch.Tensor) is in_memory
    order = torch.Generator()
    early = torch.cat([b[0] for b in training_batches(train, 99, order, shuffle=False)])
    images = torch.tensor(load_digits().images[train.indices][:, None]).float() * 0.0625
    assert torch.equal(early, interpolate(images, (16, 16), mode="bilinear"))
    assert early.shape[1:] == train.shape == (1, 16, 16)
    assert torch.equal(train.inputs, plain.splits["train"].inputs)
    assert torch.equal(test.inputs, plain.splits["test"].inputs)
    evaluated = torch.cat([batch[0] for batch in evaluation_batches(train)])
    assert torch.equal(evaluated, train.inputs)


def test_large_data_are_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 1797 * 64 * 4
    for memory, kept in ((4 * needed, False), (4 * needed + 4, True)):
        monkeypatch.setattr(
            "archspec.training.data.dataset.total_memory", lambda memory=memory: memory
        )
        examples = made(IMAGE, dataset="digits").splits["train"]
        assert isinstance(examples.held, Stored) is not kept
