"""Laws of importing weights, on random networks: what comes out is right, or nothing does."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
import torch
from execution import random_weights
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_specs import RandomSpec, random_specs
from safetensors.numpy import save_file
from shipped import checked

from archspec.backends.fit import MisfitError
from archspec.backends.onnx import ExportError, export
from archspec.backends.weights_import import UndecidedError, import_weights
from archspec.frontend import compile_text
from archspec.ir.graph import Graph

law = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

WORDS = ("enc", "conv", "bn", "proj", "down", "fc", "stem", "layer", "b", "net")


def compiled(spec: RandomSpec) -> Graph:
    return compile_text(spec.text, "random.yaml", variant=spec.variant).graph


def renamed(names: list[str], random_: random.Random) -> dict[str, str]:
    """Returns other names, in which each word is another one throughout; numbers are kept."""
    words = {word for name in names for word in re.findall(r"[a-z_]+", name)}
    number = iter(random_.sample(range(1000), len(words)))
    new = {word: f"{random_.choice(WORDS)}{chr(97 + next(number) % 26)}" for word in sorted(words)}
    made = {name: re.sub(r"[a-z_]+", lambda found: new[found[0]], name) for name in names}
    # Different words may have become the same one.
    return (
        made if len({*made.values()}) == len(names) else {n: f"x{i}" for i, n in enumerate(names)}
    )


def reordered(graph: Graph, random_: random.Random) -> list[str]:
    """Returns the layers in a random order that goes with the data."""
    left, made, known = list(graph.nodes), [], {*graph.inputs}
    while left:
        ready = [node for node in left if all(value.name in known for value in node.inputs)]
        node = random_.choice(ready)
        left.remove(node)
        known |= {value.name for value in node.outputs}
        if node.parameters():
            made.append(node.path)
    return made


def tensors_of(graph: Graph, weights: Mapping[str, np.ndarray], path: str) -> list[str]:
    (node,) = (node for node in graph.nodes if node.path == path)
    return [name for name in node.parameters() if f"{path}.{name}" in weights]


def check(graph: Graph, weights: Mapping[str, np.ndarray], path: Path) -> bool:
    """Checks that the weights in a file are found, or refused; returns which."""
    try:
        given_ = import_weights(graph, path).weights
    except UndecidedError:
        return False
    wanted = {k: v for k, v in weights.items() if not k.endswith("num_batches_tracked")}
    assert given_.keys() == wanted.keys()
    for name, array in wanted.items():
        assert np.array_equal(given_[name], array), name

    return True


@law
@given(random_specs(), st.integers(0, 999))
def test_state_dicts_with_other_names_and_another_order(spec: RandomSpec, seed: int) -> None:
    graph, random_ = compiled(spec), random.Random(seed)
    weights = random_weights(graph)
    order = reordered(graph, random_)
    names = renamed(order, random_)
    tensors = {
        f"{names[path]}.{name}": torch.from_numpy(weights[f"{path}.{name}"])
        for path in order
        for name in tensors_of(graph, weights, path)
    }
    if not tensors:
        return
    with TemporaryDirectory() as folder:
        torch.save(tensors, Path(folder, "net.pth"))
        check(graph, weights, Path(folder, "net.pth"))


@law
@given(random_specs(), st.integers(0, 999))
def test_safetensors_with_other_names(spec: RandomSpec, seed: int) -> None:
    graph, random_ = compiled(spec), random.Random(seed)
    weights = random_weights(graph)
    owners = [node.path for node in graph.nodes if node.parameters()]
    names = renamed(owners, random_)
    tensors = {
        f"{names[path]}.{name}": weights[f"{path}.{name}"]
        for path in owners
        for name in tensors_of(graph, weights, path)
    }
    if not tensors:
        return
    with TemporaryDirectory() as folder:
        save_file(tensors, Path(folder, "net.safetensors"))
        check(graph, weights, Path(folder, "net.safetensors"))


@law
@given(random_specs())
def test_models_without_names(spec: RandomSpec) -> None:
    graph = compiled(spec)
    weights = random_weights(graph)
    if not weights:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, "net.onnx")
        try:
            export(graph, weights, path, metadata={}, passes=())
        except ExportError:
            return
        _forget_names(path)
        try:
            check(graph, without_heads(graph, weights), path)
        except MisfitError:
            return


def without_heads(graph: Graph, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    names = {f"{node.owner}.{n}" for node in graph.inference_nodes() for n in node.tensors()}
    return {name: array for name, array in weights.items() if name in names}


def _forget_names(path: Path) -> None:
    """Calls all weights and nodes of a model by numbers."""
    model = onnx.load(path)
    new = {made.name: f"w{i}" for i, made in enumerate(model.graph.initializer)}
    for made in model.graph.initializer:
        made.name = new[made.name]
    for index, node in enumerate(model.graph.node):
        node.name = f"n{index}"
        node.input[:] = [new.get(name, name) for name in node.input]
    onnx.save(model, path)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "densenet121"])
def test_a_model_of_a_shipped_network_is_understood_without_names(
    name: str, tmp_path: Path
) -> None:
    spec, variant = {"resnet18": ("resnet", name), "densenet121": ("densenet", name)}.get(
        name, (name, None)
    )
    graph = checked(spec, variant, {"inputs.image": "[3, 64, 64]", "classes": "10"})[0].graph
    weights = random_weights(graph)
    export(graph, weights, tmp_path / "net.onnx", metadata={}, passes=())
    _forget_names(tmp_path / "net.onnx")
    assert check(graph, weights, tmp_path / "net.onnx")
