"""Whether weights are those of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from archspec.diagnostics import Refusal
from archspec.ir.graph import Graph

LISTED = 3
"""How many names of a kind a message lists."""


class WeightsError(Refusal):
    """Weights cannot be had, or are no weights."""


class MisfitError(WeightsError):
    """Weights are not those of the graph."""


class Array(Protocol):
    """What has a shape: an array or a tensor."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


def check_fits(graph: Graph, weights: Mapping[str, Array], *, heads: bool = False) -> None:
    """Checks that the weights are the graph's: each of them, no others, all of the same shape.

    Counters may be left out, which inference does not need, and so may auxiliary heads.

    Args:
        graph: The network.
        weights: The weights by `path.parameter`.
        heads: Whether the weights of heads are needed too.

    Raises:
        MisfitError: They are not; the message names some that differ.
    """
    shapes = {
        f"{node.path}.{name}": param.shape
        for node in graph.nodes
        for name, param in node.parameters().items()
    }
    required = [
        f"{node.owner}.{name}"
        for node in (graph.nodes if heads else graph.inference_nodes())
        for name, param in node.tensors().items()
        if param.kind != "counter"
    ]
    misshapen = [
        f"{name} is {list(weights[name].shape)} instead of {list(shape)}"
        for name, shape in shapes.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    faults = {
        "missing": [name for name in required if name not in weights],
        "unexpected": [name for name in weights if name not in shapes],
        "of another shape": misshapen,
    }
    found = "; ".join(_listed(what, names) for what, names in faults.items() if names)
    if found:
        raise MisfitError(
            f"the weights are not those of {graph.stem}: {found}",
            "use weights made with this spec, its variant and its settings",
        )


def _listed(what: str, names: list[str]) -> str:
    more = ", …" if len(names) > LISTED else ""
    return f"{len(names)} {what} ({', '.join(names[:LISTED])}{more})"
