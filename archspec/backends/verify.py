"""The proof that a written ONNX file computes what PyTorch does.

Two things are proved: that the file has the weights it should have, and, by a twin of it with
random weights and statistics, that it was made in the right way, for a network fresh from its
initialisation hides faults behind zeros and ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeAlias

from archspec.backends.comparison import Arrays, NotFiniteError, NotProvedError
from archspec.backends.fit import check_fits
from archspec.backends.onnx_file import OnnxFile, WrongModelError
from archspec.backends.torch import memory_errors
from archspec.backends.trial import Agreement, Say, Trial, silently
from archspec.backends.trial_data import random_weights
from archspec.backends.trial_sizes import NoSizesError, Sizes
from archspec.ir.graph import Graph

__all__ = ["LIMIT", "NoSizesError", "NotProvedError", "Proof", "WrongModelError", "verified"]

Remake: TypeAlias = Callable[[Arrays, Path], None]

LIMIT = 1e-4
"""How much outputs may differ: `max|a - b| / max|a|`."""


class Proof(NamedTuple):
    """That a file computes what PyTorch does.

    Attributes:
        what: What was compared: `logits`, where a final softmax or sigmoid takes them, or
            `outputs`.
        sizes: What the batch and the symbolic sizes were, for each run.
        limit: How much it may differ, as a share of the largest value.
        file: How the file agrees.
        twin: How its twin with random weights agrees, if there was one.
    """

    what: str
    sizes: tuple[Sizes, ...]
    limit: float
    file: Agreement
    twin: Agreement | None

    @property
    def difference(self) -> float:
        """The largest difference, as a share of the largest value."""
        return max(a.difference for a in (self.file, self.twin) if a)

    def lines(self) -> list[str]:
        """Returns what was proved, for people."""
        said = f"verified against PyTorch: {self._sizes()}, {self.what} differ by at most "
        lines = [f"{said}{self.difference:.1e} (limit {self.limit:.0e})"]
        if not self.file.telling:
            how = "with these weights they" if self.twin else "they"
            lines.append(f"  {how} hardly depend on the input, so {self._instead()}")
        return lines

    def _sizes(self) -> str:
        names = dict.fromkeys(name for sizes in self.sizes for name in sizes)
        numbers = {n: dict.fromkeys(str(sizes[n]) for sizes in self.sizes) for n in names}
        return ", ".join(f"{name} {' and '.join(each)}" for name, each in numbers.items())

    def _instead(self) -> str:
        if self.file.inner:
            return f"{self.file.inner:,} values within the network were compared too"
        return "the proof is a twin of the file with random weights"


def verified(
    graph: Graph,
    weights: Arrays,
    path: Path,
    *,
    remake: Remake | None = None,
    limit: float = LIMIT,
    say: Say = silently,
) -> Proof:
    """Proves that a file computes what PyTorch does with the same weights.

    Args:
        graph: The network.
        weights: Its weights by `path.parameter`.
        path: The ONNX file.
        remake: Writes the same model with other weights to another file: the twin.
        limit: How much the outputs may differ, as a share of the largest.
        say: Is told what is being done, in a few words.

    Raises:
        NotProvedError: It does not, or its outputs are the same whatever it is given.
        WrongModelError: The file is no valid model, or its shapes are not the graph's.
        NoSizesError: No sizes were found for symbolic ones.
        MisfitError: The weights are not the graph's.
        OSError: A file cannot be read or written.
        MemoryError: There is too little memory.
    """
    check_fits(graph, weights)
    with memory_errors():
        say("ONNX checks the file")
        file = OnnxFile(graph, path)
        trial = Trial(file.graph, limit, say)
        agreement = trial.compare(weights, file)
        # Where the outputs show a size that is baked in, one run of the twin is enough.
        twin = _twin(file, trial, remake, last_only=agreement.telling) if remake else None
    if not (agreement.shows or (twin and twin.shows)):
        whose = "any" if remake else "these"
        raise NotProvedError(
            f"nothing is proved: with {whose} weights the outputs of {graph.stem} are the same "
            "whatever it is given",
            "use weights of a network that was trained",
        )
    return Proof(trial.what, trial.sizes, limit, agreement, twin)


def _twin(file: OnnxFile, trial: Trial, remake: Remake, *, last_only: bool) -> Agreement | None:
    """Returns how a file with random weights agrees, if they make numbers."""
    weights = trial.settled(random_weights(file.graph), file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "twin.onnx"
        remake(weights, path)
        with suppress(NotFiniteError):
            return trial.compare(weights, OnnxFile(file.graph, path), last_only=last_only)
    return None
