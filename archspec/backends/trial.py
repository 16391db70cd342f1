"""A network in PyTorch and an ONNX file of it, run on the same inputs and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from archspec.backends.conditioning import noise
from archspec.backends.onnx_file import OnnxFile, value_types
from archspec.backends.torch import Network, build
from archspec.backends.trial_data import bound, random_inputs
from archspec.backends.trial_sizes import Sizes, trial_sizes
from archspec.diagnostics import Refusal
from archspec.ir.graph import Graph, Value
from archspec.ir.types import BATCH

Arrays: TypeAlias = Mapping[str, np.ndarray]

BATCHES = (1, 3)
"""The batch sizes."""

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

FAINT = 0.01
"""How large a value is at least, as a share of what its layer reads, to be more than rounding."""

VISIBLE = 10
"""How many times the limit values for two inputs differ at least, so that a fault shows."""


class NotProvedError(Refusal):
    """A file does not compute what PyTorch does, or that could not be found out."""


class NotFiniteError(NotProvedError):
    """A network makes infinities or what is no number, so that nothing can be compared."""


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


class _Pair(NamedTuple):
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


class _Compared(NamedTuple):
    """How far a pair is apart, and how much its value depends on the input."""

    pair: _Pair
    difference: float
    variation: float
    sizes: Sizes


class Trial:
    """What a graph is tried with.

    Attributes:
        sizes: The batch and the symbolic sizes of each run.
        what: What is compared: `logits`, where a final softmax or sigmoid takes them, or
            `outputs`.
    """

    def __init__(self, graph: Graph, limit: float) -> None:
        """Finds sizes.

        Args:
            graph: The network.
            limit: How much values may differ, as a share of the largest.

        Raises:
            NoSizesError: None were found for symbolic ones.
        """
        found = trial_sizes(graph)
        self.sizes = tuple(
            {str(BATCH): batch, **sizes}
            for batch, sizes in zip(BATCHES, (found[0], found[-1]), strict=True)
        )
        self._graph = graph
        self._limit = limit
        self._logits = {name: _logits(graph, value) for name, value in graph.outputs.items()}
        self.what = "logits" if any(self._logits.values()) else "outputs"

    def inputs(self, strengths: Sequence[float] = STRENGTHS[0]) -> dict[str, np.ndarray]:
        """Returns the inputs of the last run, which has several examples."""
        return random_inputs(self._graph, self.sizes[-1], strengths)

    def compare(self, weights: Arrays, file: OnnxFile) -> Agreement:
        """Runs the network with weights, and a file, on the same inputs.

        Raises:
            NotProvedError: They make different outputs.
            NotFiniteError: The network does not make numbers.
            WrongModelError: ONNX Runtime cannot run the file.
        """
        pairs = self._outer(file)
        network = self._network(pairs, weights)
        found = self._run(network, file, pairs)
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

    def _outer(self, file: OnnxFile) -> list[_Pair]:
        """Returns the outputs, with the logits of those that are probabilities."""
        pairs = []
        for name, value in self._graph.outputs.items():
            logits, given = self._logits[name], file.logits(name)
            if logits is None or given == name:
                pairs.append(_Pair(f"output `{name}`", value, name))
            else:
                pairs.append(_Pair(f"output `{name}`", value, name, LOOSER))
                pairs.append(_Pair(f"what makes output `{name}`", logits, given))
        return pairs

    def _within(self, weights: Arrays, file: OnnxFile) -> list[_Compared]:
        """Returns how far values within the network are apart that follow from its weights."""
        named = value_types(self._graph).keys() & file.names - self._graph.outputs.keys()
        weighted: set[str] = set()
        pairs = []
        for node in self._graph.inference_nodes():
            if node.tensors() or weighted & {value.name for value in node.inputs}:
                weighted |= {value.name for value in node.outputs}
                pairs += [
                    _Pair(value.name, value, value.name, sources=node.inputs)
                    for value in node.outputs
                    if value.name in named
                ]
        return self._run(self._network(pairs, weights), file, pairs) if pairs else []

    def _network(self, pairs: Sequence[_Pair], weights: Arrays) -> Network:
        """Returns the network that makes all that is compared, by its name in the graph."""
        values = [value for pair in pairs for value in (pair.value, *pair.sources)]
        outputs = {value.name: value for value in values}
        with torch.random.fork_rng(devices=[]):
            network = build(replace(self._graph, outputs=outputs)).eval()
        # What may be missing has been checked: counters, and weights of heads.
        network.load_state_dict(
            {name: torch.from_numpy(np.array(array)) for name, array in weights.items()},
            strict=False,
        )
        return network

    def _run(self, network: Network, file: OnnxFile, pairs: Sequence[_Pair]) -> list[_Compared]:
        """Returns the worst of all runs for each pair.

        Raises:
            NotFiniteError: The network does not make numbers.
        """
        strong, normal = STRENGTHS
        try:
            found = self._worst(network, file, pairs, strong)
            if not self._differs(found) or noise(network, self.inputs()) < NOISE * self._limit:
                return found
        except NotFiniteError:
            pass
        found = self._worst(network, file, pairs, normal)
        rounding = noise(network, self.inputs(normal)) if self._differs(found) else 0.0
        if rounding >= self._limit:
            raise NotProvedError(
                "nothing is proved: with these weights rounding decides what comes out, as PyTorch "
                f"in single precision differs from double precision by {rounding:.1e}",
                "use weights of a network that was trained",
            )
        return found

    def _worst(
        self, network: Network, file: OnnxFile, pairs: Sequence[_Pair], strengths: Sequence[float]
    ) -> list[_Compared]:
        runs = [self._once(network, file, pairs, sizes, strengths) for sizes in self.sizes]
        return [_worst(of_pair) for of_pair in zip(*runs, strict=True)]

    def _once(
        self,
        network: Network,
        file: OnnxFile,
        pairs: Sequence[_Pair],
        sizes: Sizes,
        strengths: Sequence[float],
    ) -> list[_Compared]:
        inputs = random_inputs(self._graph, sizes, strengths)
        expected = _outputs(network, pairs, inputs)
        given = file.run(inputs, dict.fromkeys(pair.name for pair in pairs))
        return [_compared(pair, expected, given[pair.name], sizes) for pair in pairs]

    def _differs(self, found: Sequence[_Compared]) -> bool:
        return any(c.difference > self._limit * c.pair.looser for c in found)

    def _depends(self, compared: _Compared) -> bool:
        return compared.variation >= VISIBLE * self._limit

    def _require(self, found: Sequence[_Compared], weights: Arrays, file: OnnxFile) -> None:
        """Checks that nothing differs by too much.

        Raises:
            NotProvedError: Something does; the message names where it begins.
        """
        for compared in found:
            if compared.difference <= self._limit * compared.pair.looser:
                continue
            sizes = ", ".join(f"{name} {size}" for name, size in compared.sizes.items())
            raise NotProvedError(
                f"{file.path} does not compute what PyTorch does: {compared.pair.what} differs by "
                f"{compared.difference:.1e} of its largest value at {sizes} "
                f"(limit {self._limit * compared.pair.looser:.0e})",
                self._where(weights, file),
            )

    def _where(self, weights: Arrays, file: OnnxFile) -> str:
        first = None
        with suppress(NotProvedError):  # where it begins need not be a number
            faulty = (c for c in self._within(weights, file) if c.difference > self._limit)
            first = next(faulty, None)
        begins = f"it begins at {first.pair.value.name}; " if first else ""
        return f"{begins}was the file made with these weights, this variant and these settings?"


def _worst(runs: Sequence[_Compared]) -> _Compared:
    variation = max(compared.variation for compared in runs)
    return max(runs, key=lambda compared: compared.difference)._replace(variation=variation)


def _outputs(network: Network, pairs: Sequence[_Pair], inputs: Arrays) -> dict[str, np.ndarray]:
    with torch.no_grad():
        made = network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    if not isinstance(made, dict):
        made = {pairs[0].value.name: made}
    return {name: tensor.numpy() for name, tensor in made.items()}


def _compared(pair: _Pair, made: Arrays, given: np.ndarray, sizes: Sizes) -> _Compared:
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
    return _Compared(
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


def _logits(graph: Graph, output: Value) -> Value | None:
    """Returns what a final softmax or sigmoid takes, if the output comes from one."""
    makers = {value.name: node for node in graph.nodes for value in node.outputs}
    node = makers.get(output.name)
    while node is not None and not node.op.onnx(*node.input_types):
        node = makers.get(node.inputs[0].name)
    return node.inputs[0] if node is not None and node.op.kind() in SQUASHING else None
