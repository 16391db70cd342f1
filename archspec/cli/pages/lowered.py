"""What a layer becomes in PyTorch and ONNX, as text: one call a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archspec.cli.pages.layout import call
from archspec.frontend.arguments import as_text
from archspec.frontend.examples import LAYER
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.lowering import (
    Constant,
    Input,
    Local,
    OnnxOperand,
    Output,
    TorchFunction,
    TorchModule,
)

LONGEST = 40
"""The longest constant that is written out."""


def torch_text(graph: Graph) -> str:
    """Returns what each node of an example is in PyTorch."""
    return "\n".join(map(_in_torch, graph.nodes))


def onnx_text(graph: Graph) -> str:
    """Returns the ONNX nodes of an example, as inference needs them."""
    lines = [line for node in graph.nodes for line in _in_onnx(node, alone=len(graph.nodes) == 1)]
    return "\n".join(lines) or "nothing: inference has none of it"


def value_name(value: Value) -> str:
    """Returns what a value of an example is called: an input, or a part by its own name."""
    return value.name.removeprefix(f"{LAYER}.")


def _in_torch(node: Node) -> str:
    part = "" if node.path == LAYER else f"{value_name(node.output)}: "
    lowering = node.op.torch(*node.input_types)
    if isinstance(lowering, TorchModule):
        return call(part + lowering.target, _keywords(lowering.arguments))
    return call(part + lowering.target, _arguments(lowering, [*map(value_name, node.inputs)]))


def _arguments(function: TorchFunction, names: Sequence[str]) -> Iterator[str]:
    for argument in function.args:
        yield _argument(argument, names)
    yield from _keywords(function.arguments)


def _argument(argument: object, names: Sequence[str]) -> str:
    if isinstance(argument, Input):
        return names[argument.position]
    if isinstance(argument, TorchFunction):
        return f"{argument.target}({', '.join(_arguments(argument, names))})"
    if isinstance(argument, tuple):
        return f"({', '.join(_argument(item, names) for item in argument)})"
    return repr(argument)


def _keywords(arguments: Mapping[str, object]) -> Iterator[str]:
    return (f"{name}={value!r}" for name, value in arguments.items())


def _in_onnx(node: Node, *, alone: bool) -> Iterator[str]:
    """Yields a line for each ONNX node; what it makes is named where another one reads it."""
    nodes = node.op.onnx(*node.input_types)
    prefix = "" if alone else f"{value_name(node.output)}."
    if not nodes and not alone:
        yield f"{value_name(node.output)} = {value_name(node.inputs[0])}"
    for made in nodes:
        operands = [_operand(operand, node, prefix) for operand in made.inputs]
        attributes = [f"{name}={as_text(value)}" for name, value in made.attributes.items()]
        if attributes and operands:
            operands[-1:] = [f"{operands[-1]}; {attributes.pop(0)}"]
        outputs = ", ".join(_made(output, node, prefix) for output in made.outputs)
        result = "" if alone and len(nodes) == 1 else f"{outputs} = "
        yield call(f"{result}{made.op_type}", [*operands, *attributes])


def _operand(operand: OnnxOperand, node: Node, prefix: str) -> str:
    match operand:
        case None:
            return "none"
        case Input(position):
            return value_name(node.inputs[position])
        case Output():
            return _made(operand, node, prefix)
        case Constant(value, dtype):
            text = as_text([*value] if isinstance(value, range) else value)
            return text if len(text) <= LONGEST else f"a constant {dtype}"
        case _:
            return f"{prefix}{operand.name}"


def _made(output: Local | Output, node: Node, prefix: str) -> str:
    if isinstance(output, Local):
        return f"{prefix}{output.name}"
    if node.path != LAYER:
        return value_name(node.outputs[output.position])
    return node.op.output_names()[output.position]
