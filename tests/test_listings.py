"""The shipped specs against the listings of the lecture notes, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from claims import LISTINGS, channels_first, claims
from shipped import checked

from archspec.ir.graph import Graph, Node
from archspec.ops.base.kernel import KernelOperator
from archspec.ops.base.pooling import Windowed

CLAIMS = claims("listings")
each_key = pytest.mark.parametrize("key", CLAIMS)


UNORDERED = ("Concatenate", "Functional")
"""Listings with one of these list parallel branches by depth."""


class Row(NamedTuple):
    """What is compared of a layer.

    Attributes:
        op: What Keras calls it.
        shape: Its output, channels first and without batch.
        params: Its weights and statistics.
        macs: Its multiply-adds.
        settings: Kernel, stride or rate, as far as the listing says them.
    """

    op: str
    shape: Sequence[int]
    params: int
    macs: int
    settings: str


def test_every_listing_is_claimed() -> None:
    assert CLAIMS.keys() == LISTINGS.keys()


@each_key
def test_totals_equal_the_listing(key: str) -> None:
    entry, wanted = CLAIMS[key], LISTINGS[key]
    _, made = checked(entry.spec, entry.variant)
    params, totals = made["params"], wanted["totals"]
    assert params["total_with_statistics"] == totals["total"]
    assert params["trainable"] == totals["trainable"]
    assert params["frozen"] + params["statistics"] == totals["non_trainable"]
    assert sum(len(layer["tensors"]) for layer in made["layers"]) == totals["n_weight_tensors"]
    (output,) = made["outputs"].values()
    is_torch = wanted["framework"] == "torch"
    assert output == channels_first(wanted["output_shape"][1:], is_keras=not is_torch)
    if wanted["macs_conv_linear"] is not None:
        assert made["macs"] == wanted["macs_conv_linear"]


KERAS = {
    "conv2d": "Conv2D", "linear": "Dense", "lstm": "LSTM", "batch_norm": "BatchNormalization",
    "max_pool2d": "MaxPooling2D", "avg_pool2d": "AveragePooling2D", "flatten": "Flatten",
    "dropout": "Dropout", "concat": "Concatenate", "add": "Add", "rescaling": "Rescaling",
    "random_flip": "RandomFlip", "random_rotation": "RandomRotation",
    "random_zoom": "RandomZoom", "relu": "relu", "sigmoid": "sigmoid", "softmax": "softmax",
}  # fmt: skip
"""What Keras calls our operators; an activation is what its layers have as a setting."""

TORCH = {"Conv2d": "Conv2D", "MaxPool2d": "MaxPooling2D", "Linear": "Dense"}
"""What Keras calls the modules of the one listing in PyTorch, which applies functions, too."""


@each_key
def test_layers_equal_the_listing(key: str) -> None:
    entry, listing = CLAIMS[key], LISTINGS[key]
    graph = checked(entry.spec, entry.variant)[0].graph
    layers = listing["layers"]
    kinds = {layer["type"] for layer in layers}
    if key == "004_resnet50_imagenet":
        # That is Keras's own network, of which the layers with weights are compared; what it
        # says with a zero padding or a final softmax is said in another way here.
        layers = [layer for layer in layers if layer["params"]]
        rows = [row for row in _rows(graph) if row.params]
        wanted = [row for layer in layers for row in _listed(layer) if row.params]
        assert sorted(rows) == sorted(wanted)
        return
    rows = _rows(graph, network="Functional" in kinds or "Sequential" in kinds)
    wanted = [row for layer in layers for row in _listed(layer)]
    if listing["framework"] == "torch":
        rows = [row._replace(settings="") for row in rows if row.op != "relu"]
    assert (sorted(rows) == sorted(wanted)) if kinds & {*UNORDERED} else (rows == wanted)


def _listed(layer: dict[str, Any]) -> Iterator[Row]:
    """Yields the row of a listing's layer, and one of its activation."""
    kind, params, macs = layer["type"], layer["params"], layer.get("macs", 0)
    if kind == "InputLayer":
        return
    shape = layer.get("output_shape_channels_first", [])[1:]
    shape = shape or channels_first(layer["output_shape"][1:], is_keras=True)
    settings = str(layer.get("rate", ""))
    if "kernel" in layer:
        settings = f"{layer['kernel']} by {layer['strides']}"
    if kind == "Dense" and len(shape) > 1:
        kind, settings = "Conv2D", "[1, 1] by [1, 1]"
    if kind in ("Functional", "Sequential"):
        kind = "network"
    if kind != "Activation":
        yield Row(TORCH.get(kind, kind), shape, params, macs, settings)
    if "activation" in layer and kind != "LSTM":
        yield Row(layer["activation"], shape, 0, 0, "")


def _rows(graph: Graph, *, network: bool = False) -> list[Row]:
    """Returns the rows of a spec; what is in a network that it uses first is one row."""
    rows = [_row(node) for node in graph.nodes]
    scope = graph.nodes[0].path.partition(".")[0]
    inside = sum(node.path.startswith(f"{scope}.") for node in graph.nodes)
    if not network or not inside:
        return rows
    params = sum(row.params for row in rows[:inside])
    return [Row("network", rows[inside - 1].shape, params, 0, ""), *rows[inside:]]


def _row(node: Node) -> Row:
    op, macs = node.op, node.macs()
    settings = str(getattr(op, "p", ""))
    if isinstance(op, KernelOperator | Windowed):
        settings = f"{[*op.kernel]} by {[*op.strides]}"
    return Row(
        KERAS.get(op.kind(), op.kind()),
        [size for size in node.output.type.example if isinstance(size, int)],
        node.facts.weights + node.facts.statistics,
        macs if isinstance(macs, int) else 0,
        settings,
    )
