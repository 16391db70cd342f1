"""Writes tests/reference/scores.json: what torchvision's and timm's networks make of known weights.

    python3.11 tools/reference_scores.py [PATTERN]

These do not go with the project's own PyTorch, so this has an environment of its own (see
`originals.py`), and `tests/test_scores.py` reads the file. Each network of `zoo.json` that is
torchvision's or timm's gets the weights of `tests/known_weights.py`, a layer those of the layer of
our graph that it stands for, as `archspec weights import` finds them. Of each are written

- the shape of its image, and the variances that its normalisations met, in our order;
- `scores`, 16 of the 1,000 of each output: with the heads of training for a key that ends in
  `_aux`, as inference has them otherwise;
- what scores cannot show: `norms`, the epsilon and momentum of its normalisations with how often
  they occur, and `dropouts`, the probabilities of those that training applies.

With PATTERN, such as `timm_*`, the other entries stay as they are.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from originals import enter_environment, image_shape, imported, torch_network

if __name__ == "__main__":
    enter_environment()

import torch
from claims import REFERENCE, ZOO
from known_weights import Shapes, known_image, known_tensors, weighted
from parity_original import HEADS
from parity_table import graph_for
from torch import nn
from torch.overrides import TorchFunctionMode

from archspec.ir.graph import Graph

FILE = REFERENCE / "scores.json"

VISIBLE = 0.01
"""How much the scores of two images differ at least, or there would be nothing to compare."""

NOISE = 1e-5
"""How much single precision may change the scores."""

COUNT = 16
"""How many scores are written of each output."""


def main(pattern: str = "*") -> None:
    """Writes the entries of the keys that match."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["networks"] if FILE.exists() else {}
    for key in ZOO:
        if is_wanted(key) and fnmatchcase(key, pattern):
            entries[key] = entry_of(key)
            write(entries)
            print(key, flush=True)


def is_wanted(key: str) -> bool:
    """Returns whether a network is torchvision's, as it is or modified, or timm's."""
    return bool(ZOO[key]["framework"].startswith(("torchvision", "timm")))


def write(entries: Mapping[str, Any]) -> None:
    """Writes the file, a line for each network."""
    versions = {
        name: import_module(name).__version__.partition("+")[0]
        for name in ("torch", "torchvision", "timm")
    }
    lines = [f"{json.dumps(key)}: {json.dumps(entries[key])}" for key in ZOO if key in entries]
    networks = ",\n".join(lines)
    text = f'{{"versions": {json.dumps(versions)},\n"networks": {{\n{networks}\n}}}}\n'
    FILE.write_text(text, encoding="utf-8")


def entry_of(key: str) -> dict[str, Any]:
    """Returns what is written of a network."""
    shape = image_shape(key)
    network, graph = torch_network(key), graph_for(key, shape)
    norms = [module for module in network.modules() if hasattr(module, "running_var")]
    dropouts = dropouts_of(network, known_image(shape))
    # Heads are there as in training, but all layers work as for inference.
    network.eval().training = key.endswith("_aux")
    levels = fill(key, network, graph, known_image(shape).double())
    names = list(graph.outputs)
    scores, others = (
        scores_of(network, known_image(shape, seed).double(), names) for seed in (0, 1)
    )
    noisy = scores_of(network.float(), known_image(shape), names)
    for name, exact in scores.items():
        noise, visible = difference(exact, noisy[name]), difference(exact, others[name])
        if not noise < NOISE < VISIBLE < visible:
            raise ValueError(f"{key}: {name} has noise of {noise:.1e}, images show {visible:.1e}")
    if scores.keys() != {*graph.outputs, *graph.heads}:
        raise ValueError(f"{key}: {list(scores)} are not our outputs")
    return {
        "image": shape,
        "levels": levels,
        "scores": {name: rounded(array) for name, array in scores.items()},
        "norms": [[*kind, n] for kind, n in Counter((m.eps, m.momentum) for m in norms).items()],
        "dropouts": dropouts,
    }


class Dropouts(TorchFunctionMode):
    """Takes note of the dropouts that are applied, whether they are layers or functions.

    Attributes:
        found: Their probabilities.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[float] = []

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Calls a function, after a note if it is dropout."""
        options = dict(kwargs or {})
        if func is nn.functional.dropout:
            self.found.append(options["p"] if "p" in options else args[1])
        return func(*args, **options)


def dropouts_of(network: nn.Module, image: torch.Tensor) -> list[float]:
    """Returns the probabilities of the dropouts that do anything while training."""
    with torch.no_grad(), Dropouts() as dropouts:
        network.train()(torch.cat([image, image]))
    return sorted(p for p in dropouts.found if p > 0)


def fill(key: str, network: nn.Module, graph: Graph, image: torch.Tensor) -> list[float]:
    """Gives a network known weights in double precision, and statistics that suit an image.

    Returns:
        The variance that each normalisation met, in the order of the graph.
    """
    network.double()
    places = match(key, network, graph)
    levels: dict[int, float] = {}

    def load(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        index, level, shapes = places[module], 1.0, shapes_of(module)
        if "running_var" in shapes:
            level = levels[index] = float(f"{inputs[0].var():.3g}")
        state = module.state_dict()
        for name, tensor in known_tensors(index, shapes, level).items():
            state[name].copy_(tensor)

    hooks = [module.register_forward_pre_hook(load) for module in places]
    with torch.no_grad():
        network(image)
    for hook in hooks:
        hook.remove()
    return [levels[index] for index in sorted(levels)]


def match(key: str, network: nn.Module, graph: Graph) -> dict[nn.Module, int]:
    """Returns the places in our order of the layers of a network, as their weights are imported."""
    with TemporaryDirectory() as folder:
        torch.save(network.state_dict(), Path(folder, "net.pth"))
        _, layers = imported(Path(folder, "net.pth"), key)
    places = {path: index for index, (path, _) in enumerate(weighted(graph.nodes))}
    return {
        network.get_submodule(theirs): places[name.rpartition(".")[0]]
        for name, theirs in layers.items()
    }


def own(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yields the weights of a module itself, and its statistics, by name."""
    yield from module.named_parameters(recurse=False)
    for name, buffer in module.named_buffers(recurse=False):
        if name.startswith("running_"):
            yield name, buffer


def shapes_of(module: nn.Module) -> Shapes:
    """Returns the shapes of the weights and statistics of a module itself."""
    return {name: tuple(tensor.shape) for name, tensor in own(module)}


def scores_of(
    network: nn.Module, image: torch.Tensor, names: Sequence[str]
) -> dict[str, torch.Tensor]:
    """Returns the outputs of a network for an image by our names, of which some are given."""
    with torch.no_grad():
        made = network(image)
    if isinstance(made, torch.Tensor):
        return dict(zip(names, made, strict=True))
    return {HEADS.get(name, name): tensor[0] for name, tensor in made._asdict().items()}


def difference(expected: torch.Tensor, given: torch.Tensor) -> float:
    """Returns `max|expected - given| / max|expected|`."""
    return float((expected - given).abs().max() / expected.abs().max())


def rounded(scores: torch.Tensor) -> list[float]:
    """Returns some scores from the first to the last, with eight digits."""
    places = torch.linspace(0, len(scores) - 1, COUNT).long()
    return [float(f"{score:.8g}") for score in scores[places].tolist()]


if __name__ == "__main__":
    main(*sys.argv[1:])
