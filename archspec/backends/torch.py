"""The PyTorch backend: a graph as a plain `nn.Module`.

Submodules stand at the node paths, so the keys of the `state_dict` are `path.parameter`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import Parameter, Signature
from typing import Any, NamedTuple, Self

import torch
from torch import nn

from archspec.backends.binding import bind_sizes
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.lowering import Input, TorchFunction, TorchModule
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
        if any(words in str(error) for words in NO_MEMORY):
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
        self.__inputs = dict(graph.inputs)
        self.__equalities = tuple(graph.equalities)
        self.__signature = Signature(
            [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in graph.inputs]
        )
        heads = {name: head.value for name, head in graph.heads.items()}
        self.__training = _plan(graph.nodes, graph.outputs | heads)
        self.__evaluation = _plan(graph.inference_nodes(), graph.outputs)
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
        values = dict(self.__signature.bind(*args, **kwargs).arguments)
        shapes = {name: tuple(tensor.shape) for name, tensor in values.items()}
        bind_sizes(self.__inputs, self.__equalities, shapes)
        plan = self.__training if self.training else self.__evaluation
        for step in plan.steps:
            values.update(self._run(step, [values[name] for name in step.inputs]))
            for name in step.last_used:
                del values[name]
        results = {name: values[value] for name, value in plan.results.items()}
        return results if len(results) > 1 else next(iter(results.values()))

    def _run(self, step: _Step, inputs: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        if step.call is None:
            # Found by its path, so that a module that was replaced is the one that runs.
            made = self.get_submodule(step.path)(*inputs)
        else:
            made = _evaluate(step.call, inputs)
        return dict(zip(step.outputs, (made,) if len(step.outputs) == 1 else made, strict=True))


class _Call(NamedTuple):
    """A `TorchFunction` whose target is resolved, as are those of the calls within."""

    function: Callable[..., Any]
    args: tuple[object, ...]
    arguments: Mapping[str, object]


class _Step(NamedTuple):
    """One node at run time.

    Attributes:
        path: The path of the node's module.
        call: The function call that it is instead of a module.
        inputs: The names of the values it reads.
        outputs: The names of the values it makes.
        last_used: The names of the values that are not needed afterwards.
    """

    path: str
    call: _Call | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    last_used: tuple[str, ...]


class _Plan(NamedTuple):
    """What to run in one mode, and the value's name for each result."""

    steps: tuple[_Step, ...]
    results: dict[str, str]


def _plan(nodes: Sequence[Node], outputs: Mapping[str, Value]) -> _Plan:
    results = {name: value.name for name, value in outputs.items()}
    needed = set(results.values())
    steps = []
    for node in reversed(nodes):
        inputs, made = (tuple(v.name for v in values) for values in (node.inputs, node.outputs))
        lowering = node.op.torch(*node.input_types)
        call = _resolved(lowering, node) if isinstance(lowering, TorchFunction) else None
        last_used = tuple(sorted({*inputs, *made} - needed))
        needed |= {*inputs}
        steps.append(_Step(node.owner, call, inputs, made, last_used))
    return _Plan(tuple(reversed(steps)), results)


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
        module = _found(lowering.target, node)(**lowering.arguments)
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


def _found(target: str, node: Node) -> Any:  # noqa: ANN401
    """Returns what a dotted name names.

    Raises:
        FaultyOperatorError: Nothing.
    """
    try:
        return pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError) as error:
        where = " in PyTorch" if target.startswith("torch.") else ""
        raise FaultyOperatorError(node.op.kind(), f"{target} does not exist{where}") from error


def _resolved(argument: object, node: Node) -> Any:  # noqa: ANN401
    match argument:
        case Input():
            return argument
        case TorchFunction(target, args, arguments):
            return _Call(_found(target, node), _resolved(args, node), arguments)
        case tuple() | list():
            return tuple(_resolved(item, node) for item in argument)
        case _:
            return argument


def _evaluate(argument: object, inputs: Sequence[torch.Tensor]) -> Any:  # noqa: ANN401
    match argument:
        case Input(index):
            return inputs[index]
        case _Call(function, args, arguments):
            return function(*_evaluate(args, inputs), **arguments)
        case tuple():
            return tuple(_evaluate(item, inputs) for item in argument)
        case _:
            return argument
