"""The gradient norm of each layer over time, in which vanishing gradients can be seen.

Norms are taken before gradients are clipped, at steps that are evenly spread over the run: at
every step at first, and at every second of those as soon as there are too many.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning import Callback, LightningModule, Trainer
from torch.nn import functional

from archspec.backends.whole_file import write_whole

GRADIENT_NORMS = "gradient_norms.csv"
MOST = 256
"""The most steps whose norms are kept."""

_WRAPPERS = ("network.", "_orig_mod.")
"""What training and `torch.compile` put before the names of weights."""


class Norms(NamedTuple):
    """Gradient norms over time.

    Attributes:
        steps: The steps, counted from 1.
        layers: The path of each layer that learns.
        values: The norms, `[steps][layers]`; no number where a layer did not learn.
    """

    steps: Sequence[int]
    layers: Sequence[str]
    values: Sequence[Sequence[float]]


class GradientNorms(Callback):
    """Records the norm of each layer's gradient, all its weights together."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / GRADIENT_NORMS
        self._stride = 1
        self._steps: list[int] = []
        self._norms: list[torch.Tensor] = []
        self._layers: list[str] = []

    def on_train_start(self, _trainer: Trainer, module: LightningModule) -> None:
        """Looks up which weights make a layer; those of layers that learn anew are added."""
        named = [(_plain(name), w) for name, w in module.named_parameters() if w.requires_grad]
        self._weights = [weight for _, weight in named]
        owners = [name.rpartition(".")[0] or name for name, _ in named]
        before = len(self._layers)
        self._layers = list(dict.fromkeys([*self._layers, *owners]))
        added = len(self._layers) - before
        self._norms = [functional.pad(norms, (0, added), value=math.nan) for norms in self._norms]
        places = [self._layers.index(owner) for owner in owners]
        self._places = torch.tensor(places, dtype=torch.int64)
        idle = [at for at in range(len(self._layers)) if at not in set(places)]
        self._idle = torch.tensor(idle, dtype=torch.int64)

    @torch.no_grad()
    def on_before_optimizer_step(self, trainer: Trainer, *_: object) -> None:
        """Takes the norms, if it is time for it."""
        step = trainer.global_step + 1
        if (step - 1) % self._stride:
            return
        gradients = [weight.grad for weight in self._weights]
        present = [at for at, gradient in enumerate(gradients) if gradient is not None]
        if not present:
            return
        norms = torch.stack(torch._foreach_norm([g for g in gradients if g is not None])).float()
        places = self._places.to(norms.device)[present]
        squares = norms.new_zeros(len(self._layers)).index_add_(0, places, norms.square())
        if len(self._idle):
            squares[self._idle.to(norms.device)] = math.nan
        self._steps.append(step)
        self._norms.append(squares.sqrt())
        if len(self._steps) > MOST:
            self._stride *= 2
            self._steps, self._norms = self._steps[::2], self._norms[::2]

    def on_train_end(self, trainer: Trainer, *_: object) -> None:
        """Writes the file."""
        self._write(trainer)

    def on_exception(self, trainer: Trainer, *_: object) -> None:
        """Writes the file of a run that has been interrupted, or has diverged."""
        self._write(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Returns what a checkpoint keeps, for a run that is resumed."""
        return {
            "stride": self._stride,
            "steps": list(self._steps),
            "norms": self._fetched(),
            "layers": list(self._layers),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with what a checkpoint has kept."""
        self._stride, self._steps = state_dict["stride"], list(state_dict["steps"])
        self._norms = list(state_dict["norms"])
        self._layers = list(state_dict["layers"])

    def _fetched(self) -> torch.Tensor:
        """Returns all norms, `[steps, layers]`, which are in the processor's memory from now on."""
        self._norms = [norms.cpu() for norms in self._norms]
        return torch.stack(self._norms) if self._norms else torch.empty(0)

    def _write(self, trainer: Trainer) -> None:
        if not self._steps or not trainer.is_global_zero:
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["step", *self._layers])
        rows = self._fetched().tolist()
        for step, row in zip(self._steps, rows, strict=True):
            writer.writerow([step, *(f"{norm:.6g}" for norm in row)])
        write_whole(self._path, text.getvalue().encode())


def read_norms(directory: Path) -> Norms | None:
    """Returns the gradient norms of a run, if it has any.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        with (directory / GRADIENT_NORMS).open(newline="", encoding="utf-8") as file:
            (_, *layers), *rows = csv.reader(file)
    except FileNotFoundError:
        return None
    return Norms(
        [int(row[0]) for row in rows], layers, [[float(norm) for norm in row[1:]] for row in rows]
    )


def by_depth(norms: Norms | None, paths: Mapping[str, bool]) -> Norms | None:
    """Returns the norms of some layers, in the order of the network; `None` if there are none.

    Args:
        norms: The norms of all layers, if there are any.
        paths: The layers of the network in its order, with whether they are wanted.
    """
    known = {layer: at for at, layer in enumerate(norms.layers)} if norms else {}
    chosen = [path for path, wanted in paths.items() if wanted and path in known]
    if norms is None or not chosen:
        return None
    values = [[row[known[path]] for path in chosen] for row in norms.values]
    return Norms(norms.steps, chosen, values)


def _plain(name: str) -> str:
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    return name
