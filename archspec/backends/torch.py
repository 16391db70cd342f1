"""The PyTorch backend: a graph as a plain `nn.Module`.

Submodules stand at the node paths, so the keys of the `state_dict` are `path.parameter`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import torch
from torch import nn

from archspec.backends.torch_code import forward_code, found
from archspec.ir.graph import Graph, Node
from archspec.ir.lowering import TorchModule
from archspec.ir.op import FaultyOperatorError
from archspec.ir.treatment import is_bias

NO_MEMORY = (
    "can't allocate memory",
    "Storage size calculation overflowed",
    "Overflow when",
    "integer multiplication overflow",
)
"""What torch says of a tensor that is too large."""


@contextmanager
def memory_errors() -> Iterator[None]:
    """Makes torch's errors about too large tensors the `MemoryError` that they are.

    Raises:
        MemoryError: A tensor was too large.
    """
    try:
        yield
    except (RuntimeError, TypeError) as error:
        of_device = isinstance(error, torch.OutOfMemoryError)
        if of_device or any(words in str(error) for words in NO_MEMORY):
            raise MemoryError(str(error)) from error
        raise


def build(graph: Graph) -> Network:
    """Returns the network of a graph, its weights filled as the spec says, or as torch does."""
    return Network(graph)


class Network(nn.Module):
    """The network of a graph.

    Takes the graph's inputs, by position or by name, the batch first. Returns the output,
    or a dict by name where the graph has several. While it trains, a graph with heads
    returns a dict of its outputs and heads; in evaluation mode heads are not computed.

    The weights of frozen layers need no gradient, and frozen statistics stay as they are.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        for node in graph.nodes:
            lowering = node.op.torch(*node.input_types)
            if isinstance(lowering, TorchModule) and not node.shares:
                module = _module(node, lowering)
                _treat(module, node)
                _add_module(self, node.path, module)
        # These names are mangled because all others may belong to layers.
        heads = {name: head.value for name, head in graph.heads.items()}
        self.__training = forward_code(graph, graph.nodes, graph.outputs | heads)
        self.__evaluation = forward_code(graph, graph.inference_nodes(), graph.outputs)
        self.__still = tuple(node.path for node in graph.nodes if _is_still(node))
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Sets the mode of all layers, but for frozen ones that measure while they train."""
        super().train(mode)
        for path in self.__still:
            self.get_submodule(path).eval()
        return self

    def forward(self, *args: torch.Tensor, **kwargs: torch.Tensor) -> Any:  # noqa: ANN401
        """Computes the outputs.

        Raises:
            TypeError: An input is missing, unknown or given twice.
            ValueError: An input does not have the shape that the graph says.
        """
        code = self.__training if self.training else self.__evaluation
        return code.run(self, *args, **kwargs)


def _treat(module: nn.Module, node: Node) -> None:
    """Fills the weights of a node's module as the node says, and freezes them if it says so."""
    treatment = node.treatment
    for name, param in node.parameters().items():
        init = treatment.bias_init if is_bias(name) else treatment.weight_init
        if init and param.kind == "weight":
            pkgutil.resolve_name(init.target)(module.get_parameter(name), **init.arguments)
    if isinstance(module, nn.Embedding):
        module._fill_padding_idx_with_zero()  # as torch itself does after its own initialisation
    if treatment.frozen:
        module.requires_grad_(False)


def _is_still(node: Node) -> bool:
    """Returns whether a node has statistics that training must not change."""
    kinds = {param.kind for param in node.parameters().values()}
    return node.treatment.frozen and "statistic" in kinds


def _add_module(root: nn.Module, path: str, module: nn.Module) -> None:
    *scopes, name = path.split(".")
    parent = root
    for scope in scopes:
        if not hasattr(parent, scope):
            parent.add_module(scope, nn.Module())
        parent = parent.get_submodule(scope)
    parent.add_module(name, module)


def _module(node: Node, lowering: TorchModule) -> nn.Module:
    """Returns the module of a node, with the tensors that the operator says it has.

    Raises:
        FaultyOperatorError: There is no such module.
    """
    kind = node.op.kind()
    try:
        module = found(lowering.target, node)(**lowering.arguments)
    except (TypeError, ValueError) as error:
        raise FaultyOperatorError(kind, f"{lowering.target} cannot be made: {error}") from error
    if not isinstance(module, nn.Module):
        message = f"{lowering.target} makes a {type(module).__name__}, not a torch.nn.Module"
        raise FaultyOperatorError(kind, message)
    made = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    said = {name: param.shape for name, param in node.tensors().items()}
    if made != said:
        message = f"its parameters are {said}, but {lowering.target} has {made}"
        raise FaultyOperatorError(kind, message)
    return module
