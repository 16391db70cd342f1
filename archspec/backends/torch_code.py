"""The `forward` of a network as Python: one call after the other, as people write it by hand.

It is generated once, when the network is built, so that running the network costs what running
its layers costs, and PyTorch's compiler and exporter see plain code.
"""

from __future__ import annotations

import itertools
import keyword
import linecache
import math
import pkgutil
import re
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from archspec.backends.binding import bind_sizes
from archspec.ir.constraints import Equality
from archspec.ir.dim import Dim, Size, names_of, substitute
from archspec.ir.graph import Graph, Node, Value
from archspec.ir.lowering import Input, TorchFunction
from archspec.ir.op import FaultyOperatorError

_NUMBERS = itertools.count()


class Code:
    """The `forward` of a network in one mode.

    It takes the network and the graph's inputs, by position or by name, and returns the output,
    or a dict by name where there are several.

    Args:
        source: The source of the function.
        names: What the source calls by name.

    Attributes:
        source: The source of the function.
        run: The function.
    """

    def __init__(self, source: str, names: Mapping[str, object]) -> None:
        self.source = source
        self._names = names
        file = f"<archspec forward>.{next(_NUMBERS)}"
        # As of a function in a file: lines of it are shown in tracebacks.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        weakref.finalize(self, linecache.cache.pop, file, None)
        values = dict(names)
        exec(compile(source, file, "exec"), values)  # noqa: S102 - generated right here
        self.run: Callable[..., Any] = values["forward"]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Code], tuple[str, Mapping[str, object]]]:
        return Code, (self.source, self._names)

    def __deepcopy__(self, _memo: object) -> Code:
        return self  # it never changes


def forward_code(graph: Graph, nodes: Sequence[Node], outputs: Mapping[str, Value]) -> Code:
    """Returns the code that computes values of a graph.

    Args:
        graph: The graph, whose inputs it takes.
        nodes: The nodes that are run, each after those it reads.
        outputs: What is returned, by name.

    Raises:
        FaultyOperatorError: An operator calls a function that does not exist.
    """
    writer = _Writer(graph.inputs)
    fits = " and ".join(_conditions(graph.inputs, graph.equalities))
    bind = writer.named("bind_sizes", partial(bind_sizes, dict(graph.inputs), graph.equalities))
    shapes = ", ".join(f"{name!r}: {name}.shape" for name in graph.inputs)
    writer.lines = [f"if not ({fits}):", f"    {bind}({{{shapes}}})"]
    for node, unneeded in zip(nodes, _last_used(nodes, outputs), strict=True):
        writer.run(node)
        writer.let_go([writer.variable(value) for value in unneeded])
    made = {name: writer.variable(value.name) for name, value in outputs.items()}
    items = ", ".join(f"{name!r}: {variable}" for name, variable in made.items())
    writer.lines.append(f"return {next(iter(made.values())) if len(made) == 1 else f'{{{items}}}'}")
    head = f"def forward({', '.join([writer.network, *graph.inputs])}):\n"
    return Code(head + "".join(f"    {line}\n" for line in writer.lines), writer.names)


class _Writer:
    """Writes nodes as statements.

    Attributes:
        lines: The statements.
        names: What they call by name.
        network: The name of the network.
    """

    def __init__(self, inputs: Mapping[str, Value]) -> None:
        self.lines: list[str] = []
        self.names: dict[str, object] = {}
        self._taken = {"getattr", *keyword.kwlist, *inputs}
        self._variables = {value.name: name for name, value in inputs.items()}
        self._functions: dict[str, str] = {}
        self.network = self._free("self")

    def named(self, wanted: str, value: object) -> str:
        """Returns the name of something that statements call."""
        name = self._free(wanted)
        self.names[name] = value
        return name

    def variable(self, value: str) -> str:
        """Returns the variable of a value of the graph."""
        if value not in self._variables:
            self._variables[value] = self._free(value)
        return self._variables[value]

    def run(self, node: Node) -> None:
        """Writes what runs a node."""
        made = ", ".join(self.variable(value.name) for value in node.outputs)
        inputs = [self.variable(value.name) for value in node.inputs]
        lowering = node.op.torch(*node.input_types)
        if isinstance(lowering, TorchFunction):
            self._call(made, lowering, inputs, node)
        else:
            # Looked up as it is called, so that a module that was replaced is the one that runs.
            module = _attribute(self.network, node.owner)
            self.lines.append(f"{made} = {module}({', '.join(inputs)})")

    def let_go(self, variables: Sequence[str]) -> None:
        """Writes that variables are not needed any more."""
        if variables:
            self.lines.append(f"del {', '.join(variables)}")

    def _call(self, made: str, call: TorchFunction, inputs: Sequence[str], node: Node) -> None:
        """Writes a call after those whose results are its arguments."""
        between: list[str] = []

        def text(argument: object) -> str:
            match argument:
                case Input(position):
                    return inputs[position]
                case TorchFunction():
                    between.append(self._free("between"))
                    self._call(variable := between[-1], argument, inputs, node)
                    return variable
                case tuple() | list():
                    return f"[{', '.join(map(text, argument))}]"
                case None | bool() | int() | str():
                    return repr(argument)
                case float() if math.isfinite(argument):
                    return repr(argument)
            return self.named("constant", argument)

        given = [text(argument) for argument in call.args]
        given += [f"{name}={text(argument)}" for name, argument in call.arguments.items()]
        self.lines.append(f"{made} = {self._function(call.target, node)}({', '.join(given)})")
        self.let_go(between)

    def _function(self, target: str, node: Node) -> str:
        if target not in self._functions:
            name = re.split(r"\W", target)[-1]
            self._functions[target] = self.named(name, found(target, node))
        return self._functions[target]

    def _free(self, wanted: str) -> str:
        """Returns a name like the wanted one that nothing else has."""
        name = stem = re.sub(r"\W", "_", wanted)
        number = 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


def found(target: str, node: Node) -> Any:  # noqa: ANN401
    """Returns what a dotted name in a node's lowering names.

    Raises:
        FaultyOperatorError: Nothing.
    """
    try:
        return pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError) as error:
        where = " in PyTorch" if target.startswith("torch.") else ""
        raise FaultyOperatorError(node.op.kind(), f"{target} does not exist{where}") from error


def _last_used(nodes: Sequence[Node], outputs: Mapping[str, Value]) -> list[list[str]]:
    """Returns for each node the values that are not needed once it has run."""
    needed = {value.name for value in outputs.values()}
    found = []
    for node in reversed(nodes):
        seen = dict.fromkeys(value.name for value in (*node.inputs, *node.outputs))
        found.append([value for value in seen if value not in needed])
        needed |= seen.keys()
    return found[::-1]


def _conditions(inputs: Mapping[str, Value], equalities: Sequence[Equality]) -> Iterator[str]:
    """Yields what holds of inputs that `bind_sizes` does not refuse."""
    known: dict[str, Size] = {}
    for name, value in inputs.items():
        yield f"{name}.ndim == {len(value.type.shape)}"
        for axis, size in enumerate(value.type.shape):
            given = f"{name}.shape[{axis}]"
            if isinstance(size, Dim) and str(size) in size.names() - known.keys():
                known[str(size)] = Dim.of(given)
            elif names_of(size) <= known.keys():
                yield f"{given} == {substitute(size, known)}"
    for equality in equalities:
        if names_of(equality.left) | names_of(equality.right) <= known.keys():
            yield f"{substitute(equality.left, known)} == {substitute(equality.right, known)}"
        else:
            yield "False"  # whether it holds is not told by the inputs alone


def _attribute(root: str, path: str) -> str:
    for name in path.split("."):
        root = f"{root}.{name}" if name.isidentifier() else f"getattr({root}, {name!r})"
    return root
