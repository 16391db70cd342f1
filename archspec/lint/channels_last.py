"""An input whose channels seem to be last, as Keras has them, read as an image."""

from collections.abc import Iterator

from archspec.ir.graph import Node, Value
from archspec.ir.op import Operator
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network

_CHANNELS = (1, 3, 4)
"""How many channels pictures have: grey, colours, and colours with transparency."""


def channels_last(network: Network) -> Iterator[Finding]:
    """Yields the inputs of such a shape that windows slide over."""
    for name, value in network.graph.inputs.items():
        shape = value.type.example
        if len(shape) != 3 or shape[0] != shape[1] or shape[2] not in _CHANNELS:
            continue
        height, width, channels = shape
        if not isinstance(height, int) or not isinstance(channels, int) or height <= channels:
            continue
        reader = _slides_over(value, network)
        if reader is not None:
            yield Finding(
                "W209",
                f"the channels of the input `{name}` seem to be last: {named(reader)} takes it "
                f"for {height} channels of {width}×{channels}",
                f"write `{name}: [{channels}, {height}, {width}]`, channels first",
                name,
                ((reader, "this layer takes the channels first"),),
            )


def _slides_over(value: Value, network: Network) -> Node | None:
    """Returns the first convolution or pooling that gets an input, whatever scales it before."""
    names = {value.name}
    for node in network.graph.nodes:
        if node.inputs[0].name in names:
            if type(node.op).missed is not Operator.missed:
                return node
            if node.output.type == value.type and not node.facts.tensors:
                names.add(node.output.name)
    return None
