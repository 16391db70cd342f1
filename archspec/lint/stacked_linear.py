"""Linear layers with nothing between: one matrix times another is a matrix, f(f(x)) = Ax."""

from collections.abc import Iterator

from archspec.ir.graph import Node
from archspec.lint.finding import Finding, named
from archspec.lint.network import Network


def stacked_linear(network: Network) -> Iterator[Finding]:
    """Yields the linear layers and dense convolutions that get what another one makes."""
    for node in network.having(lambda operator: operator.mixes is not None):
        first = _only_source(node, network)
        if first is None or type(first.op) is not type(node.op):
            continue
        if _is_no_bottleneck(first, node) and (
            node.op.mixes == -1 or _are_one_convolution(first, node)
        ):
            yield Finding(
                "W207",
                f"{named(node)} follows {named(first)} with nothing between: together they do "
                "what one of them could",
                "put an activation between them, such as `relu`, or remove one: f(f(x)) = Ax",
                node,
                ((first, "the result goes nowhere else"),),
            )


def _only_source(node: Node, network: Network) -> Node | None:
    """Returns the layer that makes what a node gets, if that goes nowhere else on its way."""
    value = node.inputs[0]
    while network.only_reader(value):
        maker = network.makers.get(value.name)
        if maker is None or not maker.op.passes:
            return maker
        value = maker.inputs[0]
    return None


def _is_no_bottleneck(first: Node, second: Node) -> bool:
    """Returns whether all that one layer could do gets through two.

    Going through fewer channels or units is done on purpose: it saves weights, and keeps only
    what fits through (Jaderberg et al. 2014; linear autoencoders; Hu et al. 2022, "LoRA").
    """
    axis = second.op.mixes or 0
    values = (first.inputs[0], first.output, second.output)
    sizes = [size for value in values if isinstance(size := value.type.shape[axis], int)]
    return len(sizes) == len(values) and sizes[1] >= min(sizes[0], sizes[2])


def _are_one_convolution(first: Node, second: Node) -> bool:
    """Returns whether two convolutions connect all channels, and are no factors of a larger one.

    Published networks split a kernel into a column and a row (Peng et al. 2017, "Large Kernel
    Matters").
    """
    from archspec.ops.base.convolution import Convolution  # only where one follows another

    dense = all(isinstance(n.op, Convolution) and n.op.groups == 1 for n in (first, second))
    if not dense or first.output.type != second.inputs[0].type:
        return False
    kernels = (node.facts.tensors["weight"].shape[2:] for node in (first, second))
    return all(len({*kernel}) == 1 for kernel in kernels)
