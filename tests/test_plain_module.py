"""What `build` returns is a plain PyTorch module: PyTorch's own tools take it as it is."""

from __future__ import annotations

import copy

import pytest
import torch
from runs import SPECS

from archspec.backends.torch import build
from archspec.backends.trial_data import random_inputs
from archspec.backends.trial_sizes import trial_runs
from archspec.frontend import compile_spec

NETWORKS = (
    "iris_branches", "lenet5", "lstm", "mnist_cnn", "residual_block", "small_cnn",
    "convolution",
)  # fmt: skip
"""Small ones that have between them branches and sequences."""


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorchs_own_tools_take_a_network(name: str) -> None:
    graph = compile_spec(str(SPECS / f"{name}.yaml")).graph
    network = build(graph).eval()
    given = random_inputs(graph, next(iter(trial_runs(graph))))
    inputs = {key: torch.from_numpy(array) for key, array in given.items()}
    with torch.no_grad():
        expected = network(**inputs)
        copied = copy.deepcopy(network)(**inputs)
        torch._dynamo.reset()
        compiled = torch.compile(network, fullgraph=True, backend="eager")(**inputs)
        exported = torch.export.export(network, (), kwargs=inputs).module()(**inputs)
    for made in (copied, compiled, exported):
        torch.testing.assert_close(made, expected)


def test_a_network_in_training_is_one_graph_with_its_heads() -> None:
    graph = compile_spec(str(SPECS / "mnist_cnn.yaml")).graph
    network = build(graph).train()
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    loss = compiled(torch.randn(2, 1, 28, 28)).square().mean()
    loss.backward()
    assert all(weight.grad is not None for weight in network.parameters())
