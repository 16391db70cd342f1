"""Values that PyTorch made beside those of an ONNX file: how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from archspec.backends.trial_data import bound
from archspec.backends.trial_sizes import Sizes
from archspec.diagnostics import Refusal
from archspec.ir.graph import Value

Arrays: TypeAlias = Mapping[str, np.ndarray]

FAINT = 0.01
"""How large a value is at least, as a share of what its layer reads, to be more than rounding."""


class NotProvedError(Refusal):
    """A file does not compute what PyTorch does, or that could not be found out."""


class NotFiniteError(NotProvedError):
    """A network makes infinities or what is no number, so that nothing can be compared."""


class Pair(NamedTuple):
    """A value of the graph, and what it is in the file.

    Attributes:
        what: What a message calls it.
        value: The value of the graph.
        name: Its name in the file.
        looser: By how much the limit of its difference is larger.
        sources: What its layer reads, for a value within the network.
    """

    what: str
    value: Value
    name: str
    looser: int = 1
    sources: tuple[Value, ...] = ()


class Compared(NamedTuple):
    """How far a pair is apart, and how much its value depends on the input."""

    pair: Pair
    difference: float
    variation: float
    sizes: Sizes


def worst(runs: Sequence[Compared]) -> Compared:
    """Returns how far a pair is apart in the worst of several runs."""
    variation = max(compared.variation for compared in runs)
    return max(runs, key=lambda compared: compared.difference)._replace(variation=variation)


def compared(pair: Pair, made: Arrays, given: np.ndarray, sizes: Sizes) -> Compared:
    """Compares what PyTorch made with what was given.

    Raises:
        NotFiniteError: PyTorch made infinities, or what is no number.
        NotProvedError: They are of different shapes or types.
    """
    expected = made[pair.value.name]
    if not np.isfinite(expected).all():
        raise NotFiniteError(
            f"{pair.what} is not finite in PyTorch, so that nothing can be compared",
            "use weights that a network can be used with",
        )
    wanted = bound(pair.value.type.shape, sizes)
    if (given.shape, given.dtype) != (wanted, expected.dtype) or expected.shape != wanted:
        raise NotProvedError(
            f"{pair.what} is {expected.dtype} {list(expected.shape)} in PyTorch, but "
            f"{given.dtype} {list(given.shape)} in the model and "
            f"{pair.value.type.dtype} {list(wanted)} in the spec"
        )
    read = max((np.abs(made[value.name]).max() for value in pair.sources), default=np.float32(0))
    largest = max(np.abs(expected).max(), FAINT * read)
    return Compared(
        pair,
        _share(np.abs(expected - given).max(), largest),
        _share(np.abs(expected - expected[:1]).max(), largest),
        sizes,
    )


def _share(difference: np.number, largest: np.number) -> float:
    """Returns `difference / largest`; infinity for what is no number, which has no order."""
    if not np.isfinite(difference) or not largest:
        return float("inf") if difference else 0.0
    return float(difference / largest)
