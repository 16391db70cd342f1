"""What `build` returns is a plain PyTorch module: PyTorch's own tools take it as it is.

All shipped networks, at their full size, are tried by `tools/run_networks.py --plain`.
"""

from __future__ import annotations

import pytest
import torch
from networks import branching
from plain_modules import TOOLS, trial_inputs, weights_without_gradient
from runs import SPECS

from archspec.backends.torch import build
from archspec.frontend import compile_spec

NETWORKS = (
    "iris_branches", "lenet5", "lstm", "residual_block", "inception_module", "fashion_resnet",
)  # fmt: skip
"""Small ones that have between them branches, sequences, blocks and batch norm."""


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorchs_own_tools_take_a_network(name: str) -> None:
    graph = compile_spec(str(SPECS / f"{name}.yaml")).graph
    network, inputs = build(graph).eval(), trial_inputs(graph)
    with torch.no_grad():
        expected = network(**inputs)
        for tool in TOOLS.values():
            torch.testing.assert_close(tool(network, inputs)(**inputs), expected)


def test_a_network_in_training_is_one_graph_with_its_heads() -> None:
    graph = branching()
    assert graph.heads
    inputs = {key: torch.cat([one, one]) for key, one in trial_inputs(graph).items()}
    assert not weights_without_gradient(build(graph).train(), inputs)
