"""The sizes that a network with symbolic ones is tried at."""

from __future__ import annotations

import pytest
from execution import random_inputs, random_weights, run_torch

from archspec.backends.trial_sizes import NoSizesError, trial_sizes
from archspec.frontend import compile_text
from archspec.ir.graph import Graph


def _graph(inputs: str, *layers: str) -> Graph:
    text = f"name: net\ninputs: {{{inputs}}}\nlayers:\n" + "".join(f"- {line}\n" for line in layers)
    return compile_text(text, "net.yaml").graph


SKIP = "residual: [max_pool2d: 2, upsample: 2]"
NETWORKS = {
    "one name": _graph("x: [1, H, H]", "conv2d: {out_channels: 2, kernel_size: 3}"),
    "two names": _graph("x: [1, H, W]", "conv2d: {out_channels: 2, kernel_size: 3}"),
    "even sizes": _graph("x: [1, H, W]", SKIP),
    "large sizes": _graph("x: [1, H, W]", *["max_pool2d: 2"] * 6),
    "valid windows": _graph("x: [1, H, W]", "conv2d: {out_channels: 1, kernel_size: 77}"),
    "of two inputs": _graph("a: [4, S], b: [4, T]", "subtract: {from: [a, b]}"),
    "twice as long": _graph(
        "a: [1, S], b: [1, T]",
        "max_pool1d: {kernel_size: 2, from: a}",
        "subtract: {from: [max_pool1d, b]}",
    ),
    "a small vocabulary of places": _graph("x: [T, 4]", "position_embedding: {max_length: 9}"),
    "cropped": _graph("a: [1, H, W], b: [1, 50, 60]", "crop_like: {from: [a, b]}"),
    "reflected": _graph("x: [1, H, W]", "reflection_pad2d: {padding: 40}"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_torch_takes_both_sizes(name: str) -> None:
    graph = NETWORKS[name]
    found = trial_sizes(graph)
    first, second = found
    assert all(first[size] != second[size] for size in first)
    for sizes in found:
        run_torch(graph, random_weights(graph), random_inputs(graph, sizes | {"batch": 2}))


def test_sizes_differ_from_one_another_where_they_can() -> None:
    first, second = trial_sizes(NETWORKS["two names"])
    assert second["H"] != second["W"]
    assert first.keys() == second.keys() == {"H", "W"}
    first, second = trial_sizes(NETWORKS["even sizes"])
    assert all(size % 2 == 0 for size in (*first.values(), *second.values()))


def test_without_names_there_is_nothing_to_find() -> None:
    assert trial_sizes(_graph("x: [3, 8, 8]", "relu")) == [{}]


def test_a_network_that_takes_one_size_only_is_tried_at_that() -> None:
    graph = _graph("a: [1, H, 4], b: [1, 7, 4]", "subtract: {from: [a, b]}")
    assert trial_sizes(graph) == [{"H": 7}]


def test_sizes_that_are_not_found_are_asked_for() -> None:
    graph = _graph("a: [1, H, 4], b: [1, 9999, 4]", "subtract: {from: [a, b]}")
    with pytest.raises(NoSizesError, match="no sizes up to 4096 were found for H that net takes"):
        trial_sizes(graph)
