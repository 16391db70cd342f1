"""The data section: splits are scikit-learn's, preprocessing is torch's, misfits are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from torch.nn.functional import interpolate

from archspec.frontend import compile_spec, compile_text
from archspec.frontend.train_schema import DATASETS, Data, TrainSpec
from archspec.ir.graph import Graph
from archspec.ir.types import TensorType
from archspec.training.data import dataset as data_module
from archspec.training.data.dataset import Dataset, training_batches
from archspec.training.errors import TrainingError
from archspec.training.loop.agreement import check_agreement
from archspec.training.loop.objective import main_input
from archspec.training.loop.trainable import check_trainable

LENET, IRIS = "specs/lenet5.yaml", "specs/iris.yaml"


def load(spec: Data, taken: TensorType | None = None) -> Dataset:
    """Returns a data set for a network of vectors, unless another input is given."""
    return data_module.load(spec, taken or TensorType.of_example((4,)))


def compiled(path: str, **settings: str) -> tuple[Graph, TrainSpec]:
    result = compile_spec(path, settings={f"train.{k}": v for k, v in settings.items()})
    assert result.train is not None
    return result.graph, result.train


def data(**fields: object) -> Data:
    return Data.model_validate(fields)


def test_the_iris_spec_splits_as_the_lecture_notes_do() -> None:
    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=1)
    splits = load(compiled(IRIS)[1].data).splits
    assert np.array_equal(splits["train"].inputs.numpy(), x_train.astype(np.float32))
    assert np.array_equal(splits["test"].inputs.numpy(), x_test.astype(np.float32))
    assert np.array_equal(splits["train"].targets.numpy(), y_train)
    assert np.array_equal(splits["test"].targets.numpy(), y_test)
    assert splits["validation"].number == 0


def test_digits_are_scaled_up_as_torch_does() -> None:
    made = load(compiled(LENET)[1].data).splits["test"]
    digits = load_digits()
    images = torch.tensor(digits.images[made.indices], dtype=torch.float32)[:, None] * 0.0625
    scaled = interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
    torch.testing.assert_close(made.inputs, (scaled - 0.305) / 0.376)
    assert np.array_equal(made.targets.numpy(), digits.target[made.indices])
    assert made.inputs.shape == (360, 1, 32, 32)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_every_interpolation_keeps_a_flat_image_flat(interpolation: str) -> None:
    resize = {"size": [11, 5], "interpolation": interpolation}
    steps: list[object] = [{"rescale": 0.0}, {"resize": resize}]
    made = load(data(dataset="digits", preprocess=steps)).splits["train"].inputs
    assert made.shape[1:] == (1, 11, 5)
    assert made.abs().max() == 0


def test_nearest_takes_the_pixel_at_each_centre() -> None:
    resize = {"size": [3, 3], "interpolation": "nearest"}
    made = load(data(dataset="digits", preprocess=[{"resize": resize}])).splits["test"]
    rows = np.array([1, 4, 6])  # the centres are at 1⅓, 4 and 6⅔ of 8
    images = load_digits().images[made.indices][:, rows][:, :, rows]
    assert np.array_equal(made.inputs[:, 0].numpy(), images)


def test_steps_are_applied_in_their_order() -> None:
    steps: list[object] = [{"normalize": {"mean": [8], "std": [2]}}, {"rescale": 3}]
    raw = load(data(dataset="digits")).splits["test"].inputs
    made = load(data(dataset="digits", preprocess=steps)).splits["test"].inputs
    torch.testing.assert_close(made, (raw - 8) / 2 * 3)


def test_normalize_takes_a_value_for_each_feature() -> None:
    x, _ = load_iris(return_X_y=True)
    normalize = {"mean": x.mean(0).tolist(), "std": x.std(0).tolist()}
    splits = load(data(dataset="iris", preprocess=[{"normalize": normalize}])).splits
    made = torch.cat([splits["train"].inputs, splits["test"].inputs])
    torch.testing.assert_close(made.mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(made.std(0, correction=0), torch.ones(4))


@pytest.mark.parametrize(
    ("name", "load_directly"),
    [
        ("breast_cancer", load_breast_cancer),
        ("digits", load_digits),
        ("iris", load_iris),
        ("wine", load_wine),
    ],
)
def test_each_example_is_in_exactly_one_split(name: str, load_directly: object) -> None:
    assert callable(load_directly)
    bunch = load_directly()
    made = load(data(dataset=name, split={"test": 0.25, "validation": 0.2, "seed": 3}))
    indices = np.concatenate([examples.indices for examples in made.splits.values()])
    assert sorted(indices) == list(range(len(bunch.target)))
    assert made.classes == tuple(map(str, bunch.target_names))
    assert DATASETS[name] == len(bunch.target_names)


def test_counts_are_taken_as_they_stand() -> None:
    splits = load(data(dataset="digits", split={"test": 300, "validation": 97})).splits
    assert [splits[name].number for name in ("train", "validation", "test")] == [1400, 97, 300]


def test_stratified_splits_have_the_classes_in_proportion() -> None:
    splits = load(data(dataset="iris", split={"test": 30, "validation": 30})).splits
    for examples in splits.values():
        assert len(set(torch.bincount(examples.targets).tolist())) == 1


def test_the_validation_split_leaves_the_test_split_as_it_is() -> None:
    without = load(data(dataset="digits", split={"seed": 5})).splits
    with_ = load(data(dataset="digits", split={"seed": 5, "validation": 0.3})).splits
    assert np.array_equal(without["test"].indices, with_["test"].indices)
    assert set(with_["validation"].indices) < set(without["train"].indices)


def test_batches_hold_each_example_once_in_an_order_drawn_anew() -> None:
    examples = load(data(dataset="iris")).splits["train"]
    batches = training_batches(examples, 32, torch.Generator().manual_seed(0))
    epochs = [torch.cat([inputs for inputs, _ in batches]) for _ in range(2)]
    assert not torch.equal(*epochs)
    for epoch in epochs:
        assert sorted(epoch.tolist()) == sorted(examples.inputs.tolist())
    assert [len(targets) for _, targets in batches] == [32, 32, 32, 24]


def test_a_last_batch_of_one_is_left_out() -> None:
    examples = load(data(dataset="iris", split={"test": 53})).splits["train"]
    batches = training_batches(examples, 32, torch.Generator().manual_seed(0))
    assert [len(targets) for _, targets in batches] == [32, 32, 32]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"split": {"test": 5000}}, "the test split cannot be taken from 1,797 examples"),
        ({"split": {"validation": 3}}, "the validation split cannot be taken from 1,437 examples"),
        ({"preprocess": [{"normalize": {"mean": [1, 2], "std": [1]}}]}, "has 2 values for mean"),
    ],
)
def test_data_that_cannot_be_made_are_told(fields: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        load(data(dataset="digits", **fields))
    assert caught.value.help


def test_vectors_cannot_be_resized() -> None:
    with pytest.raises(TrainingError, match="`resize` takes images, but the examples are 4"):
        load(data(dataset="iris", preprocess=[{"resize": [8, 8]}]))


def disagreement(graph: Graph, dataset: Dataset) -> tuple[str, str]:
    with pytest.raises(TrainingError) as caught:
        check_agreement(graph, dataset)
    return caught.value.message, caught.value.help


def test_images_of_another_size_are_told_with_the_remedy() -> None:
    graph, spec = compiled(LENET, **{"data.preprocess": "[{rescale: 0.0625}]"})
    message, help_ = disagreement(graph, load(spec.data))
    assert message == "digits gives examples of 1×8×8, but the network takes image: 1×32×32"
    assert help_ == "add `resize: [32, 32]` to train.data.preprocess"


def test_data_of_another_kind_are_told() -> None:
    graph, spec = compiled(IRIS, **{"data.dataset": "digits"})
    message, help_ = disagreement(graph, load(spec.data))
    assert message == "digits gives examples of 1×8×8, but the network takes measurements: 4"
    assert "[1, 8, 8]" in help_


@pytest.mark.parametrize("shape", ["[3, 6, 5]", "[3, H, W]"])
def test_channels_that_are_last_are_told(shape: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 6, 5, 3)), y=np.arange(9) % 2)
    fields = f"npz: {tmp_path / 'a.npz'}"
    message, help_ = obstacle(shape, "global_avg_pool2d, linear: 2", fields)
    assert "gives examples of 6×5×3, but the network takes x: 3×" in message
    assert "`channels_last: true` in train.data" in help_


def test_one_class_is_no_classes() -> None:
    graph, spec = compiled(LENET)
    message, _ = disagreement(graph, load(spec.data)._replace(classes=("a",)))
    assert message.startswith("digits has 1 class, but")


def test_another_number_of_classes_is_told() -> None:
    graph, spec = compiled(LENET)
    dataset = load(spec.data)._replace(classes=("a", "b", "c"))
    message, help_ = disagreement(graph, dataset)
    assert message == "digits has 3 classes, but the network's output `logits` is 10"
    assert help_ == "end with `linear: 3`"


def test_a_network_of_two_inputs_is_refused() -> None:
    graph, spec = compiled(IRIS)
    graph.add_input("other", graph.inputs["measurements"].type)
    message, _ = disagreement(graph, load(spec.data))
    assert message.startswith("iris has one input for each example")
    assert message.endswith("but the network takes measurements, other")


def test_free_sizes_take_images_of_any_size() -> None:
    text = """
    name: free
    inputs: {image: [1, H, W]}
    layers: [conv2d: {out_channels: 10, kernel_size: 3}, global_avg_pool2d]
    train: {data: {dataset: digits}, epochs: 1}
    """
    result = compile_text(text, "free.yaml")
    assert result.train is not None
    check_agreement(result.graph, load(result.train.data))
    message, help_ = disagreement(result.graph, load(data(dataset="wine")))
    assert message == "wine gives examples of 13, but the network takes image: 1×H×W"
    assert help_ == "these data are for a network with inputs: {NAME: [13]}"


def obstacle(
    inputs: str,
    layers: str,
    dataset: str = "dataset: iris",
    more: str = "",
    batch_size: int = 32,
) -> tuple[str, str]:
    """Returns why a network cannot be trained."""
    result = compile_text(
        f"name: net\ninputs: {{x: {inputs}}}\nlayers: [{layers}]\n{more}\n"
        f"train: {{data: {{{dataset}}}, epochs: 1, batch_size: {batch_size}}}\n",
        "net.yaml",
    )
    assert result.train is not None
    examples = load(result.train.data, main_input(result.graph).type)
    with pytest.raises(TrainingError) as caught:
        check_agreement(result.graph, examples)
        check_trainable(result.graph, result.train, examples)
    return caught.value.message, caught.value.help


@pytest.mark.parametrize(
    ("split", "batch_size", "remedy"),
    [("test: 0.2", 1, "train.batch_size"), ("test: 149, stratify: false", 32, "data.split")],
)
def test_batch_norm_cannot_learn_from_single_examples(
    split: str, batch_size: int, remedy: str
) -> None:
    dataset = f"dataset: iris, split: {{{split}}}"
    message, help_ = obstacle("[4]", "batch_norm, linear: 3", dataset, batch_size=batch_size)
    assert message == "batch_norm cannot learn from batches of one example"
    assert remedy in help_


def test_a_network_without_weights_before_its_output_is_refused() -> None:
    digits = "dataset: digits, preprocess: [{resize: [2, 5]}]"
    for more in ("", "outputs: {y: flatten, other: linear}"):
        layers = "flatten, linear: 10" if more else "flatten"
        message, help_ = obstacle("[1, 2, 5]", layers, digits, more)
        assert message == "there is nothing to train: net has no parameters"
        assert "linear" in help_


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "tanh", "relu6", "hardtanh", "softsign"])
@pytest.mark.parametrize(
    "after",
    ["", ", dropout", ", identity, alpha_dropout", ", unsqueeze: 1, gaussian_noise: 0.1, flatten"],
)
def test_an_output_that_is_squashed_is_refused(kind: str, after: str) -> None:
    message, help_ = obstacle("[4]", f"linear: 3, {kind}{after}")
    assert message == f"`cross_entropy` takes scores, but the network ends in {kind}"
    assert help_ == f"remove the final {kind}; a final softmax is fine"


@pytest.mark.parametrize("end", ["leaky_relu", "prelu", "softmax", "log_softmax", "identity"])
def test_scores_may_come_out_of_what_does_not_squash(end: str) -> None:
    text = f"name: net\ninputs: {{x: [4]}}\nlayers: [linear: 3, {end}]\n"
    result = compile_text(f"{text}train: {{data: {{dataset: iris}}, epochs: 1}}\n", "net.yaml")
    assert result.train is not None
    check_trainable(result.graph, result.train, load(result.train.data))


def test_a_head_that_is_squashed_is_refused() -> None:
    head = "auxiliary: {name: early, layers: [linear: 3, tanh]}"
    message, _ = obstacle("[4]", f"linear: 8, {head}, relu, linear: 3")
    assert message == "`cross_entropy` takes scores, but its head `early` ends in tanh"


@pytest.mark.parametrize(
    ("inputs", "layers", "dataset", "remedy"),
    [
        ("[1, 8, 8]", "linear: 10", "digits", "put `flatten` before the last `linear`"),
        ("[1, 8, 8]", "linear: 9", "digits", "end with `flatten, linear: 10`"),
        ("[30]", "linear: 1, sigmoid", "breast_cancer", "end with `linear: 2`"),
    ],
)
def test_an_output_of_another_shape_is_told_with_the_remedy(
    inputs: str, layers: str, dataset: str, remedy: str
) -> None:
    assert obstacle(inputs, layers, f"dataset: {dataset}")[1] == remedy


def test_a_batch_may_be_larger_than_the_data() -> None:
    examples = load(data(dataset="iris")).splits["train"]
    batches = training_batches(examples, 2**31 - 1, torch.Generator())
    assert [len(targets) for _, targets in batches] == [120]
