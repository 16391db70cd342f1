"""Writes tests/reference/parity.json: the zoo's networks beside the originals, weights and all.

    python3.11 tools/parity.py [PATTERN]

Each network of `zoo.json` that torchvision, timm or Keras implements (in an environment of its
own, see `originals.py`) is made there with random weights and statistics, written to a file, and
imported into our spec by `archspec weights import`. Then both get the same images. Written are

- `pytorch`, `onnxruntime`: the largest difference between outputs in evaluation mode, by the
  largest output, for PyTorch and for ONNX Runtime;
- `images_differ`, `swapped`: how much the outputs of two images differ, and how much ours do
  with two tensors of one shape swapped, or there would be nothing to compare;
- `training`, of one of each family or more: the same difference between outputs, gradients and
  updated statistics of a training step (see `parity_training.py`);
- `graph`: a digest of our network, by which a test notices that an entry is out of date.

Without PATTERN, such as `timm_*`, what is in the file and up to date stays as it is: an interrupted
run goes on where it was. Delete the file to begin anew.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from originals import enter_environment, image_shape, imported

if TYPE_CHECKING:
    import numpy as np

    from archspec.ir.graph import Graph

IMAGES = 2


def main(pattern: str | None = None) -> None:
    """Writes the entries of the keys that match, or those that are missing or out of date."""
    from parity_table import KEYS, faults, read_table

    known, wrong = read_table(), []
    for key in KEYS:
        if fnmatchcase(key, pattern) if pattern else not is_current(key, known.get(key)):
            start = time.monotonic()
            entry = compared(key)
            print(f"{key} {json.dumps(entry)} {time.monotonic() - start:.0f} s", flush=True)
            wrong += [f"{key}: {', '.join(found)}"] if (found := faults(key, entry)) else []
            if not found:
                known[key] = entry
                write({key: known[key] for key in KEYS if key in known})
    if pattern is None:
        from photographs_table import write_photographs

        write_photographs()
    if wrong:
        sys.exit("these differ, or show nothing:\n  " + "\n  ".join(wrong))


def is_current(key: str, entry: Mapping[str, Any] | None) -> bool:
    """Returns whether an entry is of today's network, and of the libraries that are installed."""
    from parity_table import digest_of, faults, graph_for

    if entry is None or faults(key, entry) or entry["image"] != [*image_shape(key)]:
        return False
    graph = digest_of(graph_for(key, entry["image"]))
    return bool(entry["implementation"] == implementation(key) and entry["graph"] == graph)


def implementation(key: str) -> str:
    """Returns the library, its version, and what implements a network there."""
    from claims import ZOO

    reference = ZOO[key]
    library = reference["framework"].partition(",")[0]
    return f"{library} {version(library)}: {reference['implementation']}"


def write(networks: Mapping[str, Any]) -> None:
    """Writes the file, a line for each network."""
    from parity_table import FILE

    versions = {name: version(name).partition("+")[0] for name in ("torch", "onnxruntime")}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in networks.items())
    text = f'{{"versions": {json.dumps(versions)},\n"networks": {{\n{lines}\n}}}}\n'
    FILE.write_text(text, encoding="utf-8")


def compared(key: str) -> dict[str, Any]:
    """Returns what is written of a network."""
    from execution import difference, run_onnx
    from parity_original import original_of, random_images
    from parity_table import TRAINED, digest_of, graph_for
    from parity_training import compared_in_training

    from archspec.backends.onnx import export

    shape = image_shape(key)
    images, graph = random_images(IMAGES, shape), graph_for(key, shape)
    theirs = original_of(key, shape)
    theirs.randomise(images)
    expected = theirs.outputs(images)
    with TemporaryDirectory() as folder:
        weights, layers = imported(theirs.save(Path(folder)), key)
        ours = our_outputs(graph, weights, images)
        swapped = our_outputs(graph, swap(weights), images)
        inferred = {f"{n.owner}.{name}" for n in graph.inference_nodes() for name in n.tensors()}
        needed = {name: array for name, array in weights.items() if name in inferred}
        model = Path(folder, "net.onnx")
        export(graph, needed, model, metadata={})
        (through_onnx,) = run_onnx(model, {next(iter(graph.inputs)): images}).values()
    main_output = next(iter(graph.outputs))
    entry: dict[str, Any] = {
        "implementation": implementation(key),
        "graph": digest_of(graph),
        "image": [*shape],
        "layers": len({*layers.values()}),
        "pytorch": largest(expected, ours),
        "onnxruntime": difference(expected[main_output], through_onnx),
        "images_differ": min(difference(a[:1], a[1:]) for a in expected.values()),
        "swapped": largest(expected, swapped),
    }
    if key in TRAINED:
        entry["training"] = compared_in_training(key, graph, weights, theirs)
    return rounded(entry)


def our_outputs(
    graph: Graph, weights: Mapping[str, np.ndarray], images: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns what our network makes of images, those of heads too, in evaluation mode."""
    import torch
    from execution import by_name
    from parity_training import our_network

    network = our_network(graph, weights)
    network.training = bool(graph.heads)
    with torch.no_grad():
        made = network(torch.from_numpy(images))
    return {name: tensor.numpy() for name, tensor in by_name(graph, made).items()}


def largest(expected: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]) -> float:
    """Returns the largest difference between outputs of one name."""
    from execution import difference

    assert expected.keys() == given.keys(), [*expected, *given]
    return max(difference(array, given[name]) for name, array in expected.items())


def swap(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns weights of which two of one shape, matrices if there are such, are swapped."""
    names = sorted(weights, key=lambda name: -weights[name].ndim)
    first, second = next(
        (one, two)
        for one, two in combinations(names, 2)
        if weights[one].shape == weights[two].shape
    )
    return {**weights, first: weights[second], second: weights[first]}


def rounded(entry: dict[str, Any]) -> dict[str, Any]:
    """Returns an entry whose numbers have two digits."""
    return {
        name: rounded(value)
        if isinstance(value, dict)
        else float(f"{value:.2g}")
        if isinstance(value, float)
        else value
        for name, value in entry.items()
    }


if __name__ == "__main__":
    enter_environment()
    main(*sys.argv[1:])
