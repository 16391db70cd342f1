"""The shipped specs against the reference: totals, and layer by layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from shipped import checked, each_variant

from archspec.analysis.summary import as_json
from archspec.frontend import compile_text

Row: TypeAlias = tuple[str, list[int], int, int]
"""What is compared of a layer: its operator, output shape, parameters and multiply-adds."""

REFERENCE = Path(__file__).parent / "reference"
ZOO: dict[str, Any] = json.loads((REFERENCE / "zoo.json").read_text(encoding="utf-8"))["models"]
LISTINGS: dict[str, Any] = json.loads((REFERENCE / "listings.json").read_text(encoding="utf-8"))[
    "listings"
]

SPECS: dict[str, tuple[str, str | None]] = {
    "googlenet_paper_aux": ("googlenet", None),
    "lenet5_common": ("lenet5", None),
    **{f"torchvision_resnet{n}": ("resnet", f"resnet{n}") for n in (18, 34, 50, 101, 152)},
    **{f"resnet{n}_v1_paper": ("resnet", f"resnet{n}_v1") for n in (50, 101, 152)},
    **{f"keras_ResNet{n}": ("resnet", f"resnet{n}_keras") for n in (50, 101, 152)},
    "torchvision_resnext50_32x4d": ("resnet", "resnext50_32x4d"),
    "torchvision_resnext101_32x8d": ("resnet", "resnext101_32x8d"),
    "timm_resnext101_32x4d": ("resnet", "resnext101_32x4d"),
    "timm_seresnet50": ("resnet", "se_resnet50"),
    "torchvision_mobilenet_v2": ("mobilenet_v2", None),
    "keras_MobileNetV2": ("mobilenet_v2", "keras"),
    **{f"torchvision_densenet{n}": ("densenet", f"densenet{n}") for n in (121, 169, 201)},
    **{f"keras_DenseNet{n}": ("densenet", f"densenet{n}_keras") for n in (121, 169, 201)},
    "keras_NASNetMobile": ("nasnet", "mobile"),
    "keras_NASNetLarge": ("nasnet", "large"),
    "timm_nasnetalarge": ("nasnet", "large_timm"),
}


@pytest.mark.parametrize("key", SPECS)
def test_totals_equal_the_reference(key: str) -> None:
    _, made = checked(*SPECS[key])
    wanted = ZOO[key]
    is_keras = wanted["framework"] == "keras"
    tensors, statistics = (
        ("n_trainable_tensors", "non_trainable")
        if is_keras
        else ("n_param_tensors", "bn_running_stats")
    )
    assert made["params"]["total"] == wanted["params"]["trainable"]
    assert made["params"]["trainable"] == wanted["params"]["trainable"]
    assert made["params"]["statistics"] == wanted["params"][statistics]
    assert made["macs"] + made["macs_auxiliary"] == wanted["macs"]["conv_linear"]
    weights = [
        name
        for layer in made["layers"]
        for name in layer["tensors"]
        if not name.startswith("running_")
    ]
    assert len(weights) == wanted["params"][tensors]
    assert list(made["inputs"].values()) == [_channels_first(wanted["input_shape"][1:], is_keras)]


def test_googlenet_without_its_heads_equals_the_reference() -> None:
    _, made = checked("googlenet")
    wanted = ZOO["googlenet_paper"]
    inference = [layer for layer in made["layers"] if not layer["training_only"]]
    assert made["params"]["total"] - made["params"]["auxiliary"] == wanted["params"]["total"]
    assert sum(layer["params"] for layer in inference) == wanted["params"]["total"]
    assert made["macs"] == wanted["macs"]["conv_linear"]
    assert sum(layer["macs"] for layer in inference) == wanted["macs"]["conv_linear"]


OPERATORS = {
    "conv": "conv2d", "conv2d": "conv2d", "conv2dsame": "conv2d", "depthwiseconv2d": "conv2d",
    "separableconv2d": "separable", "fc": "linear", "linear": "linear", "dense": "linear",
    "batchnorm2d": "batch_norm", "batchnormact2d": "batch_norm", "batchnormalization":
    "batch_norm", "lrn": "local_response_norm", "cat": "concat", "maxpool2d": "max_pool2d",
    "avgpool2d": "avg_pool2d", "tanh": "tanh", "relu": "relu", "relu6": "relu6",
    "sigmoid": "sigmoid", "flatten": "flatten",
}  # fmt: skip
WEIGHTED = {"conv2d", "separable", "linear", "batch_norm"}
WEIGHTED_ONLY = ("keras_", "torchvision_densenet", "timm_nasnetalarge")
"""References of which only the layers with weights are compared: they apply some functions
outside of layers, or say the others in another way (a zero padding and a pooling for one)."""
GLOBAL_POOL = "global_pool."
"""timm's global pooling is layers of its own, a flattening among them."""
UNORDERED = ("keras_ResNet", "keras_NASNet", "timm_nasnetalarge")
"""References that list parallel branches in another order, Keras's by depth."""


@pytest.mark.parametrize("key", SPECS)
def test_layers_equal_the_reference(key: str) -> None:
    table = json.loads((REFERENCE / "layers" / f"{key}.json").read_text(encoding="utf-8"))
    is_keras = ZOO[key]["framework"] == "keras"
    wanted = [
        _row(row, key, is_keras=is_keras)
        for row in table["rows"]
        if row[1].lower() in OPERATORS and not row[0].startswith(GLOBAL_POOL)
    ]
    if key.startswith(WEIGHTED_ONLY):
        wanted = [row for row in wanted if row[0] in WEIGHTED]
    listed = {kind for kind, *_ in wanted}
    rows = [row for row in _rows(key, separables=is_keras) if row[0] in listed]
    assert len(wanted) > len(WEIGHTED)
    assert (sorted(rows) == sorted(wanted)) if key.startswith(UNORDERED) else (rows == wanted)


def _row(row: tuple[str, str, list[Any], int, int], key: str, *, is_keras: bool) -> Row:
    """Returns a row of a reference table; Keras counts statistics as parameters."""
    _, kind, shape, params, macs = row
    op = OPERATORS[kind.lower()]
    batch = 0 if ZOO[key]["framework"].startswith("by hand") else 1
    learnt = params // 2 if is_keras and op == "batch_norm" else params
    return op, _channels_first(shape[batch:], is_keras), learnt, macs


def _rows(key: str, *, separables: bool) -> list[Row]:
    """Returns the rows of a spec; `separables` makes one of a separable convolution's two."""
    _, made = checked(*SPECS[key])
    rows: list[Row] = []
    for layer in made["layers"]:
        kind = layer["op"].replace("depthwise_", "")
        row = (kind, layer["output_shapes"][0], layer["params"], layer["macs"])
        if separables and layer["name"].endswith(".pointwise"):
            _, _, params, macs = rows.pop()
            row = ("separable", row[1], params + row[2], macs + row[3])
        rows.append(row)
    return rows


def _channels_first(shape: list[int], is_keras: bool) -> list[int]:
    return [shape[-1], *shape[:-1]] if is_keras else shape


def test_iris_equals_the_notes_listing() -> None:
    _, made = checked("iris")
    wanted = LISTINGS["004_iris_50_30_3"]
    assert made["params"]["total"] == wanted["totals"]["total"]
    assert made["macs"] == wanted["macs_conv_linear"]
    dense = [layer for layer in made["layers"] if layer["op"] == "linear"]
    assert [layer["params"] for layer in dense] == [row["params"] for row in wanted["layers"]]
    activations = [layer["op"] for layer in made["layers"] if layer["op"] != "linear"]
    assert activations == [row["activation"] for row in wanted["layers"]]


def test_lstm_equals_the_notes_listing() -> None:
    _, made = checked("lstm")
    wanted = LISTINGS["001_lstm"]
    assert made["params"]["total"] == wanted["totals"]["total"]
    assert [layer["params"] for layer in made["layers"]] == [r["params"] for r in wanted["layers"]]
    tensors = sum(len(layer["tensors"]) for layer in made["layers"])
    assert tensors == wanted["totals"]["n_weight_tensors"]
    assert made["layers"][-1]["macs"] == wanted["layers"][-1]["macs"]


def test_unet_is_figure_1_of_its_paper() -> None:
    heights = [570, 568, 282, 280, 138, 136, 66, 64, 30, 28, 56, 54, 52, 104, 102, 100, 200, 198,
               196, 392, 390, 388, 388]  # fmt: skip
    channels = [64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, *[512] * 3, *[256] * 3,
                *[128] * 3, *[64] * 3, 2]  # fmt: skip
    kernels = [9] * 10 + [4, 9, 9] * 4 + [1]
    # A copy of the encoder's map beside the decoder's doubles what is convolved next.
    read = [1, *(n * (1 + (kernel == 4)) for n, kernel in zip(channels, kernels, strict=True))]
    params = [
        made * (kernel * given + 1)
        for made, kernel, given in zip(channels, kernels, read, strict=False)
    ]
    _, made = checked("unet")
    layers = [layer for layer in made["layers"] if layer["params"]]
    shapes = [[n, height, height] for n, height in zip(channels, heights, strict=True)]
    assert [layer["output_shapes"][0] for layer in layers] == shapes
    assert [layer["params"] for layer in layers] == params
    assert sum(params) == made["params"]["total"] == 31_030_658


def test_the_siamese_tower_is_the_one_of_its_paper_and_counted_once() -> None:
    convolutions = [(64, 10, 1), (128, 7, 64), (128, 4, 128), (256, 4, 128)]
    tower = [made * (size * size * given + 1) for made, size, given in convolutions]
    tower.append((256 * 6 * 6 + 1) * 4096)
    _, made = checked("siamese")
    assert [layer["params"] for layer in made["layers"] if layer["params"]] == [*tower, 4097]
    assert (
        made["macs"]
        == 2 * sum(layer["macs"] for layer in made["layers"] if layer["name"].startswith("tower."))
        + 4096
    )


@each_variant
def test_a_resolved_spec_is_a_spec_of_the_same_network(name: str, variant: str | None) -> None:
    compiled, made = checked(name, variant)
    again = compile_text(compiled.resolved, "resolved.yaml")
    other = as_json(again.graph, (), ok=True, file=name)
    assert [strip(layer) for layer in made["layers"]] == [strip(x) for x in other["layers"]]
    assert made["outputs"] == other["outputs"]
    assert again.resolved == compiled.resolved


def strip(layer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in layer.items() if key not in ("file", "line")}


@each_variant
def test_the_table_adds_up(name: str, variant: str | None) -> None:
    fixed = {"inputs.series": "[7, 1]"} if name == "lstm" else {}
    _, made = checked(name, variant, fixed)
    assert sum(layer["params"] for layer in made["layers"]) == made["params"]["total"]
    assert sum(layer["macs"] for layer in made["layers"]) == made["macs"] + made["macs_auxiliary"]
    paths = [layer["name"] for layer in made["layers"]]
    assert len(set(paths)) == len(paths)
    scopes = {path.rpartition(".")[0] for path in paths}
    assert not scopes & set(paths), "a path is both a scope and a leaf"
