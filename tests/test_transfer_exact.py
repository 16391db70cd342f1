"""Transfer learning beside a loop written by hand in PyTorch, and noise in frozen layers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_transfer import DATA, changed, last

from archspec.backends.torch import build
from archspec.frontend import Compiled, compile_text
from archspec.training.data.dataset import Dataset, load
from archspec.training.errors import TrainingError
from archspec.training.loop.engine import quiet, restored
from archspec.training.loop.fitting import Fitting, fit
from archspec.training.loop.objective import main_input
from archspec.training.run import train

NETWORK = """
name: small
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {name: low, out_channels: 4, kernel_size: 3, bias: false}
  - batch_norm: {name: norm}
  - relu
  - conv2d: {name: high, out_channels: 4, kernel_size: 3, padding: 1}
  - relu
  - reuse: {layer: high, name: again}
  - flatten
  - linear: {name: top, out_features: 10}
"""

SETTINGS = (
    "batch_size: full, optimizer: {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0.01}}, "
    'freeze: "*", learning_rates: {"high.bias": 3, high: 0.5}, '
    "phases: [{epochs: 2, unfreeze: top}, {epochs: 3, unfreeze: high, lr: 0.02}, "
    "{epochs: 2, freeze: top, unfreeze: [low, norm], batch_norm: trained, learning_rates: {}}]"
)


def prepared(network: str, settings: str) -> tuple[Compiled, Dataset]:
    result = compile_text(f"{network}train: {{{DATA}, {settings}}}\n", "small.yaml")
    assert result.train is not None
    return result, load(result.train.data, main_input(result.graph).type)


def fit_in(directory: Path, network: str, settings: str) -> Compiled:
    result, data = prepared(network, settings)
    assert result.train is not None
    with quiet(), restored():
        fit(Fitting(result.graph, result.train, data, directory, "cpu"))
    return result


def steps_by_hand(
    network: torch.nn.Module, data: Dataset, groups: list[tuple[list[str], float]], steps: int
) -> None:
    """Makes steps of all training examples, of the weights and with the rates that are given."""
    examples = data.splits["train"]
    optimizer = torch.optim.SGD(
        [{"params": [network.get_parameter(n) for n in names], "lr": r} for names, r in groups],
        momentum=0.9,
        weight_decay=0.01,
    )
    for _ in range(steps):
        network.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(examples.inputs), examples.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@pytest.mark.parametrize("cached", ["false", "true"])
def test_phases_make_the_weights_of_a_loop_by_hand(cached: str, tmp_path: Path) -> None:
    settings = f"{SETTINGS}, cache_features: {cached}"
    fit_in(tmp_path, NETWORK, settings)
    _, data = prepared(NETWORK, settings)
    torch.manual_seed(0)  # which is train.seed
    network = build(compile_text(NETWORK, "small.yaml").graph)
    network.get_submodule("norm").eval()
    top = ["top.weight", "top.bias"]
    steps_by_hand(network, data, [(top, 0.1)], 2)
    groups = [(top, 0.02), (["high.bias"], 0.06), (["high.weight"], 0.01)]
    steps_by_hand(network, data, groups, 3)
    network.get_submodule("norm").train()
    below = ["low.weight", "norm.weight", "norm.bias", "high.weight", "high.bias"]
    steps_by_hand(network, data, [(below, 0.1)], 2)
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(last(tmp_path)[name], tensor, rtol=1e-4, atol=1e-5)


def test_what_is_frozen_stays_to_the_last_bit(tmp_path: Path) -> None:
    bounds = NETWORK.replace("padding: 1}", "padding: 1, weight_l2: 1, max_norm: 0.01}")
    result = fit_in(tmp_path, bounds, "freeze: [low, norm, high], epochs: 2, ema: 0.5")
    torch.manual_seed(0)  # which is train.seed
    assert changed(build(result.graph).state_dict(), last(tmp_path)) == {"top"}


RANDOM = {
    "lstm": "lstm: {name: part, hidden_size: 6, num_layers: 2, dropout: 0.5}",
    "attention": "multi_head_attention: {name: part, num_heads: 2, dropout: 0.5}",
}


@pytest.mark.parametrize("layer", RANDOM.values(), ids=RANDOM)
def test_nothing_is_cached_behind_a_dropout_inside_of_a_frozen_layer(
    layer: str, tmp_path: Path
) -> None:
    network = (
        "name: small\ninputs: {image: [1, 8, 8]}\nlayers:\n  - reshape: [8, 8]\n"
        f"  - linear: {{name: first, out_features: 8}}\n  - {layer}\n"
        "  - flatten\n  - linear: {name: top, out_features: 10}\n"
    )
    frozen = "freeze: [first, part], epochs: 2"
    fit_in(tmp_path / "plain", network, frozen)
    fit_in(tmp_path / "cached", network, f"{frozen}, cache_features: true")
    for name, tensor in last(tmp_path / "plain").items():
        torch.testing.assert_close(last(tmp_path / "cached")[name], tensor, rtol=1e-4, atol=1e-6)
    without = network.replace("  - linear: {name: first, out_features: 8}\n", "")
    result, _ = prepared(without, "freeze: part, epochs: 2, cache_features: true")
    assert result.train is not None
    with pytest.raises(TrainingError, match="`part` changes examples at random") as caught:
        train(result.graph, result.train, result.resolved, output=tmp_path / "run", device="cpu")
    assert caught.value.help == "leave its `dropout` out, or `cache_features`"
