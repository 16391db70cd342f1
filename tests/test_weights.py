"""Where weights come from, and what is said when they cannot be had."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import lightning
import numpy as np
import pytest
import torch
from networks import branching

from archspec.backends.torch import build
from archspec.backends.weights import (
    MisfitError,
    WeightsError,
    check_fits,
    initial_weights,
    load_weights,
    to_numpy,
)


def test_initial_weights_depend_on_the_seed_only() -> None:
    graph = branching()
    torch.manual_seed(1)
    first = initial_weights(graph, 5)
    torch.manual_seed(2)
    second, other = initial_weights(graph, 5), initial_weights(graph, 6)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["fc.weight"], other["fc.weight"])
    check_fits(graph, first)


def test_initial_weights_leave_the_random_state_as_it_is() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    initial_weights(branching(), 5)
    assert torch.equal(torch.rand(3), expected)


def test_initial_weights_are_torch_s_under_that_seed() -> None:
    torch.manual_seed(5)
    expected = build(branching()).state_dict()
    given = initial_weights(branching(), 5)
    assert all(np.array_equal(tensor.numpy(), given[name]) for name, tensor in expected.items())


def test_a_state_dict_file_is_read_as_it_is(tmp_path: Path) -> None:
    expected = build(branching()).state_dict()
    torch.save(expected, tmp_path / "net.pt")
    given = load_weights(tmp_path / "net.pt")
    assert list(given) == list(expected)
    assert all(torch.equal(given[name], tensor) for name, tensor in expected.items())


class Training(lightning.LightningModule):
    """What a training run saves: the network and weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.network = build(branching())
        self.loss_weight = torch.nn.Parameter(torch.ones(1))


def _lightning_checkpoint(path: Path, training: Training) -> None:
    trainer = lightning.Trainer(
        logger=False, accelerator="cpu", enable_progress_bar=False, enable_model_summary=False
    )
    trainer.strategy.connect(training)
    trainer.save_checkpoint(path)


def test_of_a_training_checkpoint_the_network_s_weights_are_read(tmp_path: Path) -> None:
    training = Training()
    _lightning_checkpoint(tmp_path / "run.ckpt", training)
    given = load_weights(tmp_path / "run.ckpt")
    check_fits(branching(), given)
    assert given.keys() == training.network.state_dict().keys()
    assert torch.equal(given["fc.weight"], training.network.get_parameter("fc.weight"))


def test_of_a_run_the_best_checkpoint_is_preferred(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    torch.save({"state_dict": {"network.a": torch.tensor(1.0)}}, folder / "last.ckpt")
    assert load_weights(tmp_path) == {"a": torch.tensor(1.0)}
    torch.save({"state_dict": {"network.a": torch.tensor(2.0)}}, folder / "best.ckpt")
    assert load_weights(tmp_path) == {"a": torch.tensor(2.0)}


def _write(content: object) -> Callable[[Path], object]:
    return lambda path: torch.save(content, path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("name: lenet\n"),
        lambda path: path.write_bytes(b"...."),
        lambda path: path.write_bytes(pickle.dumps({"a": Path("x")}, protocol=2)),
        _write(torch.nn.Linear(2, 2)),
        _write(torch.ones(2)),
        _write({"epoch": 3}),
        _write({"state_dict": {"a": 1}}),
    ],
    ids=["empty", "text", "dots", "pickle", "module", "tensor", "numbers", "no tensors"],
)
def test_what_is_no_checkpoint_is_refused(write: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    write(path)
    with pytest.raises(WeightsError) as error:
        load_weights(path)
    assert error.value.message == f"{path} does not hold weights"
    assert "state_dict" in error.value.help


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: torch.eye(2).to_sparse(), r"float32 \(sparse_coo\)"),
        (lambda: torch.eye(2).to_sparse_csr(), r"float32 \(sparse_csr\)"),
        (lambda: torch.quantize_per_tensor(torch.eye(2), 0.1, 0, torch.qint8), "qint8"),
        (lambda: torch.empty(2, device="meta"), r"float32 \(without values\)"),
        (lambda: torch.ones(2, dtype=torch.complex64), "complex64"),
        (lambda: torch.ones(2, dtype=torch.int64), "int64"),
        (lambda: torch.tensor(1, dtype=torch.int32), "int32"),
        (lambda: torch.ones(2, dtype=torch.bool), "bool"),
    ],
)
def test_tensors_that_no_weight_can_be_are_named(
    make: Callable[[], torch.Tensor], what: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of making such tensors
        torch.save({"fc.bias": torch.zeros(2), "fc.weight": make()}, path)
    with pytest.raises(WeightsError, match=rf"fc\.weight is a tensor of {what}, which"):
        load_weights(path)


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(build(branching()).state_dict(), path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(WeightsError, match="does not hold weights"):
        load_weights(path)


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "harm",))

    (tmp_path / "net.pt").write_bytes(pickle.dumps(Harmful(), protocol=2))
    with pytest.raises(WeightsError):
        load_weights(tmp_path / "net.pt")
    assert not (tmp_path / "harm").exists()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.pt: No such file"):
        load_weights(tmp_path / "none.pt")
    with pytest.raises(WeightsError, match="File name too long"):
        load_weights(tmp_path / ("n" * 300))
    with pytest.raises(WeightsError, match=r"no checkpoints/best.ckpt or checkpoints/last.ckpt"):
        load_weights(tmp_path)


def test_counters_may_be_missing_but_statistics_may_not() -> None:
    graph = branching()
    weights = initial_weights(graph, 0)
    del weights["stem.norm.num_batches_tracked"]
    check_fits(graph, weights)
    del weights["stem.norm.running_mean"]
    with pytest.raises(MisfitError, match=r"1 missing \(stem.norm.running_mean\)"):
        check_fits(graph, weights)


def test_arrays_are_of_single_precision() -> None:
    weights = {"a": torch.ones(2, dtype=torch.bfloat16), "b": torch.tensor(3)}
    arrays = to_numpy(weights)
    assert arrays["a"].dtype == np.float32
    assert arrays["b"].dtype == np.int64
