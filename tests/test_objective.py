"""What is trained: scores, whatever the network ends in, and the heads with their weights."""

from __future__ import annotations

import math

import pytest
import torch
from networks import branching
from runs import compiled
from torch.nn.functional import cross_entropy

from archspec.backends.torch import build
from archspec.diagnostics import Span
from archspec.frontend.train_schema import Optimizer
from archspec.ir.graph import Graph, Head
from archspec.ops.linear import Linear
from archspec.ops.softmax import Softmax
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.objective import ends_in, scores_graph
from archspec.training.loop.optimizers import optimizer_for
from archspec.training.loop.task import Task


def module_of(graph: Graph) -> TrainingModule:
    spec = compiled("iris").train
    assert spec is not None
    return TrainingModule(graph, spec, Task("multiclass", 3, "softmax"))


def test_a_network_that_ends_in_softmax_is_trained_on_its_scores() -> None:
    graph = compiled("iris").graph
    assert ends_in(graph, "softmax")
    module = module_of(graph)
    whole = build(graph)
    whole.load_state_dict(module.network.state_dict())
    inputs, targets = torch.randn(9, 4), torch.arange(9) % 3
    loss, *_ = module.judge((inputs, targets))
    torch.testing.assert_close(loss, -whole(inputs).log()[range(9), targets].mean())
    torch.testing.assert_close(loss, cross_entropy(module.network(inputs), targets))


def test_the_loss_stays_finite_where_the_softmax_saturates() -> None:
    module = module_of(compiled("iris").graph)
    with torch.no_grad():
        module.network.get_parameter("linear_3.weight").mul_(1e5)
    loss, *_ = module.judge((torch.randn(9, 4), torch.arange(9) % 3))
    assert 100 < loss < math.inf


def test_a_network_that_ends_in_scores_is_trained_as_it_is() -> None:
    graph = compiled("lenet5").graph
    assert not ends_in(graph, "softmax")
    assert scores_graph(graph) == graph


def test_the_losses_of_heads_are_added_with_their_weights() -> None:
    graph = branching(dropout=False)
    early = graph.heads["early"].value
    (end,) = graph.add("early.softmax", Softmax(), [early], span=Span(""), head="early")
    graph.heads["early"] = Head(end, 0.3)
    module = module_of(graph)
    inputs, targets = torch.randn(6, 3, 12, 10), torch.arange(6) % 5
    outputs = build(scores_graph(graph))
    outputs.load_state_dict(module.network.state_dict())
    made = outputs.train()(inputs)
    expected = cross_entropy(made["logits"], targets) + 0.3 * cross_entropy(made["early"], targets)
    torch.testing.assert_close(module.judge((inputs, targets))[0], expected)
    assert made["early"].sum(dim=1).sub(1).abs().max() > 0.01  # scores, not probabilities


def test_a_softmax_that_is_read_elsewhere_stays() -> None:
    graph = compiled("iris").graph
    (more,) = graph.add("more", Linear(out_features=2), [graph.outputs["probabilities"]],
                        span=Span(""))  # fmt: skip
    graph.outputs["more"] = more
    scores = scores_graph(graph)
    assert [node.path for node in scores.nodes] == [node.path for node in graph.nodes]
    assert build(scores).eval()(torch.randn(2, 4)).shape == (2, 3)


@pytest.mark.parametrize(
    ("choice", "kind", "options"),
    [
        ("adam", torch.optim.Adam, {"lr": 0.001, "weight_decay": 0}),
        ({"adamw": {"lr": 0.1}}, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.01}),
        (
            {"sgd": {"lr": 0.5, "momentum": 0.9, "nesterov": True}},
            torch.optim.SGD,
            {"lr": 0.5, "momentum": 0.9, "nesterov": True},
        ),
    ],
)
def test_the_optimizer_is_torchs_with_the_options_given(
    choice: object, kind: type, options: dict[str, object]
) -> None:
    made = optimizer_for(Optimizer.model_validate(choice), torch.nn.Linear(2, 2))
    assert type(made) is kind
    assert made.param_groups[0].items() >= options.items()


def test_the_optimizer_leaves_out_what_is_frozen() -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2).requires_grad_(False), torch.nn.Linear(2, 3))
    (group,) = optimizer_for(Optimizer.model_validate("adam"), layers).param_groups
    assert group["params"] == list(layers[1].parameters())
