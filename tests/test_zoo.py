"""The shipped specs against the published architectures: totals, and layer by layer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from claims import REFERENCE, ZOO, Row, channels_first, claims
from shipped import checked

CLAIMS = claims("zoo")
each_key = pytest.mark.parametrize("key", CLAIMS)


def test_every_published_architecture_is_claimed() -> None:
    assert CLAIMS.keys() == ZOO.keys()


def layers_of(key: str) -> list[dict[str, Any]]:
    """Returns the layers that claim to equal a reference: without heads if it has none."""
    entry = CLAIMS[key]
    _, made = checked(entry.spec, entry.variant)
    layers: list[dict[str, Any]] = made["layers"]
    if f"{key}_aux" in ZOO:
        return [layer for layer in layers if not layer["training_only"]]
    return layers


def is_keras(key: str) -> bool:
    return bool(ZOO[key]["framework"] == "keras")


def tensors(layers: list[dict[str, Any]], *, measured: bool) -> Iterator[int]:
    """Yields the sizes of the tensors that are measured, or of those that are not."""
    for layer in layers:
        for name, shape in layer["tensors"].items():
            if name.startswith("running_") == measured:
                yield math.prod(shape)


@each_key
def test_weights_equal_the_reference(key: str) -> None:
    wanted, layers = ZOO[key]["params"], layers_of(key)
    weights, statistics = (list(tensors(layers, measured=m)) for m in (False, True))
    assert sum(weights) == sum(layer["params"] for layer in layers)
    if is_keras(key):
        assert sum(weights) == wanted["trainable"]
        assert sum(statistics) == wanted["non_trainable"]
        assert sum(weights) + sum(statistics) == wanted["total"]
        assert len(weights) == wanted["n_trainable_tensors"]
        assert len(statistics) == wanted["n_non_trainable_tensors"]
    else:
        assert sum(weights) == wanted["total"]
        assert sum(statistics) == wanted.get("bn_running_stats", 0)
        assert len(weights) == wanted.get("n_param_tensors", len(weights))


@each_key
def test_what_is_trained_and_what_is_frozen_equals_the_reference(key: str) -> None:
    entry, wanted = CLAIMS[key], ZOO[key]["params"]
    params = checked(entry.spec, entry.variant)[1]["params"]
    heads = params["auxiliary"] if f"{key}_aux" in ZOO else 0
    assert params["trainable"] - heads == wanted["trainable"]
    assert params["frozen"] == (0 if is_keras(key) else wanted["non_trainable"])
    assert params["statistics"] + params["frozen"] >= wanted["non_trainable"]


@each_key
def test_multiply_adds_equal_the_reference(key: str) -> None:
    entry, wanted = CLAIMS[key], ZOO[key]
    _, made = checked(entry.spec, entry.variant)
    training = made["macs"] + made["macs_auxiliary"]
    if "macs_training_graph" in wanted:
        assert training == wanted["macs_training_graph"]["conv_linear"]
        assert made["macs"] == wanted["macs"]["conv_linear"]
    else:
        has_heads = f"{key}_aux" not in ZOO
        assert (training if has_heads else made["macs"]) == wanted["macs"]["conv_linear"]


@each_key
def test_inputs_and_outputs_equal_the_reference(key: str) -> None:
    entry, wanted = CLAIMS[key], ZOO[key]
    compiled, made = checked(entry.spec, entry.variant)
    given = channels_first(wanted["input_shape"][1:], is_keras=is_keras(key))
    assert list(made["inputs"].values()) == [given]
    shapes = wanted.get("output_shape_training_graph", wanted["output_shape"])
    outputs = [shape[1:] for shape in (shapes if isinstance(shapes[0], list) else [shapes])]
    heads = [list(head.value.type.example) for head in compiled.graph.heads.values()]
    assert [*made["outputs"].values(), *heads][: len(outputs)] == outputs
    assert len(outputs) in (1, 1 + len(heads))


OPERATORS = {
    "conv": "conv", "conv2d": "conv", "conv2dsame": "conv", "depthwiseconv2d": "conv",
    "separableconv2d": "separable", "fc": "linear", "linear": "linear", "dense": "linear",
    "batchnorm2d": "norm", "batchnormact2d": "norm", "batchnormalization": "norm",
    "lrn": "lrn", "cat": "concat", "pool": "pool", "maxpool2d": "pool", "avgpool2d": "pool",
    "tanh": "tanh", "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid",
    "flatten": "flatten", "dropout": "dropout",
}  # fmt: skip
"""What stands for the layers of the references, by their types."""

OURS = {
    "conv2d": "conv", "depthwise_conv2d": "conv", "batch_norm": "norm", "concat": "concat",
    "local_response_norm": "lrn", "max_pool2d": "pool", "avg_pool2d": "pool",
}  # fmt: skip
"""What stands for our operators, if not their names."""

WEIGHTED = {"conv", "separable", "linear", "norm"}

WEIGHTED_ONLY = (
    "keras_",
    "torchvision_densenet",
    "torchvision_inception",
    "timm_inception",
    "timm_mobilenet",
    "timm_nasnet",
)
"""References of which only the layers with weights are compared: they apply some functions
outside of layers or inside others, or say them in another way (a zero padding and a pooling)."""

GLOBAL_POOL = "global_pool."
"""timm's global pooling is layers of its own, a flattening among them."""

UNORDERED = ("keras_ResNet", "keras_NASNet", "keras_Inception", "keras_Xception",
             "timm_nasnet", "timm_legacy_se")  # fmt: skip
"""References that list parallel branches in another order, Keras's by depth."""

TABLES = {path.stem: path for path in sorted((REFERENCE / "layers").glob("*.json"))}


def test_every_reference_but_one_has_a_table_of_layers() -> None:
    assert ZOO.keys() - TABLES.keys() == {"lenet5_original"}


@pytest.mark.parametrize("key", [key for key in CLAIMS if key in TABLES])
def test_layers_equal_the_reference(key: str) -> None:
    table = json.loads(TABLES[key].read_text(encoding="utf-8"))
    wanted = [
        _row(row, key)
        for row in table["rows"]
        if row[1].lower() in OPERATORS and not row[0].startswith(GLOBAL_POOL)
    ]
    if key.startswith(WEIGHTED_ONLY):
        wanted = [row for row in wanted if row.op in WEIGHTED]
    listed = {row.op for row in wanted}
    rows = [row for row in _rows(key) if row.op in listed]
    assert len(wanted) > len(WEIGHTED)
    assert (sorted(rows) == sorted(wanted)) if key.startswith(UNORDERED) else (rows == wanted)


def _row(row: tuple[str, str, list[Any], int, int], key: str) -> Row:
    """Returns a row of a reference table; Keras counts statistics as parameters."""
    _, kind, shape, params, macs = row
    op = OPERATORS[kind.lower()]
    one = shape[0 if ZOO[key]["framework"].startswith("by hand") else 1 :]
    if op == "norm" and is_keras(key):
        # A scale, if there is one, an offset, and the two statistics of each channel.
        params -= 2 * one[-1]
    return Row(op, channels_first(one, is_keras=is_keras(key)), params, macs)


def _rows(key: str) -> list[Row]:
    """Returns the rows of a spec; for Keras the two parts of a separable convolution are one."""
    rows: list[Row] = []
    for layer in layers_of(key):
        op = OURS.get(layer["op"], layer["op"])
        row = Row(op, layer["output_shapes"][0], layer["params"], layer["macs"])
        if is_keras(key) and layer["name"].endswith(".pointwise"):
            part = rows.pop()
            row = Row("separable", row.shape, part.params + row.params, part.macs + row.macs)
        rows.append(row)
    return rows


def test_every_layer_of_the_first_lenet_equals_the_reference() -> None:
    wanted = ZOO["lenet5_original"]["per_layer"]
    layers = {name.partition(" ")[0].lower(): row for name, row in wanted.items()}
    made = {name: [0, 0] for name in layers}
    for layer in layers_of("lenet5_original"):
        name = layer["name"].partition(".")[0]
        if layer["params"]:
            made[name][0] += layer["params"] if name != "output" else 0
            made[name][1] += layer["macs"]
    assert made == {k: [row["trainable_params"], row["macs"]] for k, row in layers.items()}
