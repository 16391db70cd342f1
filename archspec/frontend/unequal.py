"""How paths of unequal sizes could be made equal: the help of a merge that cannot take them.

What is proposed has been tried: it makes the sizes that are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from archspec import ops
from archspec.diagnostics import Label
from archspec.frontend.arguments import as_text
from archspec.ir.graph import Node, Value
from archspec.ir.op import Operator, OperatorError
from archspec.ir.types import Shape, TensorType, shape_text

Maker = Callable[[Value], Node | None]
"""Returns the node that makes a value; `None` for an input."""


class Advice(NamedTuple):
    """What to say of unequal paths.

    Attributes:
        help: What would make them equal; empty if nothing simple does.
        labels: The layers that made them unequal.
    """

    help: str
    labels: tuple[Label, ...] = ()


def advice(op: Operator, inputs: Sequence[Value], maker: Maker) -> Advice:
    """Returns how the paths of a merge could be made equal.

    Args:
        op: The merge.
        inputs: What it cannot take: as many axes each, of known sizes.
        maker: Finds the layers of the paths.
    """
    shapes = [value.type.example for value in inputs]
    along = getattr(op, "dim", 1)  # a concat may be along another axis than the channels
    if along != 1 or any(not isinstance(size, int) for shape in shapes for size in shape):
        return Advice("")
    inner = [shape[1:] for shape in shapes]
    if len({*inner}) == 1:
        layer, size = _projection(inputs[1].type, inputs[0].type), shapes[0][0]
        return Advice(f"`{layer}` at the end of the other path gives it {size}" if layer else "")
    wanted = max(inner, key=lambda sizes: (inner.count(sizes), sizes))
    for value, sizes in zip(inputs, inner, strict=True):
        if sizes != wanted and (found := _mended(value, wanted, maker)):
            return found
    return Advice("a stride or a pool makes a path smaller, and padding keeps its size")


def shortcut(body: TensorType, taken: TensorType, params: Mapping[str, object]) -> str:
    """Returns a help line with a residual whose shortcut makes the shape of its body.

    Args:
        body: What the body makes.
        taken: What the residual takes.
        params: The parameters of the block that it is in, which the shortcut is written with.
    """
    layer = _projection(taken, body, params)
    line = f"`residual: {{body: [...], shortcut: [{layer}]}}` gives both one shape"
    return line if layer else ""


def _mended(value: Value, wanted: Shape, maker: Maker) -> Advice | None:
    """Returns what keeps a path at the sizes that are wanted, which it has further up."""
    path: list[Node] = []
    node = maker(value)
    while node is not None:
        path.insert(0, node)
        if node.inputs[0].type.example[1:] == wanted:
            return _kept(path, wanted)
        if _enlarges(node):
            way = "cut the larger path with `crop_like`, or enlarge the other with `upsample_like`"
            return Advice(f"{way} (`archspec explain crop_like`)")
        node = maker(node.inputs[0])
    return None


def _kept(path: Sequence[Node], wanted: Shape) -> Advice:
    """Returns what keeps the sizes of a path from its first layer on."""
    labels, ways = [], []
    given = path[0].inputs[0].type
    for node in path:
        inputs = (given, *node.input_types[1:])
        made = _made(node.op, {}, inputs)
        if made is None or made.example[1:] != wanted:
            text = f"makes {shape_text(node.output.type.example)} of {node.inputs[0].type}"
            labels.append(Label(node.span, text))
            tried = ((changes, _made(node.op, changes, inputs)) for changes in _changes(node.op))
            keeping = ((c, type_) for c, type_ in tried if type_ and type_.example[1:] == wanted)
            changes, made = next(keeping, ({}, None))
            if made is None:
                help_ = f"{node.path} would have to keep {shape_text(wanted)}"
                return Advice(help_, tuple(labels))
            fields = ", ".join(f"{name}: {as_text(value)}" for name, value in changes.items())
            ways.append(f"`{fields}` in {node.path}")
        given = made
    return Advice(f"{' and '.join(ways)} would keep {shape_text(wanted)}", tuple(labels))


def _enlarges(node: Node) -> bool:
    given, made = node.inputs[0].type.example[1:], node.output.type.example[1:]
    pairs = zip(given, made, strict=False)
    return len(given) == len(made) and any(
        isinstance(a, int) and isinstance(b, int) and a < b for a, b in pairs
    )


def _changes(op: Operator) -> Sequence[Mapping[str, object]]:
    """Returns what may keep sizes: other fields of a layer, the simplest first."""
    fields = type(op).model_fields
    kernel = getattr(op, "kernel_size", None)
    paddings: list[object] = []
    if "padding" in fields and isinstance(kernel, int) and kernel % 2:
        paddings.append(kernel // 2)
    if "padding" in fields and getattr(op, "padding", None) != "same":
        paddings.append("same")
    made: list[Mapping[str, object]] = [{"stride": 1}] if "stride" in fields else []
    made += [{"padding": padding} for padding in paddings]
    return made + [{"stride": 1, "padding": padding} for padding in paddings if "stride" in fields]


def _projection(
    given: TensorType, wanted: TensorType, params: Mapping[str, object] | None = None
) -> str:
    """Returns the layer of single weights that makes one shape of another; empty if none does.

    It is written with the names of parameters that have the numbers it needs.
    """
    axes = len(wanted.example) - 1
    ints = ((name, value) for name, value in (params or {}).items() if type(value) is int)
    names: dict[object, str] = {value: f"={name}" for name, value in ints}
    out = wanted.example[0]
    if axes == 0:
        return f"linear: {names.get(out, out)}"
    name = f"conv{axes}d"
    if name not in ops.names() or len(given.example) != len(wanted.example):
        return ""
    for stride in range(1, 9):
        fields: dict[str, object] = {"out_channels": out, "kernel_size": 1}
        if stride > 1:
            fields["stride"] = stride
        made = _made(ops.find(name), fields, [given])
        if made is not None and made.example[1:] == wanted.example[1:]:
            shown = {
                field: value if field == "kernel_size" else names.get(value, value)
                for field, value in fields.items()
            }
            return f"{name}: {as_text(shown)}"
    return ""


def _made(
    op: Operator | type[Operator], fields: Mapping[str, object], inputs: Sequence[TensorType]
) -> TensorType | None:
    """Returns what an operator makes with these fields instead; `None` if it does not go."""
    kind, given = op if isinstance(op, type) else type(op), {}
    if isinstance(op, Operator):
        given = {name: getattr(op, name) for name in op.model_fields_set}
    try:
        return kind.model_validate({**given, **fields}).outputs(*inputs)[0]
    except (ValidationError, OperatorError):
        return None
