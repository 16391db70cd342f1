"""A network in PyTorch and an ONNX file of it, run on the same inputs and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from archspec.backends.comparison import (
    Arrays,
    Compared,
    NotFiniteError,
    NotProvedError,
    Pair,
    compared,
    worst,
)
from archspec.backends.conditioning import fill, noise, settled
from archspec.backends.onnx_file import OnnxFile, value_types
from archspec.backends.torch import Network, build
from archspec.backends.trial_data import random_inputs
from archspec.backends.trial_sizes import Sizes, sizes_text, trial_runs
from archspec.ir.graph import Graph, Value

Say: TypeAlias = Callable[[str], object]
"""Is told what is being done, in a few words."""


def silently(_: str) -> None:
    """Says nothing."""


NOISE = 0.1
"""The share of the limit that PyTorch's own rounding errors may have, if strong inputs are to tell
anything."""

STRENGTHS = ((1.0, 8.0, 64.0), (1.0,))
"""The standard deviations of the examples of a batch, in turn, in the order of being tried.

Normalised data have the first and pixels the last; what is of one size may be lost among biases,
and exponentials of what is strong are not finite.
"""

SQUASHING = ("softmax", "sigmoid")
"""What turns logits into probabilities."""

LOOSER = 100
"""How much more probabilities may differ than the logits that they are made of."""

VISIBLE = 10
"""How many times the limit values for two inputs differ at least, so that a fault shows."""


class Agreement(NamedTuple):
    """That a file computes what PyTorch does, or does not contradict it.

    Attributes:
        difference: The largest difference, as a share of the largest value.
        telling: Whether the outputs depend on the inputs, so that a fault would show.
        inner: How many values within the network were compared because they do not.
    """

    difference: float
    telling: bool
    inner: int = 0

    @property
    def shows(self) -> bool:
        """Whether a fault would have shown anywhere."""
        return self.telling or self.inner > 0


class Trial:
    """What a graph is tried with.

    Attributes:
        sizes: The batch and the symbolic sizes of each run.
        what: What is compared: `logits`, where a final softmax or sigmoid takes them, or
            `outputs`.
    """

    def __init__(self, graph: Graph, limit: float, say: Say) -> None:
        """Finds sizes.

        Args:
            graph: The network.
            limit: How much values may differ, as a share of the largest.
            say: Is told what is being run.

        Raises:
            NoSizesError: None were found for symbolic ones.
        """
        self.sizes = trial_runs(graph)
        self._graph = graph
        self._limit = limit
        self._say = say
        self._built: tuple[frozenset[str], Network] | None = None
        self._logits = {name: _logits(graph, value) for name, value in graph.outputs.items()}
        self.what = "logits" if any(self._logits.values()) else "outputs"

    def settled(self, weights: Arrays, file: OnnxFile) -> dict[str, np.ndarray]:
        """Returns weights with the statistics that the inputs of the last run have under them."""
        self._say("PyTorch settles random weights")
        network = self._network(self._outer(file))
        return settled(network, weights, self._inputs(self.sizes[-1], STRENGTHS[0]))

    def compare(self, weights: Arrays, file: OnnxFile, *, last_only: bool = False) -> Agreement:
        """Runs the network with weights, and a file, on the same inputs.

        Args:
            weights: The weights by `path.parameter`.
            file: The file.
            last_only: Whether the last run is enough, the one with several examples.

        Raises:
            NotProvedError: They make different outputs.
            NotFiniteError: The network does not make numbers.
            WrongModelError: ONNX Runtime cannot run the file.
        """
        sizes = self.sizes[-1:] if last_only else self.sizes
        found = self._run(weights, file, self._outer(file), sizes)
        self._require(found, weights, file)
        judged = [compared for compared in found if compared.pair.looser == 1]
        difference = max(compared.difference for compared in judged)
        if all(self._depends(compared) for compared in judged):
            return Agreement(difference, telling=True)
        inner = self._within(weights, file)
        self._require(inner, weights, file)
        difference = max([difference, *(c.difference for c in inner)])
        shown = any(self._depends(compared) for compared in inner)
        return Agreement(difference, telling=False, inner=len(inner) if shown else 0)

    def _outer(self, file: OnnxFile) -> list[Pair]:
        """Returns the outputs, with the logits of those that are probabilities."""
        pairs = []
        for name, value in self._graph.outputs.items():
            logits, given = self._logits[name], file.logits(name)
            if logits is None or given == name:
                pairs.append(Pair(f"output `{name}`", value, name))
            else:
                pairs.append(Pair(f"output `{name}`", value, name, LOOSER))
                pairs.append(Pair(f"what makes output `{name}`", logits, given))
        return pairs

    def _within(self, weights: Arrays, file: OnnxFile) -> list[Compared]:
        """Returns how far values within the network are apart that follow from its weights."""
        named = value_types(self._graph).keys() & file.names - self._graph.outputs.keys()
        weighted: set[str] = set()
        pairs = []
        for node in self._graph.inference_nodes():
            if node.tensors() or weighted & {value.name for value in node.inputs}:
                weighted |= {value.name for value in node.outputs}
                pairs += [
                    Pair(value.name, value, value.name, sources=node.inputs)
                    for value in node.outputs
                    if value.name in named
                ]
        return self._run(weights, file, pairs, self.sizes) if pairs else []

    def _network(self, pairs: Sequence[Pair]) -> Network:
        """Returns the network that makes all that is compared, by its name in the graph."""
        values = [value for pair in pairs for value in (pair.value, *pair.sources)]
        outputs = {value.name: value for value in values}
        if self._built is None or self._built[0] != outputs.keys():
            self._built = None  # so that its memory is free
            with torch.random.fork_rng(devices=[]):
                network = build(replace(self._graph, outputs=outputs)).eval()
            self._built = frozenset(outputs), network
        return self._built[1]

    def _run(
        self, weights: Arrays, file: OnnxFile, pairs: Sequence[Pair], sizes: Sequence[Sizes]
    ) -> list[Compared]:
        """Returns the worst of all runs for each pair.

        Raises:
            NotFiniteError: The network does not make numbers.
        """
        network = self._network(pairs)
        fill(network, weights)
        strong, normal = STRENGTHS
        try:
            found = self._worst(network, file, pairs, sizes, strong)
            if not self._differs(found) or self._noise(network, strong) < NOISE * self._limit:
                return found
        except NotFiniteError:
            pass
        found = self._worst(network, file, pairs, sizes, normal)
        rounding = self._noise(network, normal) if self._differs(found) else 0.0
        if rounding >= self._limit:
            raise NotProvedError(
                "nothing is proved: with these weights rounding decides what comes out, as PyTorch "
                f"in single precision differs from double precision by {rounding:.1e}",
                "use weights of a network that was trained",
            )
        return found

    def _noise(self, network: Network, strengths: Sequence[float]) -> float:
        self._say("PyTorch in double precision")
        return noise(network, self._inputs(self.sizes[-1], strengths))

    def _inputs(self, sizes: Sizes, strengths: Sequence[float]) -> dict[str, np.ndarray]:
        return random_inputs(self._graph, sizes, strengths)

    def _worst(
        self,
        network: Network,
        file: OnnxFile,
        pairs: Sequence[Pair],
        sizes: Sequence[Sizes],
        strengths: Sequence[float],
    ) -> list[Compared]:
        runs = [self._once(network, file, pairs, each, strengths) for each in sizes]
        return [worst(of_pair) for of_pair in zip(*runs, strict=True)]

    def _once(
        self,
        network: Network,
        file: OnnxFile,
        pairs: Sequence[Pair],
        sizes: Sizes,
        strengths: Sequence[float],
    ) -> list[Compared]:
        inputs, run = self._inputs(sizes, strengths), f"{file.path.stem}, {sizes_text(sizes)}"
        self._say(f"PyTorch runs {run}")
        expected = _outputs(network, pairs, inputs)
        self._say(f"ONNX Runtime runs {run}")
        given = file.run(inputs, dict.fromkeys(pair.name for pair in pairs))
        return [compared(pair, expected, given[pair.name], sizes) for pair in pairs]

    def _differs(self, found: Sequence[Compared]) -> bool:
        return any(c.difference > self._limit * c.pair.looser for c in found)

    def _depends(self, compared: Compared) -> bool:
        return compared.variation >= VISIBLE * self._limit

    def _require(self, found: Sequence[Compared], weights: Arrays, file: OnnxFile) -> None:
        """Checks that nothing differs by too much.

        Raises:
            NotProvedError: Something does; the message names where it begins.
        """
        for one in found:
            if one.difference <= self._limit * one.pair.looser:
                continue
            raise NotProvedError(
                f"{file.path} does not compute what PyTorch does: {one.pair.what} differs by "
                f"{one.difference:.1e} of its largest value at {sizes_text(one.sizes)} "
                f"(limit {self._limit * one.pair.looser:.0e})",
                self._where(weights, file),
            )

    def _where(self, weights: Arrays, file: OnnxFile) -> str:
        first = None
        with suppress(NotProvedError):  # where it begins need not be a number
            faulty = (c for c in self._within(weights, file) if c.difference > self._limit)
            first = next(faulty, None)
        begins = f"it begins at {first.pair.value.name}; " if first else ""
        return f"{begins}was the file made with these weights, this variant and these settings?"


def _outputs(network: Network, pairs: Sequence[Pair], inputs: Arrays) -> dict[str, np.ndarray]:
    with torch.no_grad():
        made = network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    if not isinstance(made, dict):
        made = {pairs[0].value.name: made}
    return {name: tensor.numpy() for name, tensor in made.items()}


def _logits(graph: Graph, output: Value) -> Value | None:
    """Returns what a final softmax or sigmoid takes, if the output comes from one."""
    makers = {value.name: node for node in graph.nodes for value in node.outputs}
    node = makers.get(output.name)
    while node is not None and not node.op.onnx(*node.input_types):
        node = makers.get(node.inputs[0].name)
    return node.inputs[0] if node is not None and node.op.kind() in SQUASHING else None
