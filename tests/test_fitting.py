"""The loop: schedules, means of weights, what ends it, heads, folds, precision."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
import torch
from lightning import Trainer

from archspec.backends.torch import build
from archspec.backends.weights import load_weights
from archspec.frontend import Compiled, compile_text
from archspec.frontend.train_schema import TrainSpec
from archspec.training.data.dataset import load
from archspec.training.data.stored import Passes
from archspec.training.errors import DeviceError, TrainingError
from archspec.training.loop.callbacks import EpochSeeds
from archspec.training.loop.engine import quiet, require_device, restored
from archspec.training.loop.fitting import Fitting, fit
from archspec.training.loop.layout import has_channels_last
from archspec.training.loop.objective import main_input
from archspec.training.loop.order import EpochOrder
from archspec.training.record.report import Fitted
from archspec.training.run import train

PERCEPTRON = "name: net\ninputs: {x: [4]}\nlayers: [linear: 8, tanh, linear: 3]\n"
IRIS = "data: {dataset: iris, split: {validation: 0.2}}, epochs: 4"


def compiled(train_section: str, network: str = PERCEPTRON) -> Compiled:
    return compile_text(f"{network}train: {{{train_section}}}\n", "net.yaml")


def fitted(directory: Path, train_section: str, network: str = PERCEPTRON) -> Fitted:
    result = compiled(train_section, network)
    assert result.train is not None
    data = load(result.train.data, main_input(result.graph).type)
    with quiet(), restored():
        return fit(Fitting(result.graph, result.train, data, directory, "cpu"))


def rates(made: Fitted) -> list[float]:
    """Returns the learning rate after each epoch."""
    return [row["lr"] for row in made.rows]


SGD = f"{IRIS}, optimizer: {{sgd: {{lr: 1.0}}}}"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("schedule: {step: {step_size: 2}}", [1, 0.1, 0.1, 0.01]),
        ("schedule: {multi_step: {milestones: [1, 3], gamma: 0.5}}", [0.5, 0.5, 0.25, 0.25]),
        ("schedule: {exponential: {gamma: 0.5}}", [0.5, 0.25, 0.125, 0.0625]),
        ("schedule: cosine", [(1 + math.cos(math.pi * e / 4)) / 2 for e in (1, 2, 3, 4)]),
        ("warmup: 2, steps_per_epoch: 2", [3 / 4, 1, 1, 1]),
        ("warmup: 2, schedule: cosine", [None, 1, 0.5, 0]),
        ("warmup: 1, schedule: {step: {step_size: 3}}", [1, 1, 0.1, 0.1]),
        ("schedule: {one_cycle: {pct_start: 0.3125}}, steps_per_epoch: 4", [1, None, None, None]),
    ],
)
def test_the_learning_rate_follows_its_schedule(
    schedule: str, expected: Sequence[float | None], tmp_path: Path
) -> None:
    made = rates(fitted(tmp_path, f"{SGD}, {schedule}"))
    known = [pytest.approx(rate, abs=1e-9) if rate is not None else ... for rate in expected]
    assert [rate if e is not ... else ... for rate, e in zip(made, known, strict=True)] == known


def test_the_rate_falls_on_a_plateau(tmp_path: Path) -> None:
    # The validation loss of steps that change nothing stays what it is.
    still = IRIS.replace("epochs: 4", "epochs: 5")
    settings = "optimizer: {sgd: {lr: 1.0e-6}}, schedule: {plateau: {patience: 1, factor: 0.5}}"
    made = rates(fitted(tmp_path, f"{still}, {settings}"))
    assert made == [1e-6, 1e-6, 1e-6, 5e-7, 5e-7]


def test_the_mean_of_the_weights_is_kept_and_judged(tmp_path: Path) -> None:
    kept = 0.6
    network = PERCEPTRON.replace("tanh", "batch_norm, tanh")
    settings = "data: {dataset: iris}, steps_per_epoch: 1, optimizer: {sgd: {lr: 0.5}}"
    mean: dict[str, torch.Tensor] = {}
    for epochs in (1, 2, 3):  # of one step each, which runs of every length have in common
        section = f"{settings}, epochs: {epochs}"
        fitted(tmp_path / f"plain{epochs}", section, network)
        plain = load_weights(tmp_path / f"plain{epochs}")
        mean = {k: kept * mean[k] + (1 - kept) * v for k, v in plain.items()} if mean else plain
    made = fitted(tmp_path / "mean", f"{settings}, epochs: 3, ema: {kept}", network)
    weights = load_weights(tmp_path / "mean")
    for name in mean:
        if weights[name].is_floating_point():
            torch.testing.assert_close(weights[name], mean[name])
    result = compiled(f"{settings}, epochs: 3", network)
    assert result.train is not None
    test = load(result.train.data, main_input(result.graph).type).splits["test"]
    net = build(result.graph)
    net.load_state_dict(weights)
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(net.eval()(test.inputs), test.targets)
    assert made.test["test_loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_training_ends_when_nothing_gets_better(tmp_path: Path) -> None:
    long = IRIS.replace("epochs: 4", "epochs: 50")
    still = "optimizer: {sgd: {lr: 1.0e-12}}, early_stopping: {patience: 3}"
    assert len(fitted(tmp_path, f"{long}, {still}").rows) == 4


def test_training_ends_when_it_is_good_enough(tmp_path: Path) -> None:
    long = IRIS.replace("epochs: 4", "epochs: 60")
    goal = "optimizer: {adam: {lr: 0.05}}, stop_at: {train_loss: 0.3}"
    made = fitted(tmp_path, f"{long}, {goal}")
    losses = [row["train_loss"] for row in made.rows]
    assert losses[-1] <= 0.3 < min(losses[:-1])


def test_the_best_epoch_is_that_of_the_metric_that_is_monitored(tmp_path: Path) -> None:
    settings = "optimizer: {sgd: {lr: 2.0}}, monitor: validation_accuracy, metrics: [accuracy, f1]"
    made = fitted(tmp_path, f"{IRIS.replace('epochs: 4', 'epochs: 8')}, {settings}")
    scores = [row["validation_accuracy"] for row in made.rows]
    assert made.selected == scores.index(max(scores)) + 1
    assert "train_f1" in made.rows[0]


@pytest.mark.parametrize(
    ("section", "message", "place"),
    [
        (f"{IRIS}, monitor: validation_acuracy", "not measured", "monitor"),
        (f"{IRIS}, stop_at: {{train_f1: 1}}", "not measured", "stop_at"),
        (
            "data: {dataset: iris}, epochs: 1, monitor: validation_loss",
            "there is no validation split",
            "monitor",
        ),
    ],
)
def test_what_is_not_measured_decides_nothing(
    section: str, message: str, place: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        fitted(tmp_path, section)
    assert caught.value.place == ("train", place)


def test_the_loss_of_each_head_is_logged(tmp_path: Path) -> None:
    head = "auxiliary: {name: early, weight: 0.5, layers: [linear: 3]}"
    end = "linear: {name: end, out_features: 3}"
    network = (
        PERCEPTRON.replace("tanh, linear: 3", f"tanh, {head}, {end}") + "outputs: {main: end}\n"
    )
    row = fitted(tmp_path, IRIS, network).rows[-1]
    parts = row["train_main_loss"] + 0.5 * row["train_early_loss"]
    assert row["train_loss"] == pytest.approx(parts, abs=2e-6)
    assert "validation_early_loss" not in row


def test_a_full_batch_makes_one_step_in_each_epoch(tmp_path: Path) -> None:
    fitted(tmp_path, f"{IRIS}, batch_size: full, optimizer: sgd")
    content = torch.load(tmp_path / "checkpoints/last.ckpt", weights_only=True)
    assert content["global_step"] == 4


def test_accumulated_batches_are_one_large_one(tmp_path: Path) -> None:
    data = "data: {dataset: iris, split: {test: 30}}, epochs: 2, optimizer: sgd"
    fitted(tmp_path / "large", f"{data}, batch_size: 60")
    fitted(tmp_path / "parts", f"{data}, batch_size: 20, gradient: {{accumulate: 3}}")
    large, parts = (load_weights(tmp_path / name) for name in ("large", "parts"))
    for name in large:
        torch.testing.assert_close(parts[name], large[name])


@pytest.mark.parametrize("clip", ["clip_norm: 0.01", "clip_value: 0.001"])
def test_clipped_gradients_change_less(clip: str, tmp_path: Path) -> None:
    one = f"{SGD}, batch_size: full".replace("epochs: 4", "epochs: 1")
    made = []
    for name, more in (("free", ""), ("clipped", f", gradient: {{{clip}}}")):
        made.append(fitted(tmp_path / name, f"{one}{more}").rows[0]["validation_loss"])
    start = fitted(tmp_path / "start", one.replace("lr: 1.0", "lr: 1.0e-20"))
    before = start.rows[0]["validation_loss"]
    assert 0 < abs(made[1] - before) < 0.2 * abs(made[0] - before)


CONVOLUTIONS = (
    "name: net\ninputs: {x: [1, 8, 8]}\n"
    "layers: [conv2d: {out_channels: 4, kernel_size: 3}, relu,"
    " conv2d: {name: last, out_channels: 4, kernel_size: 3}, flatten, linear: 10]\n"
)
DIGITS = "data: {dataset: digits, preprocess: [rescale: 0.0625]}, epochs: 2"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fitted(tmp_path_factory.mktemp("plain"), DIGITS, CONVOLUTIONS)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("channels_last", ["false", "true"])
def test_other_ways_to_compute_come_to_about_the_same(
    precision: str, channels_last: str, plain: Fitted, tmp_path: Path
) -> None:
    section = f"{DIGITS}, precision: {precision}, channels_last: {channels_last}"
    made = fitted(tmp_path, f"{section}, deterministic: {channels_last}", CONVOLUTIONS)
    assert made.test["test_loss"] == pytest.approx(plain.test["test_loss"], rel=0.02)
    assert precision == "fp32" or made.rows != plain.rows
    weights = load_weights(tmp_path)
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    interleaved = weights["last.weight"].is_contiguous(memory_format=torch.channels_last)
    assert interleaved == (channels_last == "true")


@pytest.mark.parametrize(
    ("layer", "said", "expected"),
    [
        ("depthwise_conv2d: {kernel_size: 3}", "", True),
        ("conv2d: {out_channels: 8, kernel_size: 3, groups: 4}", "", True),
        ("separable_conv2d: {out_channels: 4, kernel_size: 3}", "", True),
        ("depthwise_conv2d: {kernel_size: 3}", ", channels_last: false", False),
        ("conv2d: {out_channels: 4, kernel_size: 3, groups: 2}", "", False),
        ("relu", "", False),
    ],
)
def test_depthwise_layers_have_their_channels_last_on_a_cpu(
    layer: str, said: str, expected: bool, tmp_path: Path
) -> None:
    fitted(tmp_path, f"{DIGITS}{said}", CONVOLUTIONS.replace("relu", layer))
    kernel = load_weights(tmp_path)["last.weight"]
    assert kernel.is_contiguous(memory_format=torch.channels_last) == expected
    assert kernel.is_contiguous() != expected


def test_other_devices_keep_their_layout() -> None:
    result = compile_text(CONVOLUTIONS.replace("relu", "depthwise_conv2d: {kernel_size: 3}"), "")
    spec = TrainSpec.model_validate({"data": {"dataset": "digits"}, "epochs": 1})
    assert has_channels_last(result.graph, spec, torch.device("cpu"))
    assert not has_channels_last(result.graph, spec, torch.device("cuda"))


def test_the_cheapest_way_to_compute_repeats_itself(tmp_path: Path) -> None:
    section = f"{DIGITS}, precision: bf16, channels_last: true, deterministic: true"
    one, two = (fitted(tmp_path / name, section, CONVOLUTIONS) for name in "ab")
    assert one.rows == two.rows
    weights = [load_weights(tmp_path / name) for name in "ab"]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_half_precision_is_for_gpus() -> None:
    with pytest.raises(DeviceError, match="fp16") as caught:
        require_device("cpu", precision="fp16")
    assert caught.value.place == ("train", "precision")


def orders(
    steps: int | None, *, shuffled: bool, process: int = 0, processes: int = 1
) -> list[list[list[int]]]:
    """Returns the batches of three epochs of ten examples in batches of four."""
    generator = torch.Generator()
    made = EpochOrder(
        Passes(10, 4, generator=generator if shuffled else None),
        generator,
        0,
        steps=steps,
        shuffled=shuffled,
        process=process,
        processes=processes,
    )
    epochs = []
    for epoch in range(3):
        made.set_epoch(epoch)
        epochs.append([batch.tolist() for batch in made])
        assert len(epochs[-1]) == len(made)
    return epochs


def test_each_epoch_has_an_order_of_its_own() -> None:
    epochs = orders(None, shuffled=True)
    assert all(sorted(chain.from_iterable(epoch)) == list(range(10)) for epoch in epochs)
    assert len({str(epoch) for epoch in epochs}) == 3
    assert epochs == orders(None, shuffled=True)


def test_examples_in_their_order_go_on_where_an_epoch_ended() -> None:
    assert orders(2, shuffled=False) == [
        [[0, 1, 2, 3], [4, 5, 6, 7]],
        [[8, 9], [0, 1, 2, 3]],
        [[4, 5, 6, 7], [8, 9]],
    ]


def test_each_process_draws_masks_of_its_own() -> None:
    masks = {}
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    for run in range(2):
        for process in range(2):
            trainer.strategy.global_rank = process  # type: ignore[attr-defined]
            EpochSeeds(seed=0).on_train_epoch_start(trainer)
            masks[run, process] = torch.nn.functional.dropout(torch.ones(64))
    assert torch.equal(masks[0, 0], masks[1, 0])
    assert torch.equal(masks[0, 1], masks[1, 1])
    assert not torch.equal(masks[0, 0], masks[0, 1])


def test_processes_share_every_batch() -> None:
    whole = orders(None, shuffled=True)
    parts = [orders(None, shuffled=True, process=at, processes=2) for at in range(2)]
    for epoch, batches in enumerate(whole):
        for at, batch in enumerate(batches):
            assert sorted(parts[0][epoch][at] + parts[1][epoch][at]) == sorted(batch)


def test_a_cross_validation_has_a_run_for_each_fold_and_no_test(tmp_path: Path) -> None:
    section = "data: {dataset: iris, split: {folds: 3}}, epochs: 2"
    result = compiled(section)
    assert result.train is not None
    made = train(
        result.graph,
        result.train,
        result.resolved,
        output=tmp_path / "run",
        device="cpu",
        report=False,
    )
    folds = [
        json.loads((tmp_path / f"run/fold-{fold}/metrics.json").read_text()) for fold in (1, 2, 3)
    ]
    assert all("test" not in fold and fold["splits"]["test"] == 0 for fold in folds)
    losses = torch.tensor([fold["validation"]["loss"] for fold in folds], dtype=torch.float64)
    assert made.metrics["validation"]["loss"] == pytest.approx(losses.mean().item(), abs=1e-6)  # type: ignore[index]
    spread = made.metrics["spread"]["validation"]["loss"]  # type: ignore[index]
    assert spread == pytest.approx(losses.std().item(), abs=1e-6)
    assert len({str(fold["validation"]) for fold in folds}) == 3
