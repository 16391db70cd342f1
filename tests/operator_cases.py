"""Every operator in a graph of its own, on the examples it carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec import ops
from archspec.diagnostics import Span
from archspec.ir.dim import Dim, substitute
from archspec.ir.graph import Graph
from archspec.ir.op import Operator, OperatorError, Param
from archspec.ir.types import TensorType

BATCH = 2
SIZES = (8, 11, 16)
"""What the first symbolic size of an example is bound to; each further one is 3 larger."""


class Case(NamedTuple):
    """An operator, and the shapes and the element type of its inputs."""

    op: Operator
    inputs: tuple[tuple[int | str, ...], ...]
    dtype: str = "float32"

    def graph(self, sizes: Mapping[str, int] | None = None) -> Graph:
        """Returns the graph of this one node; the names among `sizes` become numbers."""
        graph = Graph("example")
        for index, shape in enumerate(self.inputs):
            dims = [Dim.of(size) if isinstance(size, str) else size for size in shape]
            numbers = tuple(substitute(dim, sizes or {}) for dim in dims)
            graph.add_input(f"input_{index}", TensorType.of_example(numbers, self.dtype))
        values = graph.add("node", self.op, [*graph.inputs.values()], span=Span("example"))
        graph.outputs = dict(zip(self.op.output_names(), values, strict=True))
        return graph

    def declared(self) -> dict[str, Param]:
        """Returns the tensors that the operator says it owns, by their names in the network."""
        types = [value.type for value in self.graph().inputs.values()]
        return {f"node.{name}": param for name, param in self.op.parameters(*types).items()}

    def accepted(self, sizes: Mapping[str, int] | None = None) -> Graph | None:
        """Returns the graph, or nothing where the operator refuses the inputs."""
        try:
            return self.graph(sizes)
        except OperatorError:
            return None

    def bindings(self) -> list[dict[str, int]]:
        """Returns values for the names of the inputs' sizes, and the batch."""
        names = sorted({s for shape in self.inputs for s in shape if isinstance(s, str)})
        sizes = SIZES if names else SIZES[:1]
        return [
            {"batch": BATCH} | {name: size + 3 * i for i, name in enumerate(names)}
            for size in sizes
        ]


CASES: Mapping[str, Case] = {
    f"{name}-{index}": Case(
        ops.find(name).model_validate(example.fields), example.inputs, example.dtype
    )
    for name in ops.names()
    for index, example in enumerate(ops.find(name).examples)
}
"""The examples that operators carry, by the operator's name and their number."""
