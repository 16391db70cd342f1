"""A stride that leaves out the last rows or columns of its input."""

from collections.abc import Iterator

from archspec.diagnostics.counted import counted
from archspec.ir.dim import Size
from archspec.ir.graph import Node
from archspec.ir.op import Operator
from archspec.ir.types import TensorType, shape_text
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_AXES = {1: ("value",), 2: ("row", "column"), 3: ("slice", "row", "column")}

_FEW = 100
"""A convolution may leave out one row of so many, as published networks do on purpose.

SqueezeNet, CNN-F and NASNet-A mobile, among others, leave out one row of 224.
"""

_NEAR = 32
"""How much larger an input is proposed at most."""


def missed_rows(network: Network) -> Iterator[Finding]:
    """Yields the convolutions and poolings whose windows never reach the end of their input.

    What padding adds there is no loss.
    """
    known: dict[int, tuple[int, ...]] = {}
    remedies: dict[int, str] = {}
    for node in network.having(lambda operator: operator.missed is not Operator.missed):
        facts = id(node.facts)
        if facts not in known:
            known[facts] = node.op.missed(*node.input_types)
        missed = _real(known[facts], node, network) if any(known[facts]) else ()
        if any(missed):
            if facts not in remedies:
                remedies[facts] = _remedies(node.op, node.input_types[0])
            yield Finding("W205", _message(node, missed), remedies[facts], node)


def _real(missed: tuple[int, ...], node: Node, network: Network) -> tuple[int, ...]:
    """Returns what is missed of the input itself, and is more than convolutions may miss."""
    from archspec.ops.base.pad import Border  # only where something is missed

    maker = network.makers.get(node.inputs[0].name)
    if maker is not None and isinstance(maker.op, Border):
        added = [max(0, after) for _, after in maker.op.sides()]
        missed = tuple(max(0, m - a) for m, a in zip(missed, added, strict=True))
    if node.op.mixes is None:
        return missed
    sizes = node.inputs[0].type.example[1:]
    return tuple(
        m if isinstance(size, int) and m * _FEW > size else 0
        for m, size in zip(missed, sizes, strict=True)
    )


def _message(node: Node, missed: tuple[int, ...]) -> str:
    parts = [
        f"the last {name if count == 1 else counted(count, name, name + 's')}"
        for count, name in zip(missed, _AXES[len(missed)], strict=True)
        if count
    ]
    return f"{named(node)} never reads {' and '.join(parts)} of its input, {node.input_types[0]}"


def _remedies(op: Operator, type_: TensorType) -> str:
    """Returns what would have the end of the input read."""
    ways = []
    if "ceil_mode" in type(op).model_fields and _reads_to_the_end(op, type_, ceil_mode=True):
        ways.append("`ceil_mode: true`")
    for amount in (1, 2, 3):
        if _reads_to_the_end(op, type_, padding=amount):
            ways.append(f"`padding: {amount}`")
            break
    sizes = [shape_text(sizes) for sizes in _read_to_the_end(op, type_)]
    ways.append(f"an input to this layer of {' or '.join(sizes)}" if sizes else "a larger input")
    *others, last = ways
    return (f"{', '.join(others)} or " if others else "") + f"{last} reads to the end"


def _reads_to_the_end(op: Operator, type_: TensorType, **changes: object) -> bool:
    """Returns whether a change of its fields would have an operator read its input to the end."""
    try:
        changed = type(op).model_validate({**op.model_dump(), **changes})
    except ValueError:
        return False  # it does not have the field, or not for such a value
    return not any(changed.missed(type_))


def _read_to_the_end(op: Operator, type_: TensorType) -> Iterator[tuple[Size, ...]]:
    """Yields the next smaller and larger sizes that would be read to the end, if near."""
    for step in (_shrunk, _grown):
        channels, *sizes = type_.example
        missed = op.missed(type_)
        for _ in range(_NEAR):
            sizes = [*map(step, sizes, missed)]
            missed = op.missed(type_.with_example(channels, *sizes))
            if 0 in sizes or not any(missed):
                break
        if 0 not in sizes and not any(missed):
            yield tuple(sizes)


def _shrunk(size: Size, missed: int) -> Size:
    return size - missed


def _grown(size: Size, missed: int) -> Size:
    return size + bool(missed)
