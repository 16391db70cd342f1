"""Recurrent layers in ONNX.

ONNX wants time before the batch, the directions of a layer in one tensor, another order of
the gates than torch, and both biases in one row.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.ir.lowering import Constant, Input, Local, OnnxNode, OnnxOperand, Output, Weight


class Cells(NamedTuple):
    """What all layers of a recurrent network have in common.

    Attributes:
        op_type: ONNX's operator.
        attributes: Its attributes.
        gates: The numbers of torch's gates in ONNX's order.
        hidden_size: The number of units.
        biases: The names of the biases in torch, without the layer's.
    """

    op_type: str
    attributes: Mapping[str, object]
    gates: tuple[int, ...]
    hidden_size: int
    biases: tuple[str, ...]


def recurrent_nodes(
    cells: Cells, layers: Sequence[Sequence[str]], *, return_sequences: bool
) -> Iterator[OnnxNode]:
    """Yields the nodes from the input `[batch, T, features]` to the output.

    Args:
        cells: What the layers have in common.
        layers: For each layer the names of its directions, as torch's parameters end.
        return_sequences: Whether the output is all states or the last ones.
    """
    flow = Local("steps")
    yield OnnxNode("Transpose", [Input(0)], {"perm": (1, 0, 2)}, [flow])
    for index, names in enumerate(layers):
        operands: list[OnnxOperand] = [flow]
        for kind in ("weight_ih", "weight_hh", *(["bias"] if cells.biases else [])):
            parts = [Local(f"{kind}_{name}_in_order") for name in names]
            for name, part in zip(names, parts, strict=True):
                yield from (
                    _bias(cells, name, part)
                    if kind == "bias"
                    else _ordered(
                        cells, f"{kind}_{name}", (1, len(cells.gates) * cells.hidden_size, -1), part
                    )
                )
            operands.append(Local(f"{kind}_{index}"))
            yield OnnxNode("Concat", parts, {"axis": 0}, [Local(f"{kind}_{index}")])
        every, last = Local(f"every_{index}"), Local(f"last_{index}")
        yield OnnxNode(cells.op_type, operands, cells.attributes, [every, last])
        if index < len(layers) - 1:
            flow = Local(f"steps_{index}")
            yield from _joined(every, (0, 2, 1, 3), flow)
    if return_sequences:
        yield from _joined(every, (2, 0, 1, 3), Output(0))
    else:
        yield from _joined(last, (1, 0, 2), Output(0))


def _bias(cells: Cells, name: str, made: Local) -> Iterator[OnnxNode]:
    """Yields the nodes for both biases of a direction in one row; a missing one is zero."""
    rows = len(cells.gates) * cells.hidden_size
    row: list[OnnxOperand] = []
    for kind in cells.biases:
        part = Local(f"{kind}_{name}_in_order")
        yield from _ordered(cells, f"{kind}_{name}", (1, rows), part)
        row.append(part)
    if len(row) == 1:
        row.append(Constant([[0.0] * rows], "float32"))
    yield OnnxNode("Concat", row, {"axis": 1}, [made])


def _ordered(cells: Cells, name: str, shape: tuple[int, ...], made: Local) -> Iterator[OnnxNode]:
    """Yields the nodes that put the gates of a weight in ONNX's order."""
    by_gate, ordered = Local(f"{name}_by_gate"), Local(f"{name}_gates")
    by_gates = Constant((len(cells.gates), cells.hidden_size, -1), "int64")
    yield OnnxNode("Reshape", [Weight(name), by_gates], {}, [by_gate])
    yield OnnxNode("Gather", [by_gate, Constant(cells.gates, "int64")], {"axis": 0}, [ordered])
    yield OnnxNode("Reshape", [ordered, Constant(shape, "int64")], {}, [made])


def _joined(states: Local, perm: tuple[int, ...], made: Local | Output) -> Iterator[OnnxNode]:
    """Yields the nodes that lay the states of all directions side by side."""
    turned = Local(f"{states.name}_turned")
    shape = (0,) * (len(perm) - 2) + (-1,)
    yield OnnxNode("Transpose", [states], {"perm": perm}, [turned])
    yield OnnxNode("Reshape", [turned, Constant(shape, "int64")], {}, [made])
