"""What PyTorch's own tools do with a plain module, each of which has to come to its outputs."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import nn

from archspec.backends.trial_data import random_inputs
from archspec.backends.trial_sizes import trial_runs
from archspec.ir.graph import Graph

Tensors: TypeAlias = dict[str, torch.Tensor]
Made: TypeAlias = torch.Tensor | Tensors


def trial_inputs(graph: Graph) -> Tensors:
    """Returns one random example by the names of the inputs."""
    arrays = random_inputs(graph, next(iter(trial_runs(graph))))
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def copied(network: nn.Module, _inputs: Tensors) -> nn.Module:
    """Returns a deep copy."""
    return copy.deepcopy(network)


def pickled(network: nn.Module, _inputs: Tensors) -> nn.Module:
    """Returns the module as it comes out of a pickle, as other processes get it."""
    made: nn.Module = pickle.loads(pickle.dumps(network))
    return made


def compiled(network: nn.Module, _inputs: Tensors) -> Callable[..., Made]:
    """Returns the module as one graph of `torch.compile`."""
    torch._dynamo.reset()
    made: Callable[..., Made] = torch.compile(network, fullgraph=True, backend="eager")
    return made


def exported(network: nn.Module, inputs: Tensors) -> nn.Module:
    """Returns the module as `torch.export` keeps it."""
    return torch.export.export(network, (), kwargs=dict(inputs)).module()


TOOLS: Mapping[str, Callable[[nn.Module, Tensors], Callable[..., Made]]] = {
    "deepcopy": copied,
    "pickle": pickled,
    "compile": compiled,
    "export": exported,
}
"""The tools by name."""


def weights_without_gradient(network: nn.Module, inputs: Tensors) -> list[str]:
    """Returns which weights one compiled graph of a step of training leaves out.

    Args:
        network: The network, in training mode.
        inputs: A batch.
    """
    torch._dynamo.reset()
    made = torch.compile(network, fullgraph=True, backend="aot_eager")(**inputs)
    outputs = made.values() if isinstance(made, dict) else [made]
    loss = torch.stack([output.square().mean() for output in outputs]).sum()
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    named = network.named_parameters()
    return [name for name, weight in named if weight.requires_grad and weight.grad is None]
