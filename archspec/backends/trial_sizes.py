"""Numbers for the symbolic sizes of a graph that all of its layers can take, found by trying.

A target is proved at two of them, so that none is baked in.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from archspec.diagnostics import Refusal
from archspec.ir.dim import Dim, Size, names_of, substitute
from archspec.ir.graph import Graph, Value
from archspec.ir.op import OperatorError
from archspec.ir.types import BATCH, TensorType

Sizes: TypeAlias = dict[str, int]
Works: TypeAlias = Callable[[Sizes], bool]

BATCHES = (1, 3)
"""The batch sizes of a trial."""

FIRST = 32
"""The size that is tried first: of less, windows and strides leave little to compare."""

LARGEST = 2**12
"""The largest size that is tried."""

COMBINED = 48
"""The largest size that is tried in every combination with those of other names."""

FURTHER = 64
"""How far the second size of a name is looked for from the first."""


class NoSizesError(Refusal):
    """No sizes were found that the layers of a graph can take."""


def trial_runs(graph: Graph) -> tuple[Sizes, ...]:
    """Returns what the batch and the symbolic sizes are in each run of a trial.

    Raises:
        NoSizesError: No sizes were found for symbolic ones.
    """
    found = trial_sizes(graph)
    ends = zip(BATCHES, (found[0], found[-1]), strict=True)
    return tuple({str(BATCH): batch, **sizes} for batch, sizes in ends)


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Returns sizes as a message says them."""
    return ", ".join(f"{name} {size}" for name, size in sizes.items())


def trial_sizes(graph: Graph) -> list[Sizes]:
    """Returns numbers for the names among the inputs' sizes, the batch aside: two sets of them.

    There is one set, of none, if no size is symbolic, and one if no second was found.

    Raises:
        NoSizesError: None were found.
    """
    names = sorted(
        {
            n
            for value in graph.inputs.values()
            for size in value.type.example
            for n in names_of(size)
        }
    )
    if not names:
        return [{}]
    works = _judge(graph)
    first = next(filter(works, _candidates(names)), None)
    if first is None:
        raise NoSizesError(
            f"no sizes up to {LARGEST} were found for {' and '.join(names)} "
            f"that {graph.stem} takes",
            "give the input's shape: --input NAME=SHAPE",
        )
    second = _second(first, works)
    return [first] if second == first else [first, second]


def _candidates(names: list[str]) -> Iterator[Sizes]:
    """Yields sizes that are equal, then, of a few names, those that are not."""
    for size in itertools.chain(range(FIRST, LARGEST + 1), range(FIRST - 1, 0, -1)):
        yield dict.fromkeys(names, size)
    if 1 < len(names) <= 3:
        for sizes in itertools.product(range(COMBINED, 0, -1), repeat=len(names)):
            yield dict(zip(names, sizes, strict=True))


def _second(first: Sizes, works: Works) -> Sizes:
    """Returns other sizes, different ones for each name where that is possible."""
    second = dict(first)
    for start, name in enumerate(first, 1):
        sizes = sorted(_others(first[name], start), key=[*second.values()].__contains__)
        second = next(filter(works, ({**second, name: size} for size in sizes)), second)
    same = [name for name in first if second[name] == first[name]]
    if not same:
        return second
    together = (second | dict.fromkeys(same, size) for size in _others(first[same[0]], 1))
    apart = (c for c in _candidates([*first]) if all(c[n] != size for n, size in first.items()))
    return next(filter(works, itertools.chain(together, apart)), second)


def _others(size: int, start: int) -> Iterable[int]:
    """Returns the sizes around one, the larger ones first, from `start` more on."""
    return [*range(size + start, size + FURTHER), *range(size - 1, 0, -1)]


def _judge(graph: Graph) -> Works:
    """Returns what tells whether all layers can take sizes.

    Reckoning with the sizes rules most out; what is left is tried by typing the graph anew.
    """
    nodes = graph.inference_nodes()
    made = {size for node in nodes for value in node.outputs for size in value.type.shape}
    symbolic = [size for size in made if isinstance(size, Dim)]

    def works(sizes: Sizes) -> bool:
        bound = {**sizes, str(BATCH): 1}
        return (
            all(_is_positive(substitute(size, bound)) for size in symbolic)
            and all(substitute(e.left, bound) == substitute(e.right, bound)
                    for e in graph.equalities)
            and _types(graph, sizes)
        )  # fmt: skip

    return works


def _is_positive(size: Size) -> bool:
    return isinstance(size, int) and size > 0


def _types(graph: Graph, sizes: Mapping[str, int]) -> bool:
    trial = Graph(graph.name)
    known = {
        name: trial.add_input(name, _bound(value.type, sizes))
        for name, value in graph.inputs.items()
    }
    try:
        for node in graph.inference_nodes():
            outputs = trial.add(
                node.path,
                node.op,
                [known[value.name] for value in node.inputs],
                span=node.span,
                shares=node.shares,
            )
            known |= _by_name(node.outputs, outputs)
    except OperatorError:
        return False
    return True


def _bound(type_: TensorType, sizes: Mapping[str, int]) -> TensorType:
    return type_.with_example(*(substitute(size, sizes) for size in type_.example))


def _by_name(old: Iterable[Value], new: Iterable[Value]) -> dict[str, Value]:
    return {before.name: after for before, after in zip(old, new, strict=True)}
