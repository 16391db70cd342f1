"""The graph IR: nodes with name paths, typed values, outputs and heads.

A graph is valid at every moment: `add` types a node as it is made, so no later layer
meets an untyped or ill-typed value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from archspec.diagnostics import Span
from archspec.ir.composite import Composite, named_outputs
from archspec.ir.constraints import Equality, satisfiable
from archspec.ir.dim import Size
from archspec.ir.op import WEIGHTS, Doubt, Operator, OperatorError, Param
from archspec.ir.treatment import UNTREATED, Treatment
from archspec.ir.types import TensorType

_Key: TypeAlias = tuple[int, ...]


class Value(NamedTuple):
    """A tensor in the graph.

    Attributes:
        name: The graph input's name, or the path of the node that makes it; an operator
            with several outputs adds the output's name.
        type: Its type.
    """

    name: str
    type: TensorType


class Facts(NamedTuple):
    """What an operator makes of inputs of given types.

    Attributes:
        outputs: The types of the outputs.
        tensors: The tensors it uses, by name.
        macs: Its multiply-accumulates for one example.
        weights: How many weights it uses, learnt ones and fixed ones.
        statistics: How many values it uses that are measured, not learnt.
        doubt: Why this is surely not what was meant, if it is not.
    """

    outputs: tuple[TensorType, ...]
    tensors: Mapping[str, Param]
    macs: Size
    weights: int
    statistics: int
    doubt: Doubt | None


class Node(NamedTuple):
    """One operator at its place in the network.

    Attributes:
        path: The name path, such as `stage3.0.conv2`: module path, `state_dict` prefix,
            ONNX node name and diagram place at once.
        op: The operator with its fields.
        inputs: What it reads.
        outputs: What it makes, the main output first.
        facts: What follows from the operator and the types of its inputs.
        span: Where the spec says it.
        head: The auxiliary head it belongs to; such a node exists in training only.
        shares: The path of the node whose weights it uses, if they are not its own.
        treatment: How training treats it.
    """

    path: str
    op: Operator
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    facts: Facts
    span: Span
    head: str | None = None
    shares: str | None = None
    treatment: Treatment = UNTREATED

    @property
    def owner(self) -> str:
        """The path that the weights it uses are stored at."""
        return self.shares or self.path

    @property
    def output(self) -> Value:
        """The main output."""
        return self.outputs[0]

    @property
    def input_types(self) -> tuple[TensorType, ...]:
        """The types of the inputs."""
        return tuple(value.type for value in self.inputs)

    def macs(self) -> Size:
        """Returns the multiply-accumulates for one example."""
        return self.facts.macs

    def tensors(self) -> Mapping[str, Param]:
        """Returns the tensors that the node uses, its own or shared, by their names within it."""
        return self.facts.tensors

    def parameters(self) -> Mapping[str, Param]:
        """Returns the tensors that the node owns."""
        return {} if self.shares else self.facts.tensors

    def trains(self, param: Param) -> bool:
        """Returns whether training changes one of its tensors as a weight."""
        return param.kind == "weight" and not self.treatment.frozen


class Head(NamedTuple):
    """An auxiliary output that exists in training only.

    Attributes:
        value: What the head computes.
        weight: The weight of its loss beside the main output's.
    """

    value: Value
    weight: float


@dataclass
class Graph:
    """A network whose every shape and parameter is known.

    Attributes:
        name: The spec's name.
        variant: The variant of the spec, if any.
        title: The title for people, if any.
        inputs: The graph inputs by name.
        nodes: All nodes, each after those it reads.
        outputs: The outputs by name; the first is the main one.
        heads: The auxiliary outputs by name.
        equalities: What symbolic sizes must satisfy.
    """

    name: str
    variant: str | None = None
    title: str | None = None
    inputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    equalities: list[Equality] = field(default_factory=list)
    _known: dict[_Key, tuple[Operator, tuple[TensorType, ...], Facts]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def stem(self) -> str:
        """The name with the variant, as files and runs are called."""
        return stem(self.name, self.variant)

    def add_input(self, name: str, type_: TensorType) -> Value:
        """Adds a graph input and returns its value."""
        value = self.inputs[name] = Value(name, type_)
        return value

    def add(
        self,
        path: str,
        op: Operator,
        inputs: Sequence[Value],
        *,
        span: Span,
        head: str | None = None,
        shares: str | None = None,
    ) -> tuple[Value, ...]:
        """Adds a node, typed by its operator, and returns its outputs.

        A composite is added as its parts, at paths below its own.

        Raises:
            OperatorError: The operator cannot take these inputs.
        """
        if isinstance(op, Composite):
            return self._add_parts(path, op, inputs, span, head, shares)
        facts = self._facts(path, op, tuple(value.type for value in inputs))
        made = facts.outputs
        names = [path] if len(made) == 1 else [f"{path}.{name}" for name in op.output_names()]
        outputs = tuple(map(Value, names, made))
        owner = shares if facts.tensors else None
        self.nodes.append(Node(path, op, tuple(inputs), outputs, facts, span, head, owner))
        return outputs

    def _facts(self, path: str, op: Operator, types: tuple[TensorType, ...]) -> Facts:
        """Returns what follows from an operator and its inputs; the same question is asked once.

        Long networks repeat few layers, and looking at sizes by identity costs nothing.
        """
        sizes = [s if isinstance(s, int) else id(s) for type_ in types for s in type_.shape]
        key = (id(op), *(len(type_.shape) for type_ in types), *sizes)
        known = self._known.get(key)
        if known is not None and known[1] == types:
            return known[2]
        _require_dtypes(op, types)
        equalities = self._require(path, op, types)
        made = op.outputs(*types)
        for type_ in made:
            _require_positive(path, op, types, type_)
            _require_simple(type_)
        tensors = op.parameters(*types)
        facts = Facts(
            made,
            tensors,
            op.macs(*types),
            sum(math.prod(p.shape) for p in tensors.values() if p.kind in WEIGHTS),
            sum(math.prod(p.shape) for p in tensors.values() if p.kind == "statistic"),
            op.doubt(*types),
        )
        if not equalities:
            self._known[key] = (op, types, facts)
        return facts

    def _add_parts(
        self,
        path: str,
        op: Composite,
        inputs: Sequence[Value],
        span: Span,
        head: str | None,
        shares: str | None,
    ) -> tuple[Value, ...]:
        known = dict(zip(op.input_names, inputs, strict=True))
        made: tuple[Value, ...] = ()
        for part in op.parts(*(value.type for value in inputs)):
            made = self.add(
                f"{path}.{part.name}",
                part.op,
                [known[name] for name in part.inputs],
                span=span,
                head=head,
                shares=f"{shares}.{part.name}" if shares else None,
            )
            known |= named_outputs(part.name, part.op, made)
        return made

    def inference_nodes(self) -> list[Node]:
        """Returns the nodes that inference needs: all but those of the heads."""
        return [node for node in self.nodes if node.head is None]

    def _require(self, path: str, op: Operator, types: tuple[TensorType, ...]) -> list[Equality]:
        """Records the equalities that are not plain, and returns them."""
        new = [e._replace(node=path) for e in op.equalities(*types) if e.left != e.right]
        impossible = [e for e in new if not satisfiable([e])]
        if not impossible and not satisfiable([*self.equalities, *new]):
            impossible = new
        if impossible:
            *whats, last = dict.fromkeys(e.what for e in impossible)
            what = f"{', '.join(whats)} and {last}" if whats else last
            raise OperatorError(
                f"{op.kind()} needs equal {what}",
                labels={i: f"this path is {type_}" for i, type_ in enumerate(types)},
                help=f"no size satisfies {impossible[0]}" if _symbolic(impossible[0]) else "",
                code="E202",
            )
        self.equalities += new
        return new


def stem(name: str, variant: str | None) -> str:
    """Returns a name for a spec's variant: `resnet50`, or `vgg-a` for variant `a` of `vgg`."""
    if variant is None or variant.startswith(name):
        return variant or name
    return f"{name}-{variant}"


def _require_dtypes(op: Operator, types: Sequence[TensorType]) -> None:
    for type_ in types:
        if type_.dtype != "float32" and not op.any_dtype:
            raise OperatorError(
                f"{op.kind()} takes numbers of type float32, but its input is {type_.dtype}",
                help="put an embedding before it, or declare the input as float32",
            )


def _symbolic(equality: Equality) -> bool:
    return not (isinstance(equality.left, int) and isinstance(equality.right, int))


MAX_SIZE_TEXT = 1000
"""The longest formula of a symbolic size."""


def _require_simple(output: TensorType) -> None:
    if any(not isinstance(size, int) and len(str(size)) > MAX_SIZE_TEXT for size in output.shape):
        raise OperatorError(
            f"the size of the output takes more than {MAX_SIZE_TEXT} characters to write",
            help="give the input's sizes as numbers",
            code="E008",
        )


def _require_positive(
    path: str, op: Operator, inputs: Sequence[TensorType], output: TensorType
) -> None:
    if all(not isinstance(size, int) or size > 0 for size in output.example):
        return
    kind = op.kind()
    layer = path if path.rpartition(".")[2].startswith(kind) else f"{path} ({kind})"
    raise OperatorError(
        f"nothing is left: {layer} makes {output} of {inputs[0]}",
        help="use a larger input, or fewer or smaller strides and kernels before this layer",
        code="E203",
    )
