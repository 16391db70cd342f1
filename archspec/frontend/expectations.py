"""The `expect` section: totals that must come out."""

from collections.abc import Iterator

from archspec.diagnostics import Diagnostic
from archspec.frontend.schema import Expect
from archspec.frontend.tree import Table
from archspec.ir.graph import Graph
from archspec.ir.totals import totals


def check_expectations(graph: Graph, expect: Expect, tree: Table) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each total that differs from what `tree` expects."""
    made = totals(graph)._asdict()
    for name, wanted in expect.model_dump(exclude_none=True, exclude={"outputs"}).items():
        if made[name] != wanted:
            yield _fault(tree, name, f"{name} is {_number(made[name])}, not {_number(wanted)}")
    shapes = {name: value.type.example for name, value in graph.outputs.items()}
    for name, sizes in (expect.outputs or {}).items():
        shape = [size if isinstance(size, int) else str(size) for size in shapes.get(name, ())]
        if name not in shapes:
            yield _fault(tree, "outputs", f"there is no output `{name}`")
        elif shape != sizes:
            yield _fault(tree, "outputs", f"the output {name} is {shape}, not {sizes}")


def _fault(tree: Table, key: str, message: str) -> Diagnostic:
    help_ = "correct the network, or the figure if the network is right"
    return Diagnostic("E301", f"{message} as expected", tree.entries[key].value.span, help_)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
