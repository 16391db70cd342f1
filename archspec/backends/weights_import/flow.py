"""How data flow through the layers with weights, as far as every framework says it alike.

Activations, dropout, padding and changes of layout are left out, since frameworks divide them
differently among layers; what merges several values stays, and so does pooling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

MERGE, CONCAT, MAX_POOL, AVERAGE_POOL = "merge", "concat", "max pool", "average pool"


class Step(NamedTuple):
    """One use of an operation.

    Attributes:
        label: What it does: one of the words above, or nothing that counts.
        inputs: The numbers of the steps whose results it reads.
        layer: The number of the layer whose weights it uses.
    """

    label: str | None
    inputs: tuple[int, ...]
    layer: int | None = None


class Flow(NamedTuple):
    """Steps, each after those that it reads.

    Attributes:
        steps: The steps; the first ones stand for the inputs.
        outputs: The numbers of the steps that make the outputs.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def colours(self, number: int, alike: Callable[[int], int]) -> list[int]:
        """Returns a number for each layer that says all that can be said of its place.

        Two layers with one number have the same past and the same future.

        Args:
            number: How many layers there are.
            alike: What tells apart layers of different shapes, by the layer's number.
        """
        aliases = self._aliases()
        labels = [
            ("layer", alike(step.layer)) if step.layer is not None else (step.label, 0)
            for step in self.steps
        ]
        past = self._past(aliases, labels)
        future = self._future(aliases, labels, past)
        uses: list[list[tuple[int, int]]] = [[] for _ in range(number)]
        for index, step in enumerate(self.steps):
            if step.layer is not None:
                uses[step.layer].append((past[index], future[index]))
        return [hash(tuple(sorted(places))) for places in uses]

    def edges(self) -> set[tuple[int, int]]:
        """Returns the pairs of layers of which the second one reads what the first one makes.

        Of a layer that is used several times, the first use says where it belongs.
        """
        nearest: list[frozenset[int]] = []
        found: set[tuple[int, int]] = set()
        used: set[int] = set()
        for step in self.steps:
            before = frozenset().union(*(nearest[index] for index in step.inputs))
            if step.layer is None:
                nearest.append(before)
            else:
                if step.layer not in used:
                    found |= {(other, step.layer) for other in before}
                used.add(step.layer)
                nearest.append(frozenset([step.layer]))
        return found

    def _aliases(self) -> list[int]:
        """Returns for each step the one that counts: itself, or what it hands on."""
        made: list[int] = []
        for index, step in enumerate(self.steps):
            hands_on = step.layer is None and step.label is None and len(step.inputs) == 1
            made.append(made[step.inputs[0]] if hands_on else index)
        return made

    def _past(self, aliases: Sequence[int], labels: Sequence[tuple[str | None, int]]) -> list[int]:
        past: list[int] = []
        for index, step in enumerate(self.steps):
            given = [past[aliases[i]] for i in step.inputs]
            if labels[index][0] == MERGE:
                given.sort()
            past.append(hash((labels[index], tuple(given))))
        return past

    def _future(
        self,
        aliases: Sequence[int],
        labels: Sequence[tuple[str | None, int]],
        past: Sequence[int],
    ) -> list[int]:
        readers: list[list[tuple[int, int]]] = [[] for _ in self.steps]
        ends = {aliases[index]: place for place, index in enumerate(self.outputs)}
        future = [0] * len(self.steps)
        for index in reversed(range(len(self.steps))):
            if aliases[index] != index:
                continue
            future[index] = hash((labels[index], ends.get(index, -1), _multiset(readers[index])))
            for place, given in enumerate(self.steps[index].inputs):
                where = 0 if labels[index][0] == MERGE else place
                readers[aliases[given]].append((where, hash((future[index], past[index]))))
        return future


def _multiset(items: Iterable[tuple[int, int]]) -> tuple[tuple[tuple[int, int], int], ...]:
    return tuple(sorted(Counter(items).items()))
