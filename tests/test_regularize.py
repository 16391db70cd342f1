"""Penalties, bounds and frozen layers in training, against Keras and by hand."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import Builder, branching
from runs import compiled
from test_treatment import treated
from torch.nn.functional import cross_entropy

from archspec.backends.torch import build
from archspec.backends.weights import load_weights
from archspec.diagnostics import Span
from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.ir.treatment import UNTREATED, Penalty, Treatment
from archspec.ops import find
from archspec.ops.batch_norm import BatchNorm
from archspec.ops.linear import Linear
from archspec.ops.relu import ReLU
from archspec.ops.softmax import Softmax
from archspec.training.errors import TrainingError
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.regularize import MaxNorms
from archspec.training.loop.task import Task
from archspec.training.run import train

os.environ["KERAS_BACKEND"] = "torch"

OF_KERAS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""Keras turns torch's tensors into arrays in a way that NumPy will not have for long."""

THREE = Task("multiclass", 3, "softmax")

X = torch.randn(12, 4, generator=torch.Generator().manual_seed(1))
Y = torch.arange(12) % 3


def spec_of(**fields: object) -> TrainSpec:
    given = {"data": {"dataset": "iris"}, "epochs": 2, "optimizer": {"sgd": {"lr": 0.1}}}
    return TrainSpec.model_validate({**given, **fields})


def perceptron(
    hidden: Treatment = UNTREATED,
    act: Treatment = UNTREATED,
    end: Treatment = UNTREATED,
    norm: Treatment | None = None,
) -> Graph:
    """Returns a network of two layers for iris, with batch norm between them if asked for."""
    net = Builder("perceptron")
    value = treated(net, "hidden", Linear(out_features=5), net.input("x", 4), treatment=hidden)
    if norm is not None:
        value = treated(net, "norm", BatchNorm(), value, treatment=norm)
    value = treated(net, "act", ReLU(), value, treatment=act)
    net.graph.outputs = {"y": treated(net, "end", Linear(out_features=3), value, treatment=end)}
    return net.graph


def step(module: TrainingModule) -> float:
    """Makes one step, as Lightning would, and returns the loss before it."""
    optimizer = module.configure_optimizers()
    loss, *_ = module.judge((X, Y))
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


@OF_KERAS
def test_one_step_with_penalties_is_that_of_keras() -> None:
    import keras

    l1, l2, l1_l2 = keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2
    graph = perceptron(
        Treatment(weight_penalty=Penalty(0.02, 0.03), bias_penalty=Penalty(l2=0.5)),
        Treatment(output_penalty=Penalty(0.04, 0.05)),
        Treatment(weight_penalty=Penalty(l1=0.01), output_penalty=Penalty(l2=0.06)),
    )
    module = TrainingModule(graph, spec_of(), THREE)
    model = keras.Sequential([
        keras.layers.Dense(5, kernel_regularizer=l1_l2(0.02, 0.03), bias_regularizer=l2(0.5)),
        keras.layers.ReLU(activity_regularizer=l1_l2(0.04, 0.05)),
        keras.layers.Dense(3, kernel_regularizer=l1(0.01), activity_regularizer=l2(0.06)),
    ])  # fmt: skip
    model.build((None, 4))
    names = ("hidden.weight", "hidden.bias", "end.weight", "end.bias")
    start = [module.network.get_parameter(name).detach().numpy().T for name in names]
    model.set_weights(start)
    scores = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), scores)
    expected = model.train_on_batch(X.numpy(), Y.numpy())
    assert step(module) == pytest.approx(float(expected), rel=1e-5)
    for name, weights in zip(names, model.get_weights(), strict=True):
        made = module.network.get_parameter(name).detach().numpy().T
        np.testing.assert_allclose(made, weights, rtol=1e-4, atol=1e-6)


def test_penalties_are_of_training_alone() -> None:
    graph = perceptron(
        Treatment(weight_penalty=Penalty(l2=1.0)), act=Treatment(output_penalty=Penalty(l1=1.0))
    )
    module = TrainingModule(graph, spec_of(), THREE)
    training, *_ = module.judge((X, Y))
    evaluated, *_ = module.eval().judge((X, Y))
    torch.testing.assert_close(evaluated, cross_entropy(module.network(X), Y))
    layer = module.network.get_submodule
    penalties = layer("hidden").weight.square().sum() + layer("hidden")(X).relu().sum() / 12  # type: ignore[operator]
    torch.testing.assert_close(training, evaluated + penalties)


def test_what_is_frozen_or_shared_has_no_penalty_of_its_own() -> None:
    held = Treatment(weight_penalty=Penalty(l2=1.0))
    net = Builder("shared")
    linear = Linear(out_features=4)
    value = treated(net, "a", linear, net.input("x", 4), treatment=held)
    value = treated(net, "b", linear, value, treatment=held, shares="a")
    value = treated(net, "c", linear, value, treatment=held._replace(frozen=True))
    net.graph.outputs = {"y": value}
    module = TrainingModule(net.graph, spec_of(), THREE)
    loss, *_ = module.judge((X, Y))
    weight = module.network.get_parameter("a.weight")
    expected = cross_entropy(module.network(X), Y) + weight.square().sum()
    torch.testing.assert_close(loss, expected)


def test_heads_have_penalties_and_a_final_softmax_keeps_its_own() -> None:
    graph = branching(dropout=False)
    one = Treatment(output_penalty=Penalty(l1=1.0))
    (end,) = graph.add("softmax", Softmax(), [graph.outputs["logits"]], span=Span(""))
    graph.nodes[-1] = graph.nodes[-1]._replace(treatment=one)
    graph.outputs = {"probabilities": end}
    plain = replace(graph, nodes=[node._replace(treatment=UNTREATED) for node in graph.nodes])
    both_of_early = one._replace(bias_penalty=Penalty(l1=1.0))
    early = [
        node._replace(treatment=both_of_early) if node.path == "early.fc" else node
        for node in graph.nodes
    ]
    batch = (torch.randn(6, 3, 12, 10), torch.arange(6) % 5)
    modules = [
        TrainingModule(g, spec_of(), THREE) for g in (plain, graph, replace(graph, nodes=early))
    ]
    for module in modules[1:]:
        module.load_state_dict(modules[0].state_dict())
    none, softmax, both = (module.judge(batch)[0] for module in modules)
    torch.testing.assert_close(softmax, none + 1)  # probabilities add up to one
    network = modules[0].network
    scores = network(batch[0])["early"].abs().sum() / 6
    bias = network.get_parameter("early.fc.bias").abs().sum()
    torch.testing.assert_close(both, softmax + scores + bias)


def run(graph: Graph, folder: Path, **fields: object) -> dict[str, torch.Tensor]:
    """Trains on iris and returns the weights."""
    made = train(graph, spec_of(**fields), "name: net", output=folder / "run", device="cpu")
    return load_weights(made.directory)


def start_of(graph: Graph) -> dict[str, torch.Tensor]:
    """Returns the weights that training begins with."""
    torch.manual_seed(0)
    return build(graph).state_dict()


def test_frozen_layers_stay_as_they_are_to_the_last_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frozen = Treatment(frozen=True, weight_penalty=Penalty(l2=1.0), max_norm=0.01)
    graph = perceptron(frozen, norm=frozen)
    before, after = start_of(graph), run(graph, tmp_path, optimizer={"adamw": {"lr": 0.1}})
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"end.weight", "end.bias"}
    assert "warning" not in capsys.readouterr().err


def test_weights_stay_within_their_bounds(tmp_path: Path) -> None:
    bounded = Treatment(max_norm=0.5)
    graph = perceptron(bounded, norm=bounded)
    after = run(graph, tmp_path, optimizer={"sgd": {"lr": 1.0}})
    free = run(perceptron(norm=UNTREATED), tmp_path / "free", optimizer={"sgd": {"lr": 1.0}})
    assert after["hidden.weight"].norm(dim=1).max() <= 0.5
    assert free["hidden.weight"].norm(dim=1).max() > 0.5
    assert after["norm.weight"].max() > 0.5  # it has one axis, and so no norm to bound
    assert after["end.weight"].norm(dim=1).max() > 0.5


@OF_KERAS
def test_a_bound_is_that_of_keras() -> None:
    import keras

    module = TrainingModule(perceptron(Treatment(max_norm=0.4)), spec_of(), THREE)
    weight = module.network.get_parameter("hidden.weight")
    bounded = keras.constraints.MaxNorm(0.4)(weight.detach().numpy().T)
    module._max_norms.enforce(module.network)
    np.testing.assert_allclose(
        weight.detach().numpy().T, keras.ops.convert_to_numpy(bounded), rtol=1e-5
    )


def test_a_network_of_frozen_layers_is_refused(tmp_path: Path) -> None:
    frozen = Treatment(frozen=True)
    with pytest.raises(TrainingError, match="all parameters of perceptron are frozen") as caught:
        run(perceptron(frozen, end=frozen), tmp_path)
    assert "freeze" in caught.value.help


def test_frozen_batch_norm_takes_batches_of_one(tmp_path: Path) -> None:
    graph = perceptron(norm=Treatment(frozen=True))
    assert run(graph, tmp_path, batch_size=1, epochs=1)["norm.num_batches_tracked"] == 0


def test_the_accuracy_of_iris_survives_penalties(tmp_path: Path) -> None:
    result = compiled("iris")
    held = Treatment(weight_penalty=Penalty(l2=1e-4))
    nodes = [node._replace(treatment=held) for node in result.graph.nodes]
    assert result.train is not None
    made = train(
        replace(result.graph, nodes=nodes), result.train, "name: iris", output=tmp_path / "run",
        device="cpu",
    )  # fmt: skip
    assert made.metrics["test"]["accuracy"] >= 0.95  # type: ignore[index]


@pytest.mark.parametrize(("kernel", "groups"), [((3,), 1), ((2, 3), 2), ((1, 2, 2), 3)])
def test_a_bound_is_one_of_output_channels_in_transposed_convolutions_too(
    kernel: tuple[int, ...], groups: int
) -> None:
    net = Builder("up")
    op = find(f"conv_transpose{len(kernel)}d").model_validate(
        {"out_channels": 12, "kernel_size": kernel, "groups": groups}
    )
    image = net.input("x", 6, *(4 for _ in kernel))
    net.graph.outputs = {"y": treated(net, "up", op, image, treatment=Treatment(max_norm=0.1))}
    network = build(net.graph)
    MaxNorms(net.graph).enforce(network)
    weight = network.get_parameter("up.weight")
    for part in weight.chunk(groups):
        norms = part.transpose(0, 1).flatten(1).norm(dim=1)
        assert len(norms) == 12 // groups
        torch.testing.assert_close(norms, torch.full_like(norms, 0.1))
