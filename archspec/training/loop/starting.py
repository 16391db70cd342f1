"""The weights that training starts from, where these are not those of an initialiser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from archspec.backends.fit import WeightsError
from archspec.backends.weights import load_weights, weights_file
from archspec.frontend.layer_names import layer_names, matches
from archspec.frontend.train_schema import TrainSpec, Weights
from archspec.ir.graph import Graph
from archspec.ir.op import Param
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.loop.checkpoints import LAST
from archspec.training.loop.folds import fold_directory
from archspec.training.record.run_directory import CHECKPOINTS, ENVIRONMENT, read_json

PLACE = ("train", "weights")

LISTED = 4
"""How many names a message lists."""


class Start(NamedTuple):
    """Weights to start from.

    Attributes:
        file: The file that they come from.
        sha256: What it holds, as a hash.
        weights: The weights by their names in the network.
        skipped: The weights of the layer that takes them which start from their initialisers.
        unused: The names in the file that nothing takes.
    """

    file: Path
    sha256: str
    weights: Mapping[str, torch.Tensor]
    skipped: Sequence[str]
    unused: Sequence[str]

    @property
    def origin(self) -> dict[str, str]:
        """What `environment.json` tells of them."""
        return {"file": str(self.file), "sha256": self.sha256}


def starting_weights(graph: Graph, spec: Weights) -> Start:
    """Returns the weights that a spec names, which are those of its network.

    Args:
        graph: The network.
        spec: Where they come from, and which of them are taken.

    Raises:
        UnreadableError: There is no such file, or it holds no weights.
        TrainingError: They are not those of the network.
    """
    try:
        file = weights_file(Path(spec.file))
        found = load_weights(file)
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    except WeightsError as error:
        help_ = error.help or "give the file that it is: --weights FILE"
        raise UnreadableError(error.message, help_, place=PLACE) from error
    below = f"{spec.to}." if spec.to else ""
    wanted = {
        name.removeprefix(below): param for name, param in _tensors(graph) if name.startswith(below)
    }
    skipped = [name for name in wanted if matches(name, spec.skip)]
    _check_skips(spec, [*wanted, *found])
    taken = {name: param for name, param in wanted.items() if not matches(name, spec.skip)}
    if not taken:
        raise TrainingError(
            f"`skip` leaves nothing to take of {spec.file}",
            "name what starts from its initialisers, or leave `weights` out",
            place=(*PLACE, "skip"),
        )
    _check_all_there(graph, spec, taken, found)
    _check_finite(spec, {name: found[name] for name in taken if name in found})
    return Start(
        file.absolute(),
        sha256,
        {f"{below}{name}": found[name] for name in taken if name in found},
        [f"{below}{name}" for name in skipped],
        [name for name in found if name not in wanted],
    )


def weights_of_resumed(graph: Graph, spec: TrainSpec, directory: Path) -> Start | None:
    """Returns the weights that a resumed run, or one of its folds, has yet to start from.

    Args:
        graph: The network.
        spec: The spec's `train` section.
        directory: The run directory.

    Raises:
        UnreadableError: There is no such file any more, or it holds no weights.
        TrainingError: They are not those that the run began with.
    """
    folds = spec.data.split.folds
    runs = [fold_directory(directory, fold) for fold in range(folds)] if folds else [directory]
    if spec.weights is None or all((run / CHECKPOINTS / LAST).exists() for run in runs):
        return None
    help_ = "put the file back that it was, or train a run of its own, without --resume"
    try:
        start = starting_weights(graph, spec.weights)
    except UnreadableError as error:
        raise UnreadableError(error.message, help_, place=PLACE) from error
    noted = (read_json(directory / ENVIRONMENT) or {}).get("weights")
    if isinstance(noted, dict) and noted.get("sha256") != start.sha256:
        message = f"{start.file} holds other weights than when the run began"
        raise TrainingError(message, help_, place=PLACE)
    return start


def _tensors(graph: Graph) -> Iterator[tuple[str, Param]]:
    for node in graph.nodes:
        for name, param in node.parameters().items():
            yield f"{node.path}.{name}", param


def _check_skips(spec: Weights, names: Sequence[str]) -> None:
    idle = [p for p in spec.skip if not any(matches(name, [p]) for name in names)]
    if idle:
        where = f"below `{spec.to}`" if spec.to else "in the network"
        raise TrainingError(
            f"`skip` has `{idle[0]}`, but there is nothing of that name {where} or in {spec.file}",
            "leave it out, or correct it; `archspec check` lists the layers",
            place=(*PLACE, "skip"),
        )


def _check_finite(spec: Weights, taken: Mapping[str, torch.Tensor]) -> None:
    """Checks that all values are numbers, also in single precision."""
    for name, tensor in taken.items():
        if not bool(torch.isfinite(tensor.float()).all()):
            raise UnreadableError(
                f"{spec.file}: {name} holds values that are no finite numbers",
                "take weights from before their training diverged",
                place=PLACE,
            )


def _check_all_there(
    graph: Graph,
    spec: Weights,
    wanted: Mapping[str, Param],
    found: Mapping[str, torch.Tensor],
) -> None:
    missing = [n for n, param in wanted.items() if n not in found and param.kind != "counter"]
    others = [
        f"{name} is {list(found[name].shape)} instead of {list(param.shape)}"
        for name, param in wanted.items()
        if name in found and tuple(found[name].shape) != param.shape
    ]
    if not missing and not others:
        return
    lacking = {*missing, *(text.partition(" is ")[0] for text in others)}
    said = [_listed(what, names)
            for what, names in (("lacks", missing), ("differs:", others)) if names]  # fmt: skip
    where = f"`{spec.to}`" if spec.to else graph.stem
    raise TrainingError(
        f"{spec.file} is not for all of {where}: it {'; it '.join(said)}",
        _remedy(graph, spec, wanted, lacking, found),
        place=PLACE,
    )


def _remedy(
    graph: Graph,
    spec: Weights,
    wanted: Mapping[str, Param],
    lacking: set[str],
    found: Mapping[str, torch.Tensor],
) -> str:
    """Returns what would make the weights fit: the layer that they are of, or what to skip."""
    learnt = [name for name, param in wanted.items() if param.kind != "counter"]
    if len(lacking) < len(learnt):
        skipped = [*spec.skip, *_covering(learnt, lacking)]
        patterns = ", ".join(f'"{pattern}"' for pattern in skipped)
        return f"to start that from its initialisers, write `skip: [{patterns}]` in train.weights"
    if spec.to and any(f"{spec.to}.{name}" in found for name in lacking):
        return f"it is of more than `{spec.to}`: leave `to` out, and `skip` what is not to be taken"
    if not spec.to:
        shapes = {name: param.shape for name, param in _tensors(graph)}
        for layer in layer_names(graph):
            if any(shapes.get(f"{layer}.{n}") == tuple(t.shape) for n, t in found.items()):
                return f"if they are those of `{layer}`, write `to: {layer}` in train.weights"
    return "these are weights of another network; `archspec weights import` takes other names"


def _covering(names: Sequence[str], lacking: set[str]) -> list[str]:
    """Returns patterns that match the names that are lacking, and none of the others."""
    patterns: dict[str, None] = {}
    for name in names:
        if name in lacking and not matches(name, [*patterns]):
            parts = name.split(".")
            ends = [".".join(parts[:end]) for end in range(1, len(parts))]
            rest = [n for n in names if n not in lacking]
            whole = [e for e in ends if not any(n.startswith(f"{e}.") for n in rest)]
            patterns[f"{whole[0]}.*" if whole else name] = None
    return [*patterns]


def _listed(what: str, names: Sequence[str]) -> str:
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{what} {', '.join(names[:LISTED])}{more}"
