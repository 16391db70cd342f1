"""An input whose channels seem to be last, as Keras has them, read as an image."""

from collections.abc import Iterator

from archspec.ir.graph import Node, Value
from archspec.ir.op import Operator
from archspec.ir.types import Shape, shape_text
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_CHANNELS = (1, 3, 4)
"""How many channels pictures have: grey, colours, and colours with transparency."""

_SIDE = 32
"""How large the sides of a picture surely are, if it is not square."""


def channels_last(network: Network) -> Iterator[Finding]:
    """Yields the inputs of such a shape that windows slide over, pictures and rows of them."""
    for name, value in network.graph.inputs.items():
        shape = value.type.example
        if not _seems_last(shape):
            continue
        reader = _slides_over(value, network)
        if reader is not None:
            first, *others = shape
            yield Finding(
                "W209",
                f"the channels of the input `{name}` seem to be last: {named(reader)} takes it "
                f"for {first} channels of {shape_text(tuple(others))}",
                f"write `{name}: [{', '.join(map(str, (shape[-1], *shape[:-1])))}]`, "
                "channels first",
                name,
                ((reader, "this layer takes the channels first"),),
            )


def _seems_last(shape: Shape) -> bool:
    """Returns whether a shape is that of pictures, or of a row of them, with channels last."""
    if len(shape) == 4:
        frames = shape[0]
        return not (isinstance(frames, int) and frames <= max(_CHANNELS)) and _seems_last(shape[1:])
    if len(shape) != 3:
        return False
    *sides, channels = shape
    if not isinstance(channels, int):
        return False
    known = [side for side in sides if isinstance(side, int)]
    if sides[0] == sides[1] and known:
        return channels in _CHANNELS and channels < known[0]
    return channels == 3 and all(side >= _SIDE for side in known)


def _slides_over(value: Value, network: Network) -> Node | None:
    """Returns the first convolution or pooling that gets an input, whatever scales it before.

    Windows that are not as large along every axis are meant for this shape: those over
    electrodes are `[3, 1]`.
    """
    names = {value.name}
    for node in network.graph.nodes:
        if node.inputs[0].name in names:
            if type(node.op).missed is not Operator.missed:
                return node if _is_even(node.op) else None
            if node.output.type == value.type and node.op.mixes is None:
                names.add(node.output.name)
    return None


def _is_even(op: Operator) -> bool:
    from archspec.ops.base.kernel import KernelOperator  # only where there is such an input
    from archspec.ops.base.pooling import Windowed

    return isinstance(op, (KernelOperator, Windowed)) and len({*op.kernel}) == 1
