"""A graph with what rules ask of it: who makes a value, how often it is read, what is alike."""

from collections import Counter
from collections.abc import Callable
from functools import cached_property

from archspec.ir.graph import Graph, Node, Value
from archspec.ir.op import Operator
from archspec.lint.finding import Training


class Network:
    """A graph, and what follows from it once for all rules.

    Attributes:
        graph: The graph.
        training: What the spec says of training, if it does.
        ends: The values with a loss, by what they are called: the main output, and the heads.
    """

    def __init__(self, graph: Graph, training: Training | None = None) -> None:
        self.graph = graph
        self.training = training
        outputs = [(f"the output `{name}`", value) for name, value in graph.outputs.items()]
        heads = [(f"the head `{name}`", head.value) for name, head in graph.heads.items()]
        self.ends: list[tuple[str, Value]] = [*outputs[:1], *heads]

    @cached_property
    def makers(self) -> dict[str, Node]:
        """The node that makes a value, by the value's name; inputs have none."""
        return {value.name: node for node in self.graph.nodes for value in node.outputs}

    @cached_property
    def reads(self) -> Counter[str]:
        """How often nodes read a value, by the value's name."""
        return Counter(value.name for node in self.graph.nodes for value in node.inputs)

    @cached_property
    def leaving(self) -> set[str]:
        """The names of the values that leave the network, those of heads included."""
        values = [*self.graph.outputs.values(), *(head.value for head in self.graph.heads.values())]
        return {value.name for value in values}

    @cached_property
    def _by_operator(self) -> dict[type[Operator], list[Node]]:
        found: dict[type[Operator], list[Node]] = {}
        for node in self.graph.nodes:
            found.setdefault(type(node.op), []).append(node)
        return found

    def having(self, wanted: Callable[[type[Operator]], object]) -> list[Node]:
        """Returns the nodes whose operators are wanted, those of one operator together."""
        groups = self._by_operator.items()
        return [node for operator, nodes in groups if wanted(operator) for node in nodes]

    def only_reader(self, value: Value) -> bool:
        """Returns whether a value is read once, and does not leave the network."""
        return self.reads[value.name] == 1 and value.name not in self.leaving

    def origin(self, value: Value) -> Node | None:
        """Returns the node that computes a value; one that only hands it on does not count."""
        maker = self.makers.get(value.name)
        while maker is not None and maker.op.passes:
            maker = self.makers.get(maker.inputs[0].name)
        return maker
