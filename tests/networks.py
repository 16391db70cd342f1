"""Small networks built by hand, for tests of what works on graphs."""

from __future__ import annotations

from archspec.diagnostics import Span
from archspec.ir.dim import Size
from archspec.ir.graph import Graph, Head, Value
from archspec.ir.op import Operator
from archspec.ir.types import TensorType
from archspec.ops.add import Add
from archspec.ops.batch_norm import BatchNorm
from archspec.ops.concat import Concat
from archspec.ops.conv2d import Conv2d
from archspec.ops.dropout import Dropout
from archspec.ops.global_avg_pool2d import GlobalAvgPool2d
from archspec.ops.linear import Linear
from archspec.ops.max_pool2d import MaxPool2d
from archspec.ops.relu import ReLU


class Builder:
    """A graph in the making.

    Attributes:
        graph: The graph.
    """

    def __init__(self, name: str) -> None:
        self.graph = Graph(name)

    def input(self, name: str, *sizes: Size) -> Value:
        """Adds an input of single precision."""
        return self.graph.add_input(name, TensorType.of_example(sizes))

    def add(self, path: str, op: Operator, *inputs: Value, head: str | None = None) -> Value:
        """Adds a node and returns its main output."""
        return self.graph.add(path, op, inputs, span=Span("test.yaml"), head=head)[0]


def branching(height: Size = 12, width: Size = 10, *, dropout: bool = True) -> Graph:
    """Returns an inception block and a residual block, with a head `early` between them.

    Its main output `logits` comes from a dropout, where one is asked for.
    """
    net = Builder("branching")
    image = net.input("image", 3, height, width)
    stem = net.add("stem.conv", Conv2d(out_channels=8, kernel_size=3, stride=2), image)
    stem = net.add("stem.norm", BatchNorm(), stem)
    narrow = net.add("mix.narrow", Conv2d(out_channels=4, kernel_size=1), stem)
    wide = net.add("mix.wide.conv", Conv2d(out_channels=6, kernel_size=3, padding=1), stem)
    wide = net.add("mix.wide.act", ReLU(), wide)
    pool = net.add("mix.pool", MaxPool2d(kernel_size=3, stride=1, padding=1), stem)
    mixed = net.add("mix.concat", Concat(), narrow, wide, pool)
    early = net.add("early.pool", GlobalAvgPool2d(), mixed, head="early")
    early = net.add("early.fc", Linear(out_features=5), early, head="early")
    block = net.add("blocks.0.conv", Conv2d(out_channels=18, kernel_size=3, padding=1), mixed)
    block = net.add("blocks.0.conv_2", Conv2d(out_channels=18, kernel_size=3, padding=1), block)
    block = net.add("blocks.0.add", Add(), block, mixed)
    pooled = net.add("pool", GlobalAvgPool2d(), block)
    logits = net.add("fc", Linear(out_features=5), pooled)
    if dropout:
        logits = net.add("dropout", Dropout(), logits)
    net.graph.outputs = {"logits": logits}
    net.graph.heads = {"early": Head(early, 0.3)}
    return net.graph
